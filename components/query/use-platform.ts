"use client";

import { useQuery } from "@tanstack/react-query";
import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import { keys } from "#components/query/keys.ts";
import type { LiveState } from "#components/query/live-state.ts";

/** Both are written by the provider before anything reads them; they are never fetched. */
const neverFetched = () => Promise.reject(new Error("The stream writes this query; it is not fetched."));

/** The platform as last told by the stream, without any judgement about its age. */
export function useSnapshot(): PlatformSnapshot {
  const { data } = useQuery<PlatformSnapshot>({ queryKey: keys.platform(), queryFn: neverFetched, enabled: false });
  if (!data) throw new Error("useSnapshot outside of PlatformProvider");
  return data;
}

export function useLiveState(): LiveState {
  const { data } = useQuery<LiveState>({ queryKey: keys.live(), queryFn: neverFetched, enabled: false });
  if (!data) throw new Error("useLiveState outside of PlatformProvider");
  return data;
}
