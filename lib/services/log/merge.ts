import type { LogEvent, LogLine } from "#lib/contracts/log.ts";

/** Lines held for a reader who does not take them; beyond that the oldest are left out and counted. */
export const mostHeld = 5_000;
const mostHeldCharacters = 4_000_000;
const mostInBatch = 500;
/** Lines that come within this time are put in the order of their times. */
const gatherMs = 80;
/** At the beginning every container sends its newest lines: they are waited for a little longer, so that they come merged. */
const firstGatherMs = 400;

export interface LogSource {
  pod: string;
  container: string;
}

export interface Merged {
  /** Begins to read a source; lines carry the kubelet's time stamps. What it throws becomes a note, and the others go on. Returns when it has ended. */
  read(source: LogSource, lines: AsyncIterable<string>): Promise<{ failed: string | null }>;
  /** A sentence about one source; the same one is not told twice in a row. */
  note(source: LogSource, text: string): void;
  /** Lets the reader come to an end once what is held has been taken. */
  close(last: Extract<LogEvent, { type: "ended" | "failed" }>): void;
  /** Events, as fast as the reader takes them: a slow reader costs a bounded number of lines and never holds up a source. */
  events(): AsyncGenerator<LogEvent>;
}

/** Merges the logs of several containers into one stream. `now` in milliseconds, monotonic. */
export function mergeLogs(now: () => number): Merged {
  const indexes = new Map<string, number>();
  const notes = new Map<number, string>();
  const seenUntil = new Map<number, string>();
  let told: LogEvent[] = [];
  let held: LogLine[] = [];
  let characters = 0;
  let skipped = 0;
  let first: number | null = null;
  let begun = false;
  let last: LogEvent | null = null;
  let wake: () => void = () => undefined;

  function indexOf(source: LogSource): number {
    const key = `${source.pod}/${source.container}`;
    const known = indexes.get(key);
    if (known !== undefined) return known;
    const index = indexes.size;
    indexes.set(key, index);
    told.push({ type: "source", index, ...source });
    return index;
  }

  function hold(line: LogLine): void {
    held.push(line);
    characters += line.text.length;
    if (held.length > mostHeld || characters > mostHeldCharacters) {
      // A tenth at a time: dropping one by one would cost a move of the whole list for each.
      const dropped = held.splice(0, Math.max(1, Math.ceil(held.length / 10)));
      skipped += dropped.length;
      characters = held.reduce((sum, { text }) => sum + text.length, 0);
    }
    first ??= now();
    wake();
  }

  async function sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        if (last === null) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function something(): Promise<void> {
    if (held.length > 0 || told.length > 0 || last !== null) return;
    await new Promise<void>((resolve) => (wake = resolve));
  }

  return {
    async read(source, lines) {
      const index = indexOf(source);
      wake();
      try {
        for await (const raw of lines) {
          const line = stamped(index, raw);
          // A log that is opened again begins with lines that were shown already.
          const until = seenUntil.get(index);
          if (line.at !== null) {
            if (until !== undefined && line.at <= until) continue;
            seenUntil.set(index, line.at);
          }
          hold(line);
        }
        return { failed: null };
      } catch (error) {
        return { failed: error instanceof Error ? error.message : String(error) };
      }
    },
    note(source, text) {
      const index = indexOf(source);
      if (notes.get(index) === text) return;
      notes.set(index, text);
      told.push({ type: "note", source: index, text });
      wake();
    },
    close(event) {
      last ??= event;
      wake();
    },
    async *events() {
      for (;;) {
        await something();
        const waited = first === null ? 0 : now() - first;
        const wanted = begun ? gatherMs : firstGatherMs;
        if (held.length > 0 && held.length < mostInBatch && waited < wanted && last === null) await sleep(wanted - waited);
        const [events, missing] = [told, skipped];
        told = [];
        skipped = 0;
        yield* events;
        if (missing > 0) yield { type: "skipped", count: missing };
        if (held.length > 0) {
          const ordered = held.toSorted((a, b) => (a.at === null || b.at === null || a.at === b.at ? 0 : a.at < b.at ? -1 : 1));
          const batch = ordered.slice(0, mostInBatch);
          held = ordered.slice(mostInBatch);
          characters = held.reduce((sum, { text }) => sum + text.length, 0);
          first = held.length > 0 ? first : null;
          begun = true;
          yield { type: "lines", lines: batch };
        } else if (last !== null) {
          yield last;
          return;
        }
      }
    },
  };
}

/** "2026-11-21T14:02:11.123456789Z text", as the kubelet writes it with `timestamps=true`. Anything else is text without a time. */
function stamped(source: number, raw: string): LogLine {
  const space = raw.indexOf(" ");
  const stamp = space === -1 ? raw : raw.slice(0, space);
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/.test(stamp)) return { source, at: null, text: raw };
  // Nine digits always, so that times compare as texts.
  const [whole = "", fraction = ""] = stamp.slice(0, -1).split(".");
  return { source, at: `${whole}.${fraction.padEnd(9, "0")}Z`, text: space === -1 ? "" : raw.slice(space + 1) };
}
