import { resolveIntOrPercent } from "#sandbox/kube/objects/quantity.ts";

/** What the numbers need of a ReplicaSet, newest facts. */
export interface SetCounts {
  name: string;
  /** spec.replicas */
  replicas: number;
  /** status.availableReplicas */
  available: number;
  createdAt: string;
}

export interface RollingLimits {
  replicas: number;
  maxSurge: number;
  maxUnavailable: number;
}

export interface Strategy {
  type?: "RollingUpdate" | "Recreate";
  rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string };
}

/**
 * Surge and unavailability as whole pods. Surge rounds up, unavailability down; were both 0 nothing could move, so one may be
 * unavailable then. Source: Kubernetes, Deployment, "Rolling Update Deployment".
 */
export function rollingLimits(replicas: number, strategy: Strategy | undefined): RollingLimits {
  if (strategy?.type === "Recreate") return { replicas, maxSurge: 0, maxUnavailable: 0 };
  const maxSurge = resolveIntOrPercent(strategy?.rollingUpdate?.maxSurge ?? "25%", replicas, "up");
  const floor = resolveIntOrPercent(strategy?.rollingUpdate?.maxUnavailable ?? "25%", replicas, "down");
  const maxUnavailable = maxSurge === 0 && floor === 0 ? 1 : floor;
  return { replicas, maxSurge, maxUnavailable: Math.min(maxUnavailable, replicas) };
}

const total = (sets: readonly SetCounts[], of: (set: SetCounts) => number) => sets.reduce((sum, set) => sum + of(set), 0);
const oldestFirst = (sets: readonly SetCounts[]) => [...sets].sort((left, right) => (left.createdAt < right.createdAt ? -1 : left.createdAt > right.createdAt ? 1 : left.name < right.name ? -1 : 1));

/** Size the new set may grow to (or must shrink to) now, given that all sets together may hold `replicas + maxSurge`. */
export function newSetSize(limits: RollingLimits, newSet: SetCounts, allSets: readonly SetCounts[]): number {
  if (newSet.replicas >= limits.replicas) return limits.replicas;
  const room = limits.replicas + limits.maxSurge - total(allSets, (set) => set.replicas);
  return room <= 0 ? newSet.replicas : newSet.replicas + Math.min(room, limits.replicas - newSet.replicas);
}

/** Sizes of the old sets that may shrink now: first pods that are of no use, then as many as availability allows. */
export function oldSetSizes(limits: RollingLimits, newSet: SetCounts, oldSets: readonly SetCounts[]): Map<string, number> {
  const sizes = new Map(oldSets.map((set) => [set.name, set.replicas]));
  const sizeOf = (set: SetCounts) => sizes.get(set.name) ?? 0;
  const all = [...oldSets, newSet];
  const minAvailable = limits.replicas - limits.maxUnavailable;
  const mayGo = total(all, (set) => set.replicas) - minAvailable - (newSet.replicas - newSet.available);
  if (mayGo <= 0) return sizes;

  let unhealthyLeft = mayGo;
  for (const set of oldestFirst(oldSets)) {
    const unhealthy = Math.min(unhealthyLeft, Math.max(0, set.replicas - set.available));
    sizes.set(set.name, set.replicas - unhealthy);
    unhealthyLeft -= unhealthy;
  }

  let availableLeft = total(all, (set) => set.available) - minAvailable;
  for (const set of oldestFirst(oldSets)) {
    const going = Math.min(sizeOf(set), Math.max(0, availableLeft));
    sizes.set(set.name, sizeOf(set) - going);
    availableLeft -= going;
  }
  return sizes;
}

export interface ProportionalSet extends SetCounts {
  /** The annotation deployment.kubernetes.io/max-replicas: what the Deployment could hold when this set was last sized. */
  maxReplicas?: number;
}

/** Sizes after the Deployment was scaled in the middle of a rollout: the difference is spread in proportion, the largest takes the rest. */
export function proportionalSizes(limits: RollingLimits, sets: readonly ProportionalSet[], statusReplicas: number): Map<string, number> {
  const sizes = new Map(sets.map((set) => [set.name, set.replicas]));
  const allowed = limits.replicas > 0 ? limits.replicas + limits.maxSurge : 0;
  const toAdd = allowed - total(sets, (set) => set.replicas);
  const newerFirst = oldestFirst(sets).toReversed();
  const ordered = (toAdd > 0 ? newerFirst : oldestFirst(sets)).sort((left, right) => right.replicas - left.replicas);
  let added = 0;
  for (const set of ordered) {
    if (toAdd === 0) break;
    const share = set.replicas === 0 || toAdd === added ? 0 : fraction(limits, set, statusReplicas);
    const rest = toAdd - added;
    const change = toAdd > 0 ? Math.min(share, rest) : Math.max(share, rest);
    sizes.set(set.name, set.replicas + change);
    added += change;
  }
  const largest = ordered[0];
  if (largest) sizes.set(largest.name, Math.max(0, (sizes.get(largest.name) ?? 0) + toAdd - added));
  return sizes;
}

function fraction(limits: RollingLimits, set: ProportionalSet, statusReplicas: number): number {
  if (limits.replicas === 0) return -set.replicas;
  const before = set.maxReplicas || statusReplicas || limits.replicas + limits.maxSurge;
  return Math.round((set.replicas * (limits.replicas + limits.maxSurge)) / before) - set.replicas;
}
