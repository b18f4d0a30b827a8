import type { EnvironmentPolicy } from "#lib/contracts/config.ts";
import type { GateResult } from "#lib/contracts/operation.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { gateFromFindings, listed } from "#lib/domain/gate.ts";
import { brokenGraceMs } from "#lib/domain/operation-rollout.ts";

/** Whether an operation of this policy bakes: after its rollout, gates are asked until its time is over. */
export function bakes(policy: Pick<EnvironmentPolicy, "bakeMinutes" | "gates">): boolean {
  return policy.bakeMinutes > 0 || policy.gates.after.length > 0;
}

/** Every service of what was changed is up. A break that has only just begun is not yet one; what cannot be seen is nothing. */
export function everythingUp(environment: string, seen: readonly { bigPod: string; fresh: boolean; state: BigPodState | undefined; brokenForMs: number }[], at: Date): GateResult {
  const bigPods = seen.map(({ bigPod }) => bigPod);
  const findings = seen.map(({ bigPod, fresh, state, brokenForMs }): { verdict: GateResult["verdict"]; sentence: string } => {
    if (!fresh || state === undefined) return { verdict: "inconclusive", sentence: `${bigPod} cannot be seen right now` };
    const cause = state.cause ?? state.status;
    if (state.status === "broken") return { verdict: brokenForMs >= brokenGraceMs ? "fail" : "inconclusive", sentence: `${bigPod} is broken: ${cause}` };
    if (state.status === "healthy") return { verdict: "pass", sentence: bigPod };
    if (state.status === "warning" && state.services.length > 0 && state.services.every((service) => service.status === "up")) return { verdict: "pass", sentence: bigPod };
    return { verdict: "inconclusive", sentence: `${bigPod}: ${cause}` };
  });
  return gateFromFindings("rollout", findings, `${listed(bigPods)}: every service is up`, at, { phase: "after", rule: `every service of ${listed(bigPods)} in ${environment} is up` });
}

export type BakeVerdict = { kind: "failed" | "done"; text: string } | { kind: "waiting"; text: string };

/** What gates that are not pass may still become one, once the time of the bake is over: an answer that is late, an alert that is only about to fire. */
export const bakeGraceMs = 60_000;

/**
 * Where a bake stands. A gate that fails ends it at once. When its time is over, and everything was asked often enough, all gates must pass;
 * one that says nothing then gets a minute more, and fails the bake after it.
 */
export function bakeVerdict(gates: readonly GateResult[], { elapsedMs, bakeMs, askedEnough }: { elapsedMs: number; bakeMs: number; askedEnough: boolean }): BakeVerdict {
  const failed = gates.filter((gate) => gate.verdict === "fail");
  const say = (some: readonly GateResult[]): string => some.map((gate) => `${gate.title}: ${gate.verdict}, ${gate.evidence}`).join("; ");
  if (failed.length > 0) return { kind: "failed", text: say(failed) };
  const mute = gates.filter((gate) => gate.verdict !== "pass");
  const over = elapsedMs >= bakeMs && askedEnough;
  if (over && mute.length === 0) return { kind: "done", text: gates.map((gate) => gate.title).join("; ") };
  if (elapsedMs >= bakeMs + bakeGraceMs && mute.length > 0 && askedEnough) return { kind: "failed", text: `no data does not pass: ${say(mute)}` };
  if (mute.length > 0) return { kind: "waiting", text: say(mute) };
  return { kind: "waiting", text: over ? "all pass" : "all pass so far" };
}
