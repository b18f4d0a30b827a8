import type { Config } from "#lib/contracts/config.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { PanelPlace } from "#lib/domain/grafana-panel.ts";
import { noSuchEnvironment } from "#lib/services/authorise.ts";

/** Where a Big Pod runs in an environment. Throws VigieError "not-found". */
export function placeOf(config: Pick<Config, "environments" | "bigPods">, { environment, bigPod }: { environment: string; bigPod: string }): PanelPlace {
  const found = config.environments.find(({ name }) => name === environment);
  if (found === undefined) throw noSuchEnvironment(environment);
  if (!config.bigPods.some(({ name }) => name === bigPod)) throw new VigieError("not-found", `There is no Big Pod "${bigPod}" in an environment "${environment}".`);
  return { environment, namespace: found.namespace, bigPod };
}
