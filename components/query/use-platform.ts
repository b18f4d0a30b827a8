"use client";

import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import { keys } from "#components/query/keys.ts";
import type { LiveState } from "#components/query/live-state.ts";
import { useCached } from "#components/query/use-cached.ts";

/** The platform as last told by the stream, without any judgement about its age. */
export function useSnapshot(): PlatformSnapshot {
  const data = useCached<PlatformSnapshot>(keys.platform());
  if (!data) throw new Error("useSnapshot outside of PlatformProvider");
  return data;
}

export function useLiveState(): LiveState {
  const data = useCached<LiveState>(keys.live());
  if (!data) throw new Error("useLiveState outside of PlatformProvider");
  return data;
}
