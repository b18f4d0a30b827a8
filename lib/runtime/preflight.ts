import { createClusters } from "#lib/adapters/kubernetes/clusters.ts";
import type { Config } from "#lib/contracts/config.ts";
import { VigieError, isVigieError } from "#lib/domain/error.ts";
import { loadConfig } from "#lib/runtime/config.ts";
import type { LoadedConfig } from "#lib/runtime/config.ts";
import { createLog } from "#lib/runtime/log.ts";
import { checkPortal } from "#lib/runtime/portal-url.ts";
import { givenPortalSecret, resolveSecret } from "#lib/runtime/secret.ts";

/** The configuration that VIGIE_CONFIG names, or vigie.yaml in `folder`. */
export function configPath(folder: string): string {
  return process.env.VIGIE_CONFIG ?? `${folder}/vigie.yaml`;
}

/**
 * Everything that can be known to be wrong before anything is built, started or written: the file itself, the kubeconfigs and certificates it
 * names, the secrets it refers to, and whether sign-in would be safe where the portal listens. No cluster is asked.
 * Throws VigieError "invalid" with a line per mistake.
 */
export function preflight(file: string, part: "worker" | "web" | "all"): LoadedConfig {
  const loaded = loadConfig(file);
  const { config, folder } = loaded;
  const checks: (() => unknown)[] = [() => createClusters(config, folder, createLog("start")).close()];
  for (const reference of secretReferences(config, part)) checks.push(() => resolveSecret(reference, folder));
  if (part !== "worker") checks.push(() => checkPortal(config));
  checks.push(givenPortalSecret);
  const mistakes = checks.flatMap((check): string[] => {
    try {
      check();
      return [];
    } catch (error) {
      if (!isVigieError(error)) throw error;
      return error.message.split("\n");
    }
  });
  const [only, ...more] = [...new Set(mistakes)];
  if (only !== undefined) throw new VigieError("invalid", more.length === 0 ? `${loaded.file}: ${only}` : `${loaded.file} cannot be used, and nothing was started:\n${[only, ...more].map((mistake) => `  ${mistake.trim()}`).join("\n")}`, { detail: { mistakes } });
  return loaded;
}

/** References of the secrets that a part needs: registries are asked by both, sign-in is the web process's. */
function secretReferences(config: Config, part: "worker" | "web" | "all"): string[] {
  const registries = config.registries.flatMap((registry) => registry.password ?? []);
  const { key, places } = config.audit.checkpoints;
  const checkpoints = [...(key === undefined ? [] : [key]), ...places.flatMap((place) => (place.kind === "s3" ? [place.accessKeyId, place.secretAccessKey] : place.kind === "webhook" ? [place.secret] : []))];
  const ofWorker = part === "web" ? registries : [...registries, ...checkpoints];
  return part === "worker" ? ofWorker : [...ofWorker, ...config.access.providers.map((provider) => provider.clientSecret)];
}
