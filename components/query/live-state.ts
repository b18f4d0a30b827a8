/** How the browser's own view is doing, apart from how the worker's is. */
export interface LiveState {
  /** `connecting` until the stream first opened. */
  connection: "connecting" | "open" | "lost";
  /** Server time of the last beat or event, ISO 8601. */
  heardAt: string;
  /** Newest heartbeat of an observing worker, as the last beat told. */
  workerSeenAt: string | null;
}

/** A client that hears nothing for this long calls everything stale (lib/contracts/stream). */
export const silentAfterMs = 5_000;
