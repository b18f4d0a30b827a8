import { clean } from "#lib/domain/fold-read.ts";
import { redact } from "#lib/domain/redact.ts";
import type { Comparison } from "#lib/contracts/incident.ts";
import type { Change } from "#lib/contracts/state.ts";

/**
 * Which changes may have caused an incident, most suspected first. The order is: what was changed (the failing Big Pod before what it needs before the rest),
 * then how near in time and what the evidence says. docs/suspects.md has the numbers. The idea that problems follow changes to the same service, soonest
 * first, is that of Google's SRE book, chapter 12 ("what touched it last?").
 */

export interface SuspectCase {
  environment: string;
  /** Null: the environment as a whole. */
  bigPod: string | null;
  onsetAt: Date;
  suspectMinutes: number;
  /** Big Pods that the failing one needs. */
  dependencies: readonly string[];
  titleOf: (bigPod: string) => string;
}

export interface SuspectEvidence {
  /** By id of the change around which it was measured. */
  comparisons: ReadonlyMap<string, Comparison>;
  /** Pods of the failing Big Pod now; `newest`: of the newest template. */
  pods: { failing: number; failingNewest: number; well: number; wellNewest: number } | null;
  /** Last lines of what failed, and sentences of its cause. */
  lines: readonly string[];
  operations: ReadonlyMap<string, { kind: string; automatic: boolean; status: string }>;
}

export interface RankedChange {
  change: Change;
  score: number;
  reasons: string[];
  /** Other changes that came with it, in the same operation to the same Big Pod. */
  with: Change[];
}

type Overlap = "own" | "shared" | "dependency" | "other";
/** From where to where scores go, so that no evidence lifts a change over one that is nearer to the failing Big Pod. */
const bands: Record<Overlap, { from: number; to: number }> = { own: { from: 0.6, to: 1 }, shared: { from: 0.4, to: 0.59 }, dependency: { from: 0.2, to: 0.39 }, other: { from: 0, to: 0.19 } };
const halfLifeMinutes = 10;
/** What it can break: code most, a bare restart least. Kinds that are not named count as much as a rollout. */
const kindWeight: Readonly<Record<string, number>> = { rollout: 1, release: 0.9, config: 0.9, scale: 0.6, restart: 0.5 };

/** A comparison goes on over these: autoscalers come and go, restarts bring nothing new, and a release only sums up. */
const harmless: ReadonlySet<string> = new Set(["scale", "restart", "release"]);

interface Group {
  primary: Change;
  with: Change[];
}

/** Ranks changes at or before the onset and at most suspectMinutes older; later ones are never suspects. Total and deterministic: ties go to the newer change, then by id. */
export function rankSuspects(incident: SuspectCase, changes: readonly Change[], evidence: SuspectEvidence): RankedChange[] {
  const onset = incident.onsetAt.getTime();
  const inPlace = inOrder(changes.filter((change) => change.environment === incident.environment));
  const before = inPlace.filter((change) => Date.parse(change.at) <= onset && Date.parse(change.at) >= onset - incident.suspectMinutes * 60_000);
  // "prod runs R-7" only sums up what the rollouts beside it did.
  const told = before.filter((change) => change.kind !== "release" || !before.some((other) => other.kind !== "release" && Date.parse(other.at) <= Date.parse(change.at)));
  const judged = groupsOf(told).map((group) => judge(incident, group, inPlace, evidence));
  return judged.toSorted((left, right) => right.score - left.score || Date.parse(right.change.at) - Date.parse(left.change.at) || (left.change.id < right.change.id ? -1 : 1));
}

function inOrder(changes: readonly Change[]): Change[] {
  return changes.toSorted((left, right) => Date.parse(left.at) - Date.parse(right.at) || (left.id < right.id ? -1 : 1));
}

/** Changes of one operation to one Big Pod are one suspect; a second rollout by it is its way back, and another. */
function groupsOf(changes: readonly Change[]): Group[] {
  const groups = new Map<string, Group>();
  const rollouts = new Map<string, number>();
  for (const change of changes) {
    const place = `${change.operationId}/${change.bigPod}`;
    const turn = (rollouts.get(place) ?? 0) + (change.kind === "rollout" ? 1 : 0);
    rollouts.set(place, turn);
    const key = change.operationId === null ? change.id : `${place}/${Math.max(1, turn)}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { primary: change, with: [] });
    else if ((kindWeight[change.kind] ?? 1) > (kindWeight[known.primary.kind] ?? 1)) groups.set(key, { primary: change, with: [...known.with, known.primary] });
    else known.with.push(change);
  }
  return [...groups.values()];
}

function judge(incident: SuspectCase, { primary, with: others }: Group, all: readonly Change[], evidence: SuspectEvidence): RankedChange {
  const at = Date.parse(primary.at);
  const onset = incident.onsetAt.getTime();
  const overlap = overlapOf(incident, primary);
  const reasons: { weight: number; text: string }[] = [{ weight: 0.5, text: overlapSentence(incident, primary, overlap) }];
  const say = (weight: number, text: string): void => void reasons.push({ weight, text });
  const minutes = (onset - at) / 60_000;
  say(0.6, `it came ${ago(onset - at)} before the trouble began`);

  const comparison = evidence.comparisons.get(primary.id) ?? null;
  const key = overlap === "own" || overlap === "shared" ? namedKey([primary, ...others], evidence.lines) : null;
  const pods = overlap === "own" ? podsSentence(primary, all, evidence.pods) : null;
  let proof = 0.4;
  if (comparison?.verdict === "no-difference") {
    proof = 0;
    say(0.55, `no difference was measured after it: ${comparison.sentence}`);
  } else if (comparison?.verdict === "insufficient-data") say(0.1, `whether it is worse after it cannot be told: ${comparison.sentence}`);
  if (pods !== null) {
    proof = Math.max(proof, 0.85);
    say(0.9, pods);
  }
  if (comparison?.verdict === "worse") {
    proof = Math.max(proof, comparison.control?.errors?.verdict === "worse" ? 0.7 : 1);
    say(1, `it is worse after it: ${comparison.sentence}`);
  }
  if (key !== null) {
    proof = 1;
    say(0.95, `it changed ${key.name}, which the last log line names: "${key.line}"`);
  }

  let weight = 1;
  const undone = undoneBy(primary, all, onset, evidence);
  if (undone !== null) {
    weight = 0.3;
    say(0.8, `it was undone ${ago(onset - Date.parse(undone.at))} before the trouble began (${undone.summary})`);
  } else if (bringsBack(primary, all, evidence)) {
    weight = 0.6;
    say(0.3, `it brought back what had run before${primary.operationId !== null && evidence.operations.get(primary.operationId)?.automatic === true ? ", by Vigie itself" : ""}`);
  }
  if (primary.operationId === null) say(0.2, `it was made outside Vigie (${primary.by})`);
  if (others.length > 0) say(0.15, `with it came: ${others.map((other) => other.summary).join("; ")}`);

  const strength = Math.min(1, (0.45 * 2 ** (-minutes / halfLifeMinutes) + 0.15 * (kindWeight[primary.kind] ?? 1) + 0.4 * proof) * weight);
  const { from, to } = bands[overlap];
  return { change: primary, with: others, score: Number((from + (to - from) * strength).toFixed(4)), reasons: reasons.toSorted((left, right) => right.weight - left.weight).map(({ text }) => text.slice(0, 1_000)) };
}

function overlapOf({ bigPod, dependencies }: SuspectCase, change: Change): Overlap {
  if (bigPod === null || change.bigPod === bigPod) return "own";
  if (change.bigPod === null) return "shared";
  return dependencies.includes(change.bigPod) ? "dependency" : "other";
}

function overlapSentence({ bigPod, environment, titleOf }: SuspectCase, change: Change, overlap: Overlap): string {
  const title = change.bigPod === null ? null : titleOf(change.bigPod);
  if (bigPod === null) return title === null ? `it changed ${environment}` : `it changed ${title} in ${environment}`;
  if (overlap === "own") return `it changed ${titleOf(bigPod)} itself`;
  if (overlap === "shared") return "it changed something that several Big Pods have in common";
  return overlap === "dependency" ? `it changed ${title}, which ${titleOf(bigPod)} needs` : `it changed ${title}, another Big Pod of ${environment}`;
}

/** A key that a configuration change names and that the last lines of what failed name too. */
function namedKey(changes: readonly Change[], lines: readonly string[]): { name: string; line: string } | null {
  for (const change of changes) {
    if (change.kind !== "config") continue;
    const keys = [...change.summary.slice(change.summary.indexOf(":") + 1).matchAll(/([A-Za-z_][\w.-]{2,}) (?:added|removed|changed)/g)].map(([, name]) => name ?? "");
    for (const name of keys) {
      const line = lines.find((candidate) => new RegExp(`(?<![\\w.-])${name.replaceAll(".", "\\.")}(?![\\w-])`).test(candidate));
      if (line !== undefined) return { name, line: redact(clean(line)).slice(0, 200) };
    }
  }
  return null;
}

/** Pods tell of the newest template only, so only of the newest rollout. */
function podsSentence(change: Change, all: readonly Change[], pods: SuspectEvidence["pods"]): string | null {
  if (pods === null || pods.failing === 0 || pods.failingNewest < pods.failing || change.kind !== "rollout") return null;
  if (all.some((other) => other.bigPod === change.bigPod && other.kind === "rollout" && Date.parse(other.at) > Date.parse(change.at))) return null;
  const failing = pods.failing === 1 ? "the failing pod runs" : `all ${pods.failing} failing pods run`;
  const older = pods.well - pods.wellNewest;
  return older > 0 ? `${failing} the template that it brought, while ${older === 1 ? "the pod" : `${older} pods`} of the one before ${older === 1 ? "is" : "are"} well` : `${failing} the template that it brought`;
}

/**
 * The changes nearest in time, before and after, by which a comparison around this one would be disturbed: other releases or settings of the same Big Pod.
 * What came with it in the same operation does not disturb.
 */
export function neighbours(change: Change, bigPod: string | null, changes: readonly Change[]): { before: Date | null; after: Date | null } {
  const disturbing = inOrder(changes.filter((other) => other.environment === change.environment && (other.bigPod === null || bigPod === null || other.bigPod === bigPod) && !harmless.has(other.kind)));
  const at = Date.parse(change.at);
  const before = disturbing.findLast((other) => Date.parse(other.at) < at && (other.operationId === null || other.operationId !== change.operationId));
  const after = disturbing.find((other) => Date.parse(other.at) > at && (other.operationId === null || other.operationId !== change.operationId || (other.kind === "rollout" && other.bigPod === change.bigPod)));
  return { before: before === undefined ? null : new Date(before.at), after: after === undefined ? null : new Date(after.at) };
}

/** The change that took this one back before the trouble began. */
function undoneBy(change: Change, all: readonly Change[], onset: number, { operations }: SuspectEvidence): Change | null {
  if (change.kind !== "rollout") return null;
  const later = all.filter((other) => other.kind === "rollout" && other.bigPod === change.bigPod && other.id !== change.id && Date.parse(other.at) > Date.parse(change.at) && Date.parse(other.at) <= onset);
  return later.find((other) => other.operationId !== null && (other.operationId === change.operationId || operations.get(other.operationId)?.kind === "rollback")) ?? null;
}

/** Rollbacks, and the second half of a drill or of an operation that returned. */
function bringsBack(change: Change, all: readonly Change[], { operations }: SuspectEvidence): boolean {
  if (change.operationId === null || change.kind !== "rollout") return false;
  if (operations.get(change.operationId)?.kind === "rollback") return true;
  return all.some((other) => other.kind === "rollout" && other.operationId === change.operationId && other.bigPod === change.bigPod && Date.parse(other.at) < Date.parse(change.at));
}

function ago(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
