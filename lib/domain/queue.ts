import type { OperationSummary } from "#lib/contracts/state.ts";
import type { OperationStatus } from "#lib/domain/status.ts";

/** Where an operation stands among those of its environment, and about how long it still waits. Times are of the database. */

export interface Spread {
  seconds: number;
  lowSeconds: number;
  highSeconds: number;
}

/** One operation of an environment that has not ended. */
export interface QueueMember {
  id: string;
  title: string;
  actor: string;
  status: OperationStatus;
  priority: number;
  requestedAt: Date;
  startedAt: Date | null;
  number: number;
  /** It is being stopped: what is left of it is its return. */
  abortRequested: boolean;
  /** How long like ones took; null when there is too little history. */
  duration: Spread | null;
  /** Earliest begin. */
  notBefore: Date | null;
  approvals: { required: number; given: number; until: Date | null };
}

type Timed = Pick<QueueMember, "startedAt" | "duration"> & { status: string };
type Waits = NonNullable<OperationSummary["waits"]>;

/** The one that runs first, then those whose turn comes, in the order of their turns. Awaiting and scheduled ones stand in no queue yet. */
export function inOrder(members: readonly QueueMember[]): QueueMember[] {
  const rank = (member: QueueMember): number => (member.status === "running" ? 0 : 1);
  return members
    .filter((member) => member.status === "running" || member.status === "queued")
    .toSorted((a, b) => rank(a) - rank(b) || b.priority - a.priority || a.requestedAt.getTime() - b.requestedAt.getTime() || a.number - b.number);
}

/** What is left of an operation: of a running one its duration less what has passed (it may overrun: then nothing is left to subtract). Null when its kind has no history. */
export function remaining(member: Timed, now: Date): Spread | null {
  if (member.duration === null) return null;
  const passed = member.status === "running" && member.startedAt !== null ? (now.getTime() - member.startedAt.getTime()) / 1000 : 0;
  const left = (seconds: number): number => Math.max(0, Math.round(seconds - passed));
  return { seconds: left(member.duration.seconds), lowSeconds: left(member.duration.lowSeconds), highSeconds: left(member.duration.highSeconds) };
}

/** Sum of what is left of several; null as soon as one is not known, because half a sum is a wrong promise. */
export function remainingOf(members: readonly Timed[], now: Date): Spread | null {
  let sum: Spread = { seconds: 0, lowSeconds: 0, highSeconds: 0 };
  for (const member of members) {
    const left = remaining(member, now);
    if (left === null) return null;
    sum = { seconds: sum.seconds + left.seconds, lowSeconds: sum.lowSeconds + left.lowSeconds, highSeconds: sum.highSeconds + left.highSeconds };
  }
  return sum;
}

/** What an operation waits for, among all of its environment that have not ended (itself too). Null once it runs or has ended. */
export function waitsOf(id: string, members: readonly QueueMember[], now: Date): Waits | null {
  const own = members.find((member) => member.id === id);
  if (own === undefined) return null;
  switch (own.status) {
    case "awaiting":
      return awaiting(own);
    case "scheduled":
      return { for: "window", sentence: "Begins when the next window opens", until: own.notBefore?.toISOString() ?? null, position: null, estimate: null };
    case "queued":
      return queued(own, inOrder(members), now);
    default:
      return null;
  }
}

function awaiting({ approvals }: QueueMember): Waits {
  const missing = Math.max(0, approvals.required - approvals.given);
  const sentence = missing === 0 ? "Approved; it goes on in a moment" : approvals.given === 0 ? `Waits for ${count(missing, "approval")}` : `Waits for ${count(missing, "more approval")}: ${approvals.given} of ${approvals.required} given`;
  return { for: "approvals", sentence, until: approvals.until?.toISOString() ?? null, position: null, estimate: null };
}

function queued(own: QueueMember, order: readonly QueueMember[], now: Date): Waits {
  const ahead = order.slice(0, order.findIndex((member) => member.id === own.id));
  const position = ahead.filter((member) => member.status === "queued").length + 1;
  const [first] = ahead;
  const others = ahead.length - 1;
  const behind = first === undefined ? "Begins in a moment" : `Behind "${first.title}" (${first.actor})${first.abortRequested ? ", which is being aborted" : ""}${others > 0 ? ` and ${count(others, "more")}` : ""}`;
  return { for: "turn", sentence: behind, until: null, position, estimate: remainingOf(ahead, now) };
}

/** "1 approval", "2 approvals"; "1 more", "2 more". */
function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 || what === "more" ? "" : "s"}`;
}

/** "about 2 min (1–4)": for sentences; null when nothing is known. */
export function spreadWords(spread: Spread | null): string | null {
  if (spread === null) return null;
  if (spread.highSeconds < 90) return `about ${spread.seconds} s (${spread.lowSeconds}–${spread.highSeconds})`;
  const minutes = (seconds: number): number => Math.round(seconds / 60);
  return `about ${minutes(spread.seconds)} min (${minutes(spread.lowSeconds)}–${minutes(spread.highSeconds)})`;
}

/** Who goes first among those that wait in an environment: the way back and what cuts off, before everything that goes forward. */
export function operationPriority(kind: string): number {
  return kind === "rollback" || kind === "isolate" ? 10 : 0;
}

/** Whether an operation of this kind has a running one aborted. A rollback that runs is never interrupted. */
export function preempts(kind: string, running: { kind: string }): boolean {
  return kind === "rollback" && running.kind !== "rollback";
}
