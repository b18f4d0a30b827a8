import { join, resolve } from "node:path";
import { createAlertmanagerByEnvironment } from "#lib/adapters/alertmanager/by-environment.ts";
import { createRunbookFolder } from "#lib/adapters/files/runbook-folder.ts";
import { createConfiguredPlaces } from "#lib/adapters/checkpoints/configured.ts";
import { createChannels } from "#lib/adapters/notify/channels.ts";
import { createConfiguredGrafana } from "#lib/adapters/grafana/configured.ts";
import { createGithub } from "#lib/adapters/github/github.ts";
import { createRegistry } from "#lib/adapters/registry/registry.ts";
import { createDatabase } from "#lib/db/client.ts";
import { VigieError } from "#lib/domain/error.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import type { Clusters } from "#lib/adapters/kubernetes/clusters.ts";
import type { Checkpoints } from "#lib/ports/checkpoints.ts";
import type { Log } from "#lib/ports/runtime.ts";
import type { SourceApi } from "#lib/ports/source.ts";
import { loadConfig } from "#lib/runtime/config.ts";
import type { LoadedConfig } from "#lib/runtime/config.ts";
import { checkpointOrigin } from "#lib/domain/checkpoint-places.ts";
import { createSigner } from "#lib/domain/checkpoint.ts";
import { checkpointKey } from "#lib/runtime/checkpoint-key.ts";
import { home, root } from "#lib/runtime/home.ts";
import { createPrometheusByEnvironment } from "#lib/adapters/prometheus/by-environment.ts";
import { createOutside } from "#lib/runtime/outside.ts";
import { createLog } from "#lib/runtime/log.ts";
import { portalSecret, rememberEnvironment, resolveSecret } from "#lib/runtime/secret.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** What one process (worker or web) runs on. */
export interface Runtime extends LoadedConfig {
  context: ServiceContext;
  databaseUrl: string;
  log: Log;
  secret: string;
  /** Value of an `env:` or `file:` reference of the configuration. */
  secretOf(reference: string): string;
  /** The clusters of the configuration, opened once at the first call. */
  clusters(): Promise<Clusters>;
}

/** Reads the environment and the configuration and connects the parts. Throws VigieError "invalid" with what to mend. */
export function createRuntime(part: "worker" | "web"): Runtime {
  const databaseUrl = process.env.DATABASE_URL;
  if (databaseUrl === undefined || databaseUrl === "") throw new VigieError("invalid", "DATABASE_URL is not set. `npm start` sets it for the embedded PostgreSQL; alone, this process needs it.");
  rememberEnvironment(process.env);
  const loaded = loadConfig(process.env.VIGIE_CONFIG ?? join(root, "vigie.yaml"));
  const log = createLog(part);
  const secretOf = (reference: string): string => resolveSecret(reference, loaded.folder);
  const registry = createRegistry({ registries: loaded.config.registries, resolveSecret: secretOf, log });
  const db = createDatabase(databaseUrl, { poolSize: part === "web" ? 10 : 8 });
  let opened: Promise<Clusters> | undefined;
  /** The client library is loaded at the first call: a web process that shows no log and asks no pod never pays for it. */
  const clusters = (): Promise<Clusters> => {
    opened ??= import("#lib/adapters/kubernetes/clusters.ts").then(({ createClusters }) => createClusters(loaded.config, loaded.folder, log));
    // A kubeconfig that cannot be read now may be there later.
    opened.catch(() => (opened = undefined));
    return opened;
  };
  const outside = createOutside({ config: loaded.config, clusterOf: async (environment) => (await clusters()).forEnvironment(environment), metricsOf: createPrometheusByEnvironment(loaded.config, secretOf), alertsOf: createAlertmanagerByEnvironment(loaded.config, secretOf), grafana: createConfiguredGrafana(loaded.config, secretOf), source: sourceOf(loaded.config, secretOf) });
  const { folder } = loaded.config.runbooks;
  const checkpoints = part === "worker" ? { checkpoints: checkpointsOf(loaded, secretOf) } : {};
  const telling = { notify: createChannels(loaded.config, secretOf), ...(folder === undefined ? {} : { runbooks: createRunbookFolder(resolve(loaded.folder, folder)) }) };
  return { ...loaded, databaseUrl, log, secret: portalSecret(), secretOf, clusters, context: { db, config: loaded.config, clock: systemClock, log, registry, outside, ...telling, ...checkpoints } };
}

function checkpointsOf({ config, folder }: LoadedConfig, secretOf: (reference: string) => string): Checkpoints {
  return { origin: checkpointOrigin(config), signer: createSigner(checkpointKey(config.audit.checkpoints.key, secretOf)), places: createConfiguredPlaces(config, { folder, home: home(), secretOf }) };
}

function sourceOf(config: LoadedConfig["config"], secretOf: (reference: string) => string): () => SourceApi | null {
  const source = config.github === undefined ? null : createGithub({ config: config.github, readSecret: secretOf, now: systemClock.now });
  return () => source;
}

/** Route handlers, server actions and instrumentation are separate module instances in Next: only globalThis is shared. */
const shared = globalThis as typeof globalThis & { vigieRuntime?: Runtime };

/** The web process's runtime, made at the first call. */
export function getRuntime(): Runtime {
  shared.vigieRuntime ??= createRuntime("web");
  return shared.vigieRuntime;
}

/** The clusters of the configuration, shared by everything in this process. */
export function openClusters(runtime: Runtime): Promise<Clusters> {
  return runtime.clusters();
}
