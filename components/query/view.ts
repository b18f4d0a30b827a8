import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import { displayedState, maximumAgeMs } from "#lib/domain/freshness.ts";
import type { DisplayedState } from "#lib/domain/freshness.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { LiveState } from "#components/query/live-state.ts";

const silentWhy = "Vigie does not answer this browser";

/** Keeps the last judgement of each state, so that a tile which did not change is not drawn again every second. */
export type ViewMemory = WeakMap<BigPodState, DisplayedState>;

/** Every state as it may be shown at `nowMs` (server time): itself while all behind it is fresh, stale otherwise. */
export function displayedStates(snapshot: PlatformSnapshot, live: LiveState, nowMs: number, memory: ViewMemory): DisplayedState[] {
  const now = new Date(nowMs);
  const unheard = nowMs - Date.parse(live.heardAt) > maximumAgeMs;
  const seenAt = unheard && (live.workerSeenAt === null || live.heardAt < live.workerSeenAt) ? live.heardAt : live.workerSeenAt;
  return snapshot.states.map((state) => {
    const shown = displayedState(state, snapshot.sources, seenAt, now);
    if (shown.stale) return unheard ? withWhy(shown) : shown;
    const before = memory.get(state);
    if (before) return before;
    memory.set(state, shown);
    return shown;
  });
}

function withWhy(state: DisplayedState): DisplayedState {
  if (!state.stale) return state;
  return { ...state, cause: state.cause?.replace(state.stale.why, silentWhy) ?? null, stale: { ...state.stale, why: silentWhy } };
}
