"use client";

import { keys } from "#components/query/keys.ts";
import { useCached } from "#components/query/use-cached.ts";

/** Releases an environment has had. Where a rollback would go is read from here. */
export type Trails = Readonly<Record<string, readonly TrailEntry[]>>;
export interface TrailEntry {
  number: number;
  /** It was seen healthy there at some time. */
  proven: boolean;
}

/** The newest earlier release that was healthy there; failing that, the newest earlier one; null when there is none. */
export function previousRelease(trail: readonly TrailEntry[], current: number): number | null {
  const earlier = trail.filter((entry) => entry.number < current).sort((a, b) => b.number - a.number);
  return (earlier.find((entry) => entry.proven) ?? earlier[0])?.number ?? null;
}

/** Adds what the stream told: the release that was there before, and the one that came. */
export function withRelease(trails: Trails, environment: string, number: number): Trails {
  const trail = trails[environment] ?? [];
  if (trail.some((entry) => entry.number === number)) return trails;
  return { ...trails, [environment]: [{ number, proven: false }, ...trail] };
}

export function useTrails(): Trails {
  return useCached<Trails>(keys.trails()) ?? none;
}

const none: Trails = {};
