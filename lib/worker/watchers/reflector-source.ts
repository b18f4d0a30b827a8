import type { SourceState } from "#lib/contracts/state.ts";
import type { SourceStatus } from "#lib/domain/status.ts";
import { ClusterError } from "#lib/ports/cluster.ts";
import type { Clock } from "#lib/ports/runtime.ts";

/** The public state of one upstream, and what kind of trouble leads to which state. */

export interface SourceTracker {
  state(): SourceState;
  /** In step right now. */
  live(): void;
  /** Moves the time of the last contact without announcing it. */
  contact(): void;
  trouble(status: Exclude<SourceStatus, "live" | "connecting">, reason: string): void;
}

export interface SourceIdentity {
  key: string;
  environment: string | null;
  title: string;
  required: boolean;
}

/** @param announce called when status or reason change, not for each contact: `state().contactAt` is always current */
export function createSourceTracker(identity: SourceIdentity, clock: Clock, announce: (state: SourceState) => void): SourceTracker {
  const { key, environment, title, required } = identity;
  let state: SourceState = { key, environment, title, required, status: "connecting", since: clock.now().toISOString(), contactAt: null, reason: null };

  const move = (status: SourceStatus, since: string, reason: string | null) => {
    if (state.status === status && state.reason === reason) return;
    state = { ...state, status, reason, since: state.status === status ? state.since : since };
    announce(state);
  };

  return {
    state: () => state,
    contact: () => void (state = { ...state, contactAt: clock.now().toISOString() }),
    live() {
      const now = clock.now().toISOString();
      state = { ...state, contactAt: now };
      move("live", now, null);
    },
    trouble(status, reason) {
      const now = clock.now().toISOString();
      // What is stale has been so since it was last known to be in step, not since we noticed.
      move(status, status === "stale" ? (state.contactAt ?? now) : now, reason);
    },
  };
}

/** `hasItems`: a complete list was read before, so what is shown is old rather than missing. */
export function statusOfTrouble(error: unknown, hasItems: boolean): Exclude<SourceStatus, "live" | "connecting"> {
  if (!(error instanceof ClusterError)) return hasItems ? "stale" : "down";
  switch (error.reason) {
    case "forbidden":
      return "forbidden";
    case "unsupported":
    case "not-found":
      return "unsupported";
    case "unauthorized":
    case "unreachable":
      return "down";
    default:
      return hasItems ? "stale" : "down";
  }
}

/** The sentence to show. What is not a ClusterError came from inside and stays in the log. */
export function sentenceOfTrouble(error: unknown): string {
  return error instanceof ClusterError ? error.message : "Vigie itself failed while reading this source; its log says why.";
}
