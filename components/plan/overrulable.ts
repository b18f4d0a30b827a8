import type { GateName, GateResult } from "#lib/contracts/operation.ts";

/** Policy gates, which break-glass lets an operation pass. What keeps it from doing harm blindly is none of them. */
const policyGates: ReadonlySet<GateName> = new Set<GateName>(["soak", "no-incident", "window", "freeze", "approvals", "metric", "smoke", "parity", "source-healthy"]);

export function isOverrulable(gate: Pick<GateResult, "name">): boolean {
  return policyGates.has(gate.name);
}

/** Gates that hold a plan back now: not passed, and not overruled. */
export function holding(gates: readonly GateResult[]): GateResult[] {
  return gates.filter((gate) => gate.phase === "before" && gate.verdict !== "pass" && !gate.overruled);
}
