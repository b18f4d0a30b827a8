import type { Config, EnvironmentConfig } from "#lib/contracts/config.ts";
import type { PlanRequest } from "#lib/contracts/operation.ts";
import { inColours, serviceSelector } from "#lib/domain/plan-colour.ts";
import type { PlanParts } from "#lib/services/plan/build.ts";

export function strategyOf(config: Config, environment: string): EnvironmentConfig["policy"]["strategy"] {
  return config.environments.find((candidate) => candidate.name === environment)?.policy.strategy ?? { kind: "rolling" };
}

/** The parts of a plan as the environment's strategy carries them out. Under blue-green whatever brings another template goes to the idle colour, behind the gate "service-selector". */
export function inStrategy(config: Config, request: PlanRequest, parts: PlanParts): PlanParts {
  const strategy = strategyOf(config, parts.target.name);
  if (strategy.kind !== "blue-green" || request.kind === "restart" || request.kind === "scale" || request.kind === "isolate" || request.kind === "lift-isolation") return parts;
  const bigPods = parts.draft.changes.map((change) => change.bigPod);
  return { ...parts, draft: inColours(parts.draft, parts.target, strategy), gates: [...parts.gates, serviceSelector(parts.target, bigPods)] };
}
