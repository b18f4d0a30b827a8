import { eventTypes, readEvent } from "#components/query/apply-event.ts";
import type { StreamEvent } from "#lib/contracts/stream.ts";
import type { PlatformSnapshot } from "#lib/contracts/state.ts";

/**
 * One EventSource per browser. The tab that holds the Web Lock reads the stream and tells the others over a BroadcastChannel;
 * when it closes, the browser hands the lock to the next one, which resumes from the position it has.
 */
export interface StreamOptions {
  /** Separates people who share a browser one after another. */
  actorId: string;
  snapshot: () => PlatformSnapshot;
  onEvent: (event: StreamEvent, position: number | null) => void;
  /** "open" after the first bytes; "lost" while there is no connection. */
  onConnection: (connection: "open" | "lost") => void;
}

type Message =
  | { kind: "event"; event: StreamEvent; position: number | null }
  | { kind: "connection"; connection: "open" | "lost" }
  | { kind: "hello"; position: number };

const silenceMs = 7_000;
const firstRetryMs = 500;
const longestRetryMs = 10_000;

/** Opens (or joins) the stream. Returns what closes it. */
export function openStream(options: StreamOptions): () => void {
  const stop = new AbortController();
  const name = `vigie-stream:${options.actorId}`;
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(name);
  let connection: "open" | "lost" = "lost";
  let leading = false;

  const tell = (message: Message) => {
    // A BroadcastChannel reaches this origin only and takes no target.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    if (!stop.signal.aborted) channel?.postMessage(message);
  };
  const setConnection = (next: "open" | "lost") => {
    connection = next;
    options.onConnection(next);
    tell({ kind: "connection", connection: next });
  };
  const listen = (message: Message) => {
    if (message.kind === "hello") {
      if (!leading) return;
      const snapshot = options.snapshot();
      if (snapshot.position > message.position) tell({ kind: "event", event: { type: "snapshot", data: snapshot }, position: snapshot.position });
      tell({ kind: "connection", connection });
    } else if (leading) {
      return;
    } else if (message.kind === "event") {
      options.onEvent(message.event, message.position);
    } else {
      options.onConnection(message.connection);
    }
  };
  // Safe: the channel's name is ours and only these messages are posted to it.
  channel?.addEventListener("message", (message) => listen(message.data as Message), { signal: stop.signal });
  tell({ kind: "hello", position: options.snapshot().position });

  const lead = () => {
    leading = true;
    return read({
      signal: stop.signal,
      position: () => options.snapshot().position,
      onEvent: (event, position) => {
        options.onEvent(event, position);
        tell({ kind: "event", event, position });
      },
      onConnection: setConnection,
    });
  };
  if (typeof navigator !== "undefined" && "locks" in navigator && channel) {
    navigator.locks.request(name, { signal: stop.signal }, lead).catch(() => undefined);
  } else {
    void lead();
  }
  return () => {
    stop.abort();
    channel?.close();
  };
}

interface ReadOptions {
  signal: AbortSignal;
  position: () => number;
  onEvent: (event: StreamEvent, position: number | null) => void;
  onConnection: (connection: "open" | "lost") => void;
}

/** Reads until the signal fires. A connection that went silent (a sleeping laptop, a proxy) is dropped and made anew. */
function read({ signal, position, onEvent, onConnection }: ReadOptions): Promise<void> {
  return new Promise((resolve) => {
    // Closed while the lock was being granted: nobody would ever let go of it.
    if (signal.aborted) return resolve();
    let source: EventSource | null = null;
    let retryTimer: ReturnType<typeof setTimeout> | undefined;
    let silenceTimer: ReturnType<typeof setTimeout> | undefined;
    let retryMs = firstRetryMs;

    const heard = () => {
      clearTimeout(silenceTimer);
      silenceTimer = setTimeout(() => again(), silenceMs);
    };
    const again = () => {
      if (signal.aborted) return;
      source?.close();
      clearTimeout(silenceTimer);
      clearTimeout(retryTimer);
      onConnection("lost");
      retryTimer = setTimeout(connect, retryMs);
      retryMs = Math.min(longestRetryMs, retryMs * 2);
    };
    const connect = () => {
      source = new EventSource(`/api/stream?after=${position()}`);
      heard();
      source.addEventListener("open", () => {
        retryMs = firstRetryMs;
        onConnection("open");
        heard();
      });
      source.addEventListener("error", again);
      const receive = (type: string) => (message: MessageEvent<string>) => {
        heard();
        const event = readEvent(type, message.data);
        if (!event) return;
        const id = message.lastEventId === "" ? Number.NaN : Number(message.lastEventId);
        onEvent(event, Number.isSafeInteger(id) ? id : null);
      };
      source.addEventListener("message", receive(""));
      for (const type of eventTypes) source.addEventListener(type, receive(type));
    };
    signal.addEventListener("abort", () => {
      clearTimeout(retryTimer);
      clearTimeout(silenceTimer);
      source?.close();
      resolve();
    }, { once: true });
    connect();
  });
}
