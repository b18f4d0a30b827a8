import { describe, expect, test } from "vitest";
import { keptLines, LogBuffer } from "#components/big-pod/log-buffer.ts";

const lines = (source: number, texts: readonly string[]) => ({ type: "lines" as const, lines: texts.map((text) => ({ source, at: "2026-11-21T14:00:00.000000000Z", text })) });

function filled(): LogBuffer {
  const buffer = new LogBuffer(["voyage", "ai"]);
  buffer.add({ type: "source", index: 0, pod: "experience-x1", container: "experience" });
  buffer.add({ type: "source", index: 1, pod: "experience-x2", container: "experience" });
  buffer.add(lines(0, ["voyage   | GET /a.b 200", "[ai] thinking", "spawned: voyage", "other | not a process"]));
  buffer.add(lines(1, ["voyage   | get /axb 500"]));
  return buffer;
}

describe("lines of several sources", () => {
  test("are told apart by the process that their supervisor names, else by their container", () => {
    const { shown, names } = filled().snapshot();
    expect(shown.map(({ process, text }) => [process, text])).toEqual([["voyage", "GET /a.b 200"], ["ai", "thinking"], [null, "spawned: voyage"], [null, "other | not a process"], ["voyage", "get /axb 500"]]);
    expect(names).toEqual(["voyage", "ai", "experience"]);
  });

  test("are searched for words as they stand, not for patterns, and hidden by source, while more come", () => {
    const buffer = filled();
    buffer.filter({ search: "/a.b", hidden: new Set() });
    buffer.add(lines(1, ["voyage   | GET /A.B 201", "voyage   | GET /a-b 404"]));
    expect(buffer.snapshot().shown.map(({ text }) => text)).toEqual(["GET /a.b 200", "GET /A.B 201"]);
    expect(buffer.snapshot().total).toBe(7);
    buffer.filter({ search: "", hidden: new Set(["voyage", "experience"]) });
    expect(buffer.snapshot().shown.map(({ text }) => text)).toEqual(["thinking"]);
    expect(buffer.asText("shown")).toBe("2026-11-21T14:00:00.000000000Z experience-x1 ai thinking\n");
  });

  test("terminal sequences and direction overrides are inert", () => {
    const buffer = new LogBuffer([]);
    buffer.add({ type: "source", index: 0, pod: "p", container: "c" });
    buffer.add(lines(0, ["\u001b[31mred\u001b[0m \u001b]0;title\u0007\u202e<b>"]));
    expect(buffer.snapshot().shown[0]?.text).toBe("red �<b>");
  });
});

test("the oldest fall off, the shown ones with them, and fifty thousand more cost little", () => {
  const buffer = new LogBuffer([]);
  buffer.add({ type: "source", index: 0, pod: "p", container: "c" });
  buffer.filter({ search: "7", hidden: new Set() });
  for (let batch = 0; batch < 400; batch += 1) buffer.add(lines(0, Array.from({ length: 500 }, (_, index) => `line ${batch * 500 + index}`)));
  const { shown, total } = buffer.snapshot();
  expect(total).toBeLessThanOrEqual(keptLines);
  expect(total).toBeGreaterThan(keptLines * 0.9);
  expect(shown.every(({ text }) => text.includes("7"))).toBe(true);
  expect(shown.at(-1)?.text).toBe("line 199997");
  expect(shown[0]?.id).toBeGreaterThan(200_000 - keptLines);
});

test("long lines are bounded by their size, not only by their count", () => {
  const buffer = new LogBuffer([]);
  buffer.add({ type: "source", index: 0, pod: "p", container: "c" });
  for (let count = 0; count < 300; count += 1) buffer.add(lines(0, ["x".repeat(250_000)]));
  expect(buffer.snapshot().total).toBeLessThan(170);
  expect(buffer.snapshot().shown.at(-1)?.id).toBe(300);
});
