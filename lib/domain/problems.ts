import type { Change, Evidence, SourceState } from "#lib/contracts/state.ts";
import { sourceSentence } from "#lib/domain/fold-blind.ts";
import { surroundingKinds } from "#lib/domain/fold-order.ts";
import type { FindingKind } from "#lib/domain/fold-order.ts";
import { isFresh } from "#lib/domain/freshness.ts";
import type { DisplayedState } from "#lib/domain/freshness.ts";
import { isolatedWords } from "#lib/domain/plan-isolation.ts";
import { healthStatuses } from "#lib/domain/status.ts";
import type { HealthStatus } from "#lib/domain/status.ts";

/** Which button helps, or the sentence of what a person must do where no button can. */
export type Remedy =
  | { kind: "rollback"; environment: string; bigPod: string; why: string }
  | { kind: "restart"; environment: string; bigPod: string; why: string }
  | { kind: "scale"; environment: string; bigPod: string; why: string }
  | { kind: "lift-isolation"; environment: string; bigPod: string; why: string }
  | { kind: "by-hand"; why: string };

export interface Problem {
  /** Stable while the problem lasts: "prod/experience", "source/…". */
  id: string;
  environment: string | null;
  bigPod: string | null;
  status: HealthStatus;
  cause: string;
  since: string;
  evidence: Evidence[];
  remedy: Remedy;
  /** What would help, in one sentence, by the rule that found the cause; null where no rule did. */
  help?: string | null;
}

/** What would help, where that is not what the remedy says already. */
export function helpBeside({ help, remedy }: Pick<Problem, "help" | "remedy">): string | null {
  const words = (text: string): string => text.replace(/\.$/, "");
  return help === null || help === undefined || words(help) === words(remedy.why) ? null : `${words(help)}.`;
}

/** Causes that no button of ours mends: the cluster, or what lies around the workload, has to be seen to. */
const byHand: ReadonlySet<string> = new Set<FindingKind>(["node-lost", "unschedulable", "quota", "replica-failure", "claim", "sandbox", "evicted", "controller", "disagreement", "process-unknown", ...surroundingKinds] as FindingKind[]);

const recentChangeMs = 24 * 3_600_000;
const problematic: readonly HealthStatus[] = ["broken", "warning", "paused", "stale", "unknown"];

function remedyFor(state: DisplayedState, changes: readonly Change[], now: Date): Remedy {
  const { environment, bigPod } = state;
  if (state.stale) return { kind: "by-hand", why: `Look at the source: ${state.stale.why}` };
  if (state.workload === null) return { kind: "by-hand", why: state.cause ?? "Create the workload" };
  if (state.isolation != null) return { kind: "lift-isolation", environment, bigPod, why: isolatedWords(state.isolation) };
  if (state.status === "paused") return state.replicas.desired === 0 ? { kind: "scale", environment, bigPod, why: "It is scaled to 0" } : { kind: "by-hand", why: `kubectl rollout resume deployment/${state.workload.name}` };
  if (state.remedy && byHand.has(state.causeKind ?? "")) return { kind: "by-hand", why: state.remedy.replace(/\.$/, "") };
  if (state.cause !== null && /waits for a node|cannot get its pods/.test(state.cause)) return { kind: "by-hand", why: "The cluster has no room for it: free or add a node, or ask for less" };
  if (state.rollout !== null) return { kind: "rollback", environment, bigPod, why: "It broke while rolling out" };
  const before = changes.filter((c) => c.environment === environment && (c.bigPod === bigPod || c.bigPod === null) && (c.kind === "rollout" || c.kind === "config" || c.kind === "release") && now.getTime() - Date.parse(c.at) < recentChangeMs && c.at <= new Date(Date.parse(state.since) + 60_000).toISOString());
  // Its own rollout says more than that the environment's release has another number.
  const changed = before.find((c) => c.bigPod === bigPod) ?? before[0];
  if (changed) return { kind: "rollback", environment, bigPod, why: `It changed before it broke: ${changed.summary}` };
  if (state.cause !== null && /cannot be pulled|cannot be started/.test(state.cause)) return { kind: "rollback", environment, bigPod, why: "What it asks for is not there; an earlier release is" };
  return { kind: "restart", environment, bigPod, why: "Nothing changed before it broke" };
}

/**
 * Everything that is wrong, worst first; of equal ones production first (the last environment), then the oldest. Sources that are silent without a tile
 * resting on them as required are listed too, as unknown.
 */
export function problems(environments: readonly string[], states: readonly DisplayedState[], sources: readonly SourceState[], changes: readonly Change[], now: Date): Problem[] {
  const found = states
    .filter((state) => problematic.includes(state.status))
    .map((state): Problem => ({ id: `${state.environment}/${state.bigPod}`, environment: state.environment, bigPod: state.bigPod, status: state.status, cause: state.cause ?? state.status, since: state.stale?.since ?? state.since, evidence: state.evidence, remedy: remedyFor(state, changes, now), help: state.stale ? null : (state.remedy ?? null) }));
  const silent = sources
    .filter((source) => !isFresh(source, now) && source.status !== "unsupported" && source.status !== "connecting" && !(source.dispensable === true && source.status === "forbidden"))
    .map((source): Problem => ({ id: `source/${source.key}`, environment: source.environment, bigPod: null, status: source.required ? "stale" : "unknown", cause: sourceSentence(source), since: source.since, evidence: [], remedy: { kind: "by-hand", why: source.status === "forbidden" ? "Give Vigie's account the right to read it" : "Look at the source itself" }, help: null }));
  const order = (p: Problem): number => healthStatuses.indexOf(p.status) * 100 - (p.environment === null ? -1 : environments.indexOf(p.environment));
  return [...found, ...silent].sort((a, b) => order(a) - order(b) || (a.since < b.since ? -1 : 1));
}
