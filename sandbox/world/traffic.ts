import { mix } from "#sandbox/world/container-log.ts";
import type { ContainerInstance, ManagedProcess } from "#sandbox/world/container-instance.ts";
import type { Degraded } from "#sandbox/world/types.ts";

/** Upper bounds of the latency histogram, in seconds; the last, infinity, is left out. */
export const latencyBounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

/** What a process has answered since it started. */
export interface Tally {
  /** By status code. */
  requests: Map<number, number>;
  /** Per bound of `latencyBounds`, not cumulative; one more for what was slower. */
  buckets: number[];
  seconds: number;
  cpuSeconds: number;
}

interface Account extends Tally {
  startedAtMs: number;
  /** The next second that is not counted yet, since the epoch. */
  nextSlot: number;
  seed: number;
}

/** Requests a second to one pod in production, and the seconds that half of them stay below. */
const habits: Readonly<Record<string, { perSecond: number; medianSeconds: number }>> = {
  nginx: { perSecond: 6, medianSeconds: 0.02 },
  auth: { perSecond: 2, medianSeconds: 0.03 },
  user: { perSecond: 3, medianSeconds: 0.025 },
  monitor: { perSecond: 0.2, medianSeconds: 0.004 },
  voyage: { perSecond: 3, medianSeconds: 0.04 },
  ai: { perSecond: 1, medianSeconds: 0.16 },
  panorama: { perSecond: 2, medianSeconds: 0.06 },
  payment: { perSecond: 1, medianSeconds: 0.08 },
  analytics: { perSecond: 0.6, medianSeconds: 0.015 },
};
const otherHabit = { perSecond: 1, medianSeconds: 0.03 };
const shareOfEnvironment: Readonly<Record<string, number>> = { prod: 1, staging: 0.5, dev: 0.25 };
const ordinary = { notFound: 0.02, failed: 0.002 };
/** Of the requests to a pod's first process, when a neighbour that it asks is down. */
const lostToNeighbour = 0.3;
/** A process that ran unobserved for longer is counted from here on. */
const longestGapSlots = 900;

const accounts = new WeakMap<ManagedProcess, Account>();

/**
 * What a process has answered up to a moment, computed second by second from the pod, the process and the time alone: the same world
 * at the same moment has had the same requests. Undefined while it does not answer. A restarted process begins at zero.
 */
export function tallyOf(instance: ContainerInstance, process: ManagedProcess, atMs: number, neighboursDown: number): Tally | undefined {
  if (instance.endedAtMs !== undefined || process.state !== "RUNNING") return undefined;
  const { pod } = instance.start;
  let account = accounts.get(process);
  const currentSlot = Math.floor(atMs / 1000);
  if (account === undefined || account.startedAtMs !== process.startedAtMs) {
    const firstSlot = Math.max(Math.ceil(process.startedAtMs / 1000), currentSlot - longestGapSlots);
    account = { startedAtMs: process.startedAtMs, nextSlot: firstSlot, seed: mix(`${pod.metadata.uid}/${process.spec.name}`, Math.floor(process.startedAtMs / 1000)), requests: new Map([[200, 0], [404, 0], [500, 0]]), buckets: Array.from({ length: latencyBounds.length + 1 }, () => 0), seconds: 0, cpuSeconds: 0 };
    accounts.set(process, account);
  }
  const habit = habits[process.spec.name] ?? otherHabit;
  const rate = habit.perSecond * (shareOfEnvironment[pod.metadata.namespace?.split("-").at(-1) ?? ""] ?? 0.5);
  account.nextSlot = Math.max(account.nextSlot, currentSlot - longestGapSlots);
  for (; account.nextSlot < currentSlot; account.nextSlot += 1) countSlot(account, instance, process, { rate, median: habit.medianSeconds, neighboursDown });
  return account;
}

function countSlot(account: Account, instance: ContainerInstance, process: ManagedProcess, { rate, median, neighboursDown }: { rate: number; median: number; neighboursDown: number }): void {
  const slot = account.nextSlot;
  const trouble = troubleAt(instance, process, slot * 1000);
  const slotSeed = scrambled(account.seed, slot);
  // Whole requests whose mean is the rate, more by day than by night.
  const wave = 1 + 0.2 * Math.sin((slot / 86_400) * 2 * Math.PI);
  const count = Math.floor(rate * wave * (0.7 + 0.6 * share(slotSeed, 1)) + share(slotSeed, 2));
  account.cpuSeconds += 0.002;
  for (let index = 0; index < count; index++) {
    const seed = scrambled(slotSeed, index + 3);
    const code = codeOf(share(seed, 1), trouble?.errorRatio ?? 0, neighboursDown);
    // Three uniform numbers make a good enough bell; most answers are near the median, a few take several times as long.
    const bell = (share(seed, 2) + share(seed, 3) + share(seed, 4) - 1.5) * 2;
    const seconds = median * (trouble?.latencyFactor ?? 1) * Math.exp(0.6 * bell);
    account.requests.set(code, (account.requests.get(code) ?? 0) + 1);
    const bucket = latencyBounds.findIndex((bound) => seconds <= bound);
    const place = bucket === -1 ? latencyBounds.length : bucket;
    account.buckets[place] = (account.buckets[place] ?? 0) + 1;
    account.seconds += seconds;
    account.cpuSeconds += seconds * 0.1;
  }
}

function codeOf(chance: number, errorRatio: number, neighboursDown: number): number {
  if (chance < errorRatio) return 500;
  const lost = neighboursDown > 0 ? lostToNeighbour : 0;
  if (chance < errorRatio + lost) return 502;
  const rest = (chance - errorRatio - lost) / Math.max(0.001, 1 - errorRatio - lost);
  return rest < ordinary.failed ? 500 : rest < ordinary.failed + ordinary.notFound ? 404 : 200;
}

function troubleAt(instance: ContainerInstance, process: ManagedProcess, atMs: number): Degraded | undefined {
  if (instance.troubles.length === 0) return undefined;
  return instance.troubles.findLast(({ fromMs, untilMs, degraded }) => fromMs <= atMs && (untilMs === undefined || atMs < untilMs) && (degraded.process === undefined || degraded.process === process.spec.name))?.degraded;
}

/** 32 well-mixed bits of two numbers (murmur3's finalizer). */
function scrambled(seed: number, number: number): number {
  let hash = (seed ^ Math.imul(number, 0x9e3779b1)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A number from 0 to 1, 1 excluded. */
function share(seed: number, which: number): number {
  return scrambled(seed, which) / 0x1_0000_0000;
}
