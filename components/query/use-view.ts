"use client";

import { useMemo, useState } from "react";
import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import type { DisplayedState } from "#lib/domain/freshness.ts";
import { useNowMs } from "#components/query/server-clock.ts";
import { useLiveState, useSnapshot } from "#components/query/use-platform.ts";
import { displayedStates } from "#components/query/view.ts";
import type { ViewMemory } from "#components/query/view.ts";

export interface PlatformView {
  snapshot: PlatformSnapshot;
  /** What may be shown now of every Big Pod. */
  states: readonly DisplayedState[];
  /** Server time, moved once a second. */
  now: Date;
}

/** The platform as it may be shown at this second. */
export function usePlatformView(): PlatformView {
  const snapshot = useSnapshot();
  const live = useLiveState();
  const nowMs = useNowMs();
  const [memory] = useState<ViewMemory>(() => new WeakMap());
  return useMemo(() => ({ snapshot, states: displayedStates(snapshot, live, nowMs, memory), now: new Date(nowMs) }), [snapshot, live, nowMs, memory]);
}
