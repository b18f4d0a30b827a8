import type { Config, EnvironmentConfig } from "#lib/contracts/config.ts";
import type { Database } from "#lib/db/client.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import type { EnvironmentView } from "#lib/ports/environment-view.ts";
import type { Outside } from "#lib/ports/outside.ts";
import type { Log } from "#lib/ports/runtime.ts";
import type { Journal } from "#lib/worker/operations/journal.ts";
import type { ClaimKeeper } from "#lib/worker/operations/lease.ts";

/** What the steps of one claimed operation work with. */
export interface Run {
  db: Database;
  config: Config;
  log: Log;
  keeper: ClaimKeeper;
  journal: Journal;
  environment: EnvironmentConfig;
  cluster: ClusterApi;
  view: EnvironmentView;
  /** What gates may ask of the world. */
  outside: Outside;
  /** Asks whether whoever wanted this may still do it; throws StepFailed with the sentence, and writes an entry, when not. Stands before every write forward. */
  permitted(): Promise<void>;
  /** The same text at every repetition, so that a repeated restart is no second one. */
  restartMark: string;
}
