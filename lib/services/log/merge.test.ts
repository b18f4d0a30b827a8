import { describe, expect, test } from "vitest";
import type { LogEvent } from "#lib/contracts/log.ts";
import { mergeLogs, mostHeld } from "#lib/services/log/merge.ts";

async function* from(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

async function all(events: AsyncIterable<LogEvent>): Promise<LogEvent[]> {
  const got: LogEvent[] = [];
  for await (const event of events) got.push(event);
  return got;
}

const texts = (events: readonly LogEvent[]): string[] => events.flatMap((event) => (event.type === "lines" ? event.lines.map(({ text }) => text) : []));
const end = { type: "ended" as const, text: "over" };

describe("logs of several containers", () => {
  test("come in the order of their times, each source told before its first line", async () => {
    const merged = mergeLogs(() => performance.now());
    await merged.read({ pod: "a", container: "x" }, from(["2026-11-21T14:00:01.5Z one", "2026-11-21T14:00:03.000000001Z three"]));
    await merged.read({ pod: "b", container: "x" }, from(["2026-11-21T14:00:02Z two", "2026-11-21T14:00:03.1Z four", "without a time"]));
    merged.close(end);
    const events = await all(merged.events());
    expect(texts(events)).toEqual(["one", "two", "three", "four", "without a time"]);
    expect(events.slice(0, 2)).toEqual([{ type: "source", index: 0, pod: "a", container: "x" }, { type: "source", index: 1, pod: "b", container: "x" }]);
    expect(events.at(-1)).toEqual(end);
  });

  test("a log that is opened again does not repeat what was told", async () => {
    const merged = mergeLogs(() => performance.now());
    const source = { pod: "a", container: "x" };
    await merged.read(source, from(["2026-11-21T14:00:01Z one"]));
    await merged.read(source, from(["2026-11-21T14:00:01Z one", "2026-11-21T14:00:01.2Z two"]));
    merged.close(end);
    expect(texts(await all(merged.events()))).toEqual(["one", "two"]);
  });

  test("one that breaks off is a note, and the others go on", async () => {
    const merged = mergeLogs(() => performance.now());
    const broken = async function* (): AsyncGenerator<string> {
      yield "2026-11-21T14:00:01Z one";
      throw new Error("the pod is gone");
    };
    expect(await merged.read({ pod: "a", container: "x" }, broken())).toEqual({ failed: "the pod is gone" });
    merged.note({ pod: "a", container: "x" }, "the pod is gone");
    merged.note({ pod: "a", container: "x" }, "the pod is gone");
    await merged.read({ pod: "b", container: "x" }, from(["2026-11-21T14:00:02Z two"]));
    merged.close(end);
    const events = await all(merged.events());
    expect(events.filter((event) => event.type === "note")).toEqual([{ type: "note", source: 0, text: "the pod is gone" }]);
    expect(texts(events)).toEqual(["one", "two"]);
  });

  test("a reader who takes nothing holds up no source and costs a bounded number of lines", async () => {
    const merged = mergeLogs(() => performance.now());
    const many = Array.from({ length: 50_000 }, (_, index) => `2026-11-21T14:00:00.${String(index).padStart(9, "0")}Z line ${index}`);
    await merged.read({ pod: "a", container: "x" }, from(many));
    merged.close(end);
    const events = await all(merged.events());
    const skipped = events.reduce((sum, event) => sum + (event.type === "skipped" ? event.count : 0), 0);
    expect(texts(events).length).toBeLessThanOrEqual(mostHeld);
    expect(texts(events).length + skipped).toBe(50_000);
    expect(texts(events).at(-1)).toBe("line 49999");
  });
});
