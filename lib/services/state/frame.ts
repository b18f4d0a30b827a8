import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import type { StreamEvent } from "#lib/contracts/stream.ts";

/** One event as it goes over the wire, written out once however many read it. */
export interface Frame {
  event: StreamEvent;
  /** Environment it speaks of; null: everybody may see it. */
  environment: string | null;
  text: string;
}

/** Server-sent event. `id` is the stream position a client may resume from; none where it may not (snapshots, heartbeats). JSON has no line breaks of its own. */
export function frameOf(event: StreamEvent, environment: string | null, id: number | null): Frame {
  return { event, environment, text: `${id === null ? "" : `id: ${id}\n`}event: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n` };
}

/** A snapshot and the mark that it is complete, from which a client may resume. */
export function snapshotFrames(snapshot: PlatformSnapshot): Frame[] {
  return [frameOf({ type: "snapshot", data: snapshot }, null, null), frameOf({ type: "ready", data: { position: snapshot.position } }, null, snapshot.position)];
}
