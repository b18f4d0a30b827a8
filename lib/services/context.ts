import type { Config } from "#lib/contracts/config.ts";
import type { Database } from "#lib/db/client.ts";
import type { Checkpoints } from "#lib/ports/checkpoints.ts";
import type { Notify } from "#lib/ports/notify.ts";
import type { Outside } from "#lib/ports/outside.ts";
import type { RegistryApi } from "#lib/ports/registry.ts";
import type { RunbookFiles } from "#lib/ports/runbook-files.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";

/** What every service is handed. Built once per process by lib/runtime/wiring. */
export interface ServiceContext {
  db: Database;
  config: Config;
  clock: Clock;
  log: Log;
  registry: RegistryApi;
  /** What gates may ask of the world, reading only. */
  outside: Outside;
  /** Channels to people outside; only the worker sends. */
  notify?: Notify;
  /** What checkpoints of the audit log are signed with, and where they go; only the worker has it. */
  checkpoints?: Checkpoints;
  /** The folder of runbooks; none without one. */
  runbooks?: RunbookFiles;
}
