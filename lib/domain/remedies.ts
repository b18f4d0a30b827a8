import type { Remedy } from "#lib/contracts/incident.ts";
import type { PlanChange } from "#lib/contracts/operation.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { FindingKind } from "#lib/domain/fold-order.ts";
import type { IsolationWay } from "#lib/domain/isolation.ts";
import { pods } from "#lib/domain/plan-draft.ts";
import type { ActiveOperation } from "#lib/domain/plan-facts.ts";
import { isolatedWords } from "#lib/domain/plan-isolation.ts";
import { preempts, spreadWords } from "#lib/domain/queue.ts";
import type { Spread } from "#lib/domain/queue.ts";

/** What may be done about an incident, and what is known of it. Pure: from facts to buttons. */

/** "Incident 12: voyage keeps exiting with code 1, since 14:02 UTC": the reason of whatever is asked for from it. The day stands there when it is another one. */
export function incidentReason(incident: { number: number; title: string; onsetAt: Date }, now: Date): string {
  const onset = incident.onsetAt.toISOString();
  const day = onset.slice(0, 10) === now.toISOString().slice(0, 10) ? "" : `${onset.slice(0, 10)} `;
  const tail = `, since ${day}${onset.slice(11, 16)} UTC`;
  const head = `Incident ${incident.number}: `;
  const room = 500 - head.length - tail.length;
  const title = incident.title.replace(/[.]$/, "");
  return `${head}${title.length > room ? `${title.slice(0, room - 1).toWellFormed()}…` : title}${tail}`;
}

export interface RollbackFacts {
  release: number;
  healthyAt: Date | null;
  /** What it would do to each Big Pod that it touches. */
  changes: readonly PlanChange[];
  /** It touches every Big Pod of the environment. */
  whole: boolean;
  /** The way back as it was looked at last, when that was for this very release. */
  readiness: { verdict: "ready" | "not-ready" | "unsure"; sentence: string } | null;
  proven: { at: Date; seconds: number; succeeded: boolean } | null;
}

export interface RemedyFacts {
  environment: string;
  /** Null: the incident concerns the environment as a whole. */
  bigPod: string | null;
  reason: string;
  now: Date;
  /** Newest state of the Big Pod; a sentence instead when it cannot be seen. */
  state: BigPodState | { unseen: string } | null;
  /** Null: why there is nothing to go back to stands in `nowhere`. */
  rollback: RollbackFacts | null;
  nowhere: string;
  active: ActiveOperation | null;
  estimates: Readonly<Partial<Record<RemedyKind, Spread & { n: number }>>>;
  /** Why the actor may not ask for it; null when they may. */
  refused: (kind: RemedyKind) => string | null;
  /** Why a change that a rollback undoes is suspected; null when none is. */
  suspected: string | null;
}

export type RemedyKind = Remedy["kind"];

/** The safe buttons of an incident, the recommended one first. One that cannot work is there all the same and says why. */
export function remediesOf(facts: RemedyFacts): Remedy[] {
  const all = [rollback(facts), ...(facts.bigPod === null ? [] : bigPodRemedies(facts, facts.bigPod))];
  return all.toSorted((a, b) => Number(b.recommended) - Number(a.recommended));
}

function rollback(facts: RemedyFacts): Remedy {
  const { environment, bigPod, rollback: back } = facts;
  if (back === null) return remedy(facts, "rollback", { title: `Roll back ${environment}`, facts: [], why: facts.nowhere, plan: {} });
  const { release, healthyAt, changes, readiness, proven } = back;
  const touched = changes.map((change) => change.bigPod);
  const helps = bigPod === null || touched.includes(bigPod);
  const lines = [
    ...changes.flatMap(effectLines),
    ...(helps ? [] : [`it does not touch ${bigPod}, which is the same in R-${release}`]),
    healthyAt === null ? `R-${release} was never seen healthy here` : `R-${release} was healthy here last ${ago(healthyAt, facts.now)}`,
    readiness === null ? `whether the way back to R-${release} is open has not been looked at yet` : readiness.sentence,
    proven === null ? "the way back was never rehearsed" : `rehearsed ${ago(proven.at, facts.now)}: ${proven.succeeded ? `it took ${Math.round(proven.seconds)} s` : "it failed"}`,
  ];
  const blocked = touched.length === 0 ? `${environment} is as it was in R-${release}: there is nothing to roll back.` : readiness?.verdict === "not-ready" ? readiness.sentence : null;
  return remedy(facts, "rollback", {
    title: `Roll back ${environment} to R-${release}`, facts: lines, why: blocked, plan: { kind: "rollback", environment, release, ...(back.whole ? {} : { bigPods: touched }) },
    recommended: facts.suspected !== null && helps ? facts.suspected : null,
  });
}

function effectLines(change: PlanChange): string[] {
  const images = change.images.filter((image) => image.from !== image.to).map((image) => `${change.bigPod}/${image.container}: ${image.fromVersion ?? "?"} → ${image.toVersion ?? "?"} (${shortDigest(image.to)})`);
  const config = change.config.length === 0 ? [] : [`${change.bigPod}: ${change.config.length} ${change.config.length === 1 ? "key" : "keys"} of its configuration`];
  return [...images, ...config, ...(images.length === 0 && config.length === 0 ? [`${change.bigPod}: ${change.how}`] : [])];
}

function shortDigest(reference: string): string {
  return /sha256:[0-9a-f]{12}/.exec(reference)?.[0] ?? reference;
}

function bigPodRemedies(facts: RemedyFacts, bigPod: string): Remedy[] {
  const { environment, state } = facts;
  const titles = { restart: `Restart ${bigPod}`, scale: `Scale ${bigPod}`, isolate: `Isolate ${bigPod}` } as const;
  const none = (why: string): Remedy[] => (["restart", "scale", "isolate"] as const).map((kind) => remedy(facts, kind, { title: titles[kind], facts: [], why, plan: {} }));
  if (state === null) return none(`Nothing is known of ${bigPod} in ${environment} yet.`);
  if ("unseen" in state) return none(`${capital(state.unseen)}, so nothing can be planned for it.`);
  if (state.workload === null) return none(state.cause ?? `${bigPod} has no workload in ${environment}.`);
  const { desired } = state.replicas;
  const isolation = state.isolation ?? null;
  const down = isolation?.how === "scale-to-zero" ? `${capital(isolatedWords(isolation))}: lift the isolation first.` : null;
  const noPods = desired === 0 ? `${bigPod} is scaled to 0: there is nothing to restart.` : null;
  const wanted = desired + 1;
  const cut = isolation === null ? null : `${capital(isolatedWords(isolation))} already.`;
  const isolate = (how: IsolationWay, title: string, lines: string[]): Remedy =>
    remedy(facts, "isolate", { title, facts: [...lines, "logs, pods, events and workload are saved first"], why: cut ?? (desired === 0 ? `${bigPod} is scaled to 0: there is nothing to cut off.` : null), plan: { kind: "isolate", environment, bigPod, how } });
  return [
    remedy(facts, "restart", {
      title: titles.restart, facts: [`${pods(desired)} replaced by new ones of the same template, one after the other`], why: down ?? noPods, plan: { kind: "restart", environment, bigPods: [bigPod] },
      recommended: facts.suspected === null && restartHelps.has(state.causeKind ?? "") ? "a service hangs in a pod that runs" : null,
    }),
    remedy(facts, "scale", {
      title: `Scale ${bigPod} to ${pods(wanted)}`, facts: [`${pods(desired)} → ${pods(wanted)}`, "an autoscaler that manages it may change the number again"], why: down ?? (wanted > 100 ? "100 is the most Vigie asks for." : null), plan: { kind: "scale", environment, bigPod, replicas: wanted },
      recommended: scaleHelps.has(state.causeKind ?? "") ? (state.cause ?? "it has too few pods") : null,
    }),
    isolate("network", `Isolate ${bigPod}: cut it off from the network`, ["a NetworkPolicy lets nothing in or out; its pods go on running", "it holds where the cluster's network enforces NetworkPolicies (K3s does)"]),
    isolate("scale-to-zero", `Isolate ${bigPod}: scale it to 0`, ["all its pods end; what they hold in memory is lost"]),
    ...(isolation === null ? [] : [remedy(facts, "lift-isolation", { title: `Lift the isolation of ${bigPod}`, facts: [isolatedWords(isolation), isolation.how === "network" ? "the NetworkPolicy is taken away" : `it gets its ${pods(isolation.replicas)} back`], why: null, plan: { kind: "lift-isolation", environment, bigPod } })]),
  ];
}

/** What a restart may mend: something that hangs while its pod runs. A crash begins anew by itself. */
const restartHelps: ReadonlySet<string> = new Set<FindingKind>(["process", "not-ready", "degraded"]);
const scaleHelps: ReadonlySet<string> = new Set<FindingKind>(["scaled-to-0", "autoscaler-maximum"]);

interface Draft {
  title: string;
  facts: string[];
  why: string | null;
  plan: Record<string, unknown>;
  /** Why it is recommended. */
  recommended?: string | null;
}

function remedy(facts: RemedyFacts, kind: RemedyKind, draft: Draft): Remedy {
  const why = draft.why ?? facts.refused(kind);
  const estimate = facts.estimates[kind];
  const recommended = why === null && (draft.recommended ?? null) !== null;
  const lines = [
    ...(recommended ? [`recommended: ${draft.recommended ?? ""}`] : []),
    ...draft.facts,
    estimate === undefined ? "how long it takes is not known yet: fewer than three like it have run" : `takes ${spreadWords(estimate) ?? "a moment"}, by ${estimate.n} like it`,
    ...behind(facts.active, kind),
  ];
  return { kind, title: draft.title, facts: lines, enabled: why === null, why, plan: why === null ? draft.plan : null, reason: facts.reason, recommended };
}

/** What becomes of it while something else runs: only a rollback has that aborted. */
function behind(active: ActiveOperation | null, kind: RemedyKind): string[] {
  if (active === null) return [];
  const what = `"${active.title}" (${active.actor})`;
  if (preempts(kind, active)) return [active.status === "running" ? `${what} runs: it is aborted for this, which begins when what it changed is back` : `${what} is queued: this goes first`];
  return [`it waits for its turn, behind ${what}`];
}

/** "22 h ago", "3 days ago" */
export function ago(at: Date, now: Date): string {
  const minutes = Math.max(0, Math.round((now.getTime() - at.getTime()) / 60_000));
  if (minutes < 1) return "just now";
  if (minutes < 120) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.round(hours / 24)} days ago`;
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
