"use client";

import { useNowMs } from "#components/query/server-clock.ts";
import { silentAfterMs } from "#components/query/live-state.ts";
import { useLiveState } from "#components/query/use-platform.ts";
import { formatDuration } from "#components/patterns/duration.ts";

export type Freshness =
  | { kind: "live"; ageMs: number; sentence: string }
  | { kind: "connecting"; ageMs: null; sentence: string }
  /** ageMs null: nothing was ever seen. */
  | { kind: "stale"; ageMs: number | null; sentence: string };

/** How fresh the screen is as a whole: the stream to this browser, then the worker behind it. */
export function useFreshness(): Freshness {
  const live = useLiveState();
  const now = useNowMs();
  const heardMs = Math.max(0, now - Date.parse(live.heardAt));
  const seenMs = live.workerSeenAt === null ? null : Math.max(0, now - Date.parse(live.workerSeenAt));
  if (heardMs > silentAfterMs) {
    return { kind: "stale", ageMs: heardMs, sentence: `Vigie has not answered this browser for ${formatDuration(heardMs)}. It is asked again every few seconds.` };
  }
  if (seenMs === null) return { kind: "stale", ageMs: null, sentence: "No worker has ever looked at the clusters. Start one." };
  if (seenMs > silentAfterMs) return { kind: "stale", ageMs: seenMs, sentence: `The worker that watches the clusters has not been heard of for ${formatDuration(seenMs)}.` };
  if (live.connection === "connecting") return { kind: "connecting", ageMs: null, sentence: "The page is as of when it was opened; the live stream is being opened." };
  return { kind: "live", ageMs: Math.min(heardMs, seenMs), sentence: "Watched live: changes arrive as they happen." };
}
