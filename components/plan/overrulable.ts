import type { GateName, GateResult, Plan } from "#lib/contracts/operation.ts";

/** Policy gates, which break-glass lets an operation pass. What keeps it from doing harm blindly is none of them. */
const policyGates: ReadonlySet<GateName> = new Set<GateName>(["soak", "no-incident", "window", "freeze", "approvals", "metric", "smoke", "parity", "source-healthy"]);

export function isOverrulable(gate: Pick<GateResult, "name">): boolean {
  return policyGates.has(gate.name);
}

const waitedFor: Record<Plan["start"]["waits"][number]["for"], GateName> = { approvals: "approvals", window: "window", turn: "nothing-else-runs" };

/** Gates that do not pass now and that the plan waits for. */
export function mendedByWaiting(start: Plan["start"]): ReadonlySet<GateName> {
  return new Set(start.how === "waits" ? start.waits.map((wait) => waitedFor[wait.for]) : []);
}

/** Gates that hold a plan back now: not passed, and not overruled. */
export function holding(gates: readonly GateResult[]): GateResult[] {
  return gates.filter((gate) => gate.phase === "before" && gate.verdict !== "pass" && !gate.overruled);
}
