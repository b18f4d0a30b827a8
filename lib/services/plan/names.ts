import type { Config, EnvironmentConfig } from "#lib/contracts/config.ts";
import { VigieError } from "#lib/domain/error.ts";

/** The environment of that name. Throws VigieError "not-found" with the names that exist. */
export function requireEnvironment(config: Config, name: string): EnvironmentConfig {
  const found = config.environments.find((environment) => environment.name === name);
  if (found !== undefined) return found;
  const names = config.environments.map((environment) => environment.name);
  throw new VigieError("not-found", `There is no environment "${name}". Choose one of ${names.join(", ")}.`, { detail: { environment: name } });
}

/** The chosen Big Pods in the configuration's order; all of them when none were chosen. Throws VigieError "not-found" for unknown ones. */
export function chosenBigPods(config: Config, chosen: readonly string[] | undefined): { chosen: string[]; all: string[] } {
  const all = config.bigPods.map((bigPod) => bigPod.name);
  if (chosen === undefined) return { chosen: all, all };
  const unknown = chosen.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new VigieError("not-found", `There is no Big Pod "${unknown.join('", "')}". Choose from ${all.join(", ")}.`, { detail: { bigPods: unknown } });
  return { chosen: all.filter((name) => chosen.includes(name)), all };
}
