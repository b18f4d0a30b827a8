import type { GateResult } from "#lib/contracts/operation.ts";
import { gate } from "#lib/domain/gate.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";

/** A release that had to be returned is promoted by nobody until its quarantine is lifted. Never overruled. `release` null: what the source runs is no recorded release. */
export function notQuarantined(target: EnvironmentFacts, release: { number: number; imagesHash: string } | null, active: readonly { release: number; imagesHash: string; reason: string; operationId: string | null; at: Date }[]): GateResult {
  if (release === null) return gate("not-quarantined", "pass", "the source runs no recorded release as a whole, so none that is in quarantine", target.now);
  const found = active.find((entry) => entry.release === release.number || entry.imagesHash === release.imagesHash);
  if (found === undefined) return gate("not-quarantined", "pass", `R-${release.number} is not in quarantine in ${target.name}`, target.now);
  const by = found.operationId === null ? "" : ` (operation ${found.operationId})`;
  return gate("not-quarantined", "fail", `R-${found.release} is in quarantine in ${target.name} since ${found.at.toISOString()}: ${found.reason.replace(/[.]$/, "")}${by}. Lift the quarantine with a reason, or promote another release`, target.now);
}
