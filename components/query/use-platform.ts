"use client";

import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
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

/** Incidents that are not over, and those that ended within the last hour, newest first. */
export function useIncidents(): readonly IncidentSummary[] {
  return useSnapshot().incidents;
}

/** One incident as the stream tells it; undefined when it ended more than an hour ago or is not known here. */
export function useLiveIncident(number: number): IncidentSummary | undefined {
  return useSnapshot().incidents.find((incident) => incident.number === number);
}
