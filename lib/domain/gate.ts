import type { GateResult } from "#lib/contracts/operation.ts";
import { visibility } from "#lib/domain/plan-facts.ts";
import type { ActiveOperation, EnvironmentFacts } from "#lib/domain/plan-facts.ts";
import { preempts, spreadWords } from "#lib/domain/queue.ts";

/** The gates of a plan. Each answers from facts; what cannot be known is `inconclusive` or `error`, never `pass`. */

type Verdict = GateResult["verdict"];

const titles: Record<GateResult["name"], string> = {
  "source-healthy": "The source is healthy",
  "images-present": "The images exist for the nodes",
  "containers-match": "The containers match",
  "nothing-else-runs": "Nothing else changes the target",
  "target-visible": "The target can be seen",
  "something-changes": "Something changes",
  soak: "The source has been healthy long enough",
  parity: "The target has the configuration the source has",
  "no-incident": "No incident in the target",
  "not-quarantined": "The release is not in quarantine",
  reversible: "There is a way back",
  window: "A window is open",
  freeze: "No freeze holds",
  approvals: "It is approved",
  smoke: "Smoke checks",
  metric: "Metric",
  rollout: "Everything is up",
  "no-new-alert": "No new alert",
  "service-selector": "The Services are as Vigie left them",
  "not-isolated": "It is not isolated",
};

/** What a configured gate shows besides: its own title, and the rule or query as it was asked. */
export interface GateExtras {
  title?: string;
  rule?: string;
  phase?: GateResult["phase"];
}

export function gate(name: GateResult["name"], verdict: Verdict, evidence: string, at: Date, { title, rule, phase }: GateExtras = {}): GateResult {
  return { name, phase: phase ?? "before", title: title ?? titles[name], verdict, evidence, rule: rule ?? null, overruled: false, at: at.toISOString() };
}

const verdictOrder: readonly Verdict[] = ["fail", "error", "inconclusive", "pass"];

/** One gate out of several findings: the worst verdict, with the sentences that led to it. No findings at all never pass. */
export function gateFromFindings(name: GateResult["name"], findings: readonly { verdict: Verdict; sentence: string }[], passed: string, at: Date, extras: GateExtras = {}): GateResult {
  if (findings.length === 0) return gate(name, "inconclusive", "there was nothing to look at", at, extras);
  const worst = findings.reduce<Verdict>((verdict, finding) => (verdictOrder.indexOf(finding.verdict) < verdictOrder.indexOf(verdict) ? finding.verdict : verdict), "pass");
  if (worst === "pass") return gate(name, "pass", passed, at, extras);
  const sentences = [...new Set(findings.filter((finding) => finding.verdict === worst).map((finding) => finding.sentence))];
  return gate(name, worst, sentences.join("; "), at, extras);
}

/** Each chosen Big Pod of the source is fresh and healthy, and told which digests it runs. */
export function sourceHealthy(source: EnvironmentFacts, bigPods: readonly string[]): GateResult {
  const findings = bigPods.map((bigPod): { verdict: Verdict; sentence: string } => {
    const seen = visibility(source, bigPod);
    if (!seen.seen) return { verdict: seen.verdict, sentence: seen.sentence };
    const { state } = seen;
    if (state.status === "stale" || state.status === "unknown") return { verdict: "inconclusive", sentence: `${bigPod} in ${source.name} is ${state.status}: ${state.cause ?? "there is no data"}` };
    if (state.status !== "healthy") return { verdict: "fail", sentence: `${bigPod} in ${source.name} is not healthy: ${state.cause ?? state.status}` };
    const untold = state.images.filter((image) => image.digest === null);
    if (state.images.length === 0 || untold.length > 0) return { verdict: "inconclusive", sentence: `no pod of ${bigPod} in ${source.name} has told which image it runs` };
    return { verdict: "pass", sentence: bigPod };
  });
  return gateFromFindings("source-healthy", findings, `${listed(bigPods)} in ${source.name}: every service is up`, source.now);
}

/** Each chosen Big Pod of the target is watched and its workload exists. It may be broken: that is what rollbacks are for. */
export function targetVisible(target: EnvironmentFacts, bigPods: readonly string[]): GateResult {
  const findings = bigPods.map((bigPod): { verdict: Verdict; sentence: string } => {
    const seen = visibility(target, bigPod);
    if (!seen.seen) return { verdict: seen.verdict, sentence: seen.sentence };
    if (seen.state.workload === null) return { verdict: "fail", sentence: `${bigPod} has no workload in ${target.name}: ${seen.state.cause ?? "it does not exist"}` };
    return { verdict: "pass", sentence: bigPod };
  });
  return gateFromFindings("target-visible", findings, `${target.name} is watched and in step`, target.now);
}

/**
 * One operation at a time; and a promotion starts from a settled target, because a rollout under way has no certain "before" to return to.
 * `mustBeSettled` is false for rollbacks, restarts and scaling, which have to be possible from any state. A rollback (`preempting`) is held up
 * only by another rollback: everything else is aborted for it.
 */
export function nothingElseRuns(target: EnvironmentFacts, active: ActiveOperation | null, mustBeSettled: boolean, preempting = false): GateResult {
  if (active !== null && preempting && preempts("rollback", active)) {
    const what = active.status === "running" ? (active.abortRequested === true ? "is being aborted already: the rollback begins when it has ended" : "will be aborted for this rollback, which begins when what it changed is back") : "is queued: this rollback goes first";
    return gate("nothing-else-runs", "pass", `"${active.title}" (${active.actor}) ${what}`, target.now);
  }
  if (active !== null) {
    const since = active.status === "running" ? `is running since ${(active.startedAt ?? active.requestedAt).toISOString()}` : `is ${active.status} since ${active.requestedAt.toISOString()}`;
    const more = (active.behind ?? 0) === 0 ? "" : `, with ${active.behind} more behind it`;
    const left = spreadWords(active.remaining ?? null);
    return gate("nothing-else-runs", "fail", `"${active.title}" (${active.actor}) ${since}${more}${left === null ? "" : `: ${left} left`}`, target.now);
  }
  if (!mustBeSettled) return gate("nothing-else-runs", "pass", `no operation runs in ${target.name}`, target.now);
  if (target.release === null) return gate("nothing-else-runs", "inconclusive", `no release of ${target.name} is recorded yet: it must have been settled once`, target.now);
  const rolling = [...target.states.values()].filter((state) => state.rollout !== null).map((state) => state.bigPod);
  if (rolling.length > 0) return gate("nothing-else-runs", "fail", `${listed(rolling)} in ${target.name} is being rolled out outside Vigie: wait for it, or roll back first`, target.now);
  if (!target.release.settled) return gate("nothing-else-runs", "fail", `${target.name} differs from its recorded release R-${target.release.number} and has not settled: wait, or roll back first`, target.now);
  return gate("nothing-else-runs", "pass", `no operation and no rollout runs in ${target.name}`, target.now);
}

/** A promotion changes images only: a container that one side lacks cannot be promoted. */
export function containersMatch(source: EnvironmentFacts, target: EnvironmentFacts, bigPods: readonly string[]): GateResult {
  const findings = bigPods.map((bigPod): { verdict: Verdict; sentence: string } => {
    const [there, here] = [source.states.get(bigPod)?.images, target.states.get(bigPod)?.images];
    if (there === undefined || here === undefined) return { verdict: "inconclusive", sentence: `the containers of ${bigPod} are not known on both sides` };
    const names = (images: readonly { container: string }[]): string[] => images.map((image) => image.container).sort();
    if (names(there).join() === names(here).join()) return { verdict: "pass", sentence: bigPod };
    return { verdict: "fail", sentence: `${bigPod} has the containers ${names(there).join(", ")} in ${source.name} but ${names(here).join(", ")} in ${target.name}: apply the manifest of ${target.name} first, a promotion changes images only` };
  });
  return gateFromFindings("containers-match", findings, "same containers on both sides", target.now);
}

export function somethingChanges(target: EnvironmentFacts, changes: number, otherwise: string): GateResult {
  return changes > 0 ? gate("something-changes", "pass", changes === 1 ? "one Big Pod changes" : `${changes} Big Pods change`, target.now) : gate("something-changes", "fail", otherwise, target.now);
}

/** "core", "core and commerce", "core, experience and commerce". */
export function listed(names: readonly string[]): string {
  return names.length <= 1 ? (names[0] ?? "nothing") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}
