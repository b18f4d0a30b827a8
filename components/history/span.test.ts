import { describe, expect, test } from "vitest";
import { chosenSpan, historyHref, momentOf, momentWords, spanNames, spans } from "#components/history/span.ts";

const now = Date.parse("2026-11-21T14:06:00.000Z");
const hourMs = 3_600_000;

describe("the span that is shown", () => {
  test.each([
    ["7d", null, "7d"],
    [undefined, null, "24h"],
    ["for ever", null, "24h"],
    [undefined, now - 2 * hourMs, "24h"],
    [undefined, now - 25 * hourMs, "7d"],
    [undefined, now - 8 * 24 * hourMs, "30d"],
    [undefined, now - 60 * 24 * hourMs, "30d"],
    ["24h", now - 25 * hourMs, "24h"],
  ] as const)("%s at %s is %s", (given, at, span) => expect(chosenSpan(given, at, now)).toBe(span));

  test("each is a whole number of steps, and a page key goes whole steps", () => {
    for (const name of spanNames) expect([spans[name].ms % spans[name].stepMs, spans[name].pageMs % spans[name].stepMs]).toEqual([0, 0]);
  });
});

describe("addresses", () => {
  test.each([
    [null, "24h", "/"],
    [null, "7d", "/?over=7d"],
    ["2026-11-21T14:02:00Z", null, "/?at=2026-11-21T14:02:00Z"],
    ["2026-11-21T14:02:00.000Z", "30d", "/?at=2026-11-21T14:02:00Z&over=30d"],
  ] as const)("%s over %s is %s", (at, over, href) => expect(historyHref("/", at, over)).toBe(href));
  test("a moment has whole seconds", () => expect(momentOf(now + 123)).toBe("2026-11-21T14:06:00Z"));
});

describe("a moment in words", () => {
  test("in the reader's zone", () => expect(momentWords(now, "Europe/Paris")).toBe("15:06 on 21 Nov"));
  test("in UTC while the zone is not known, and it says so", () => expect(momentWords(now, null)).toBe("14:06 UTC on 21 Nov"));
  test("midnight is 00:00", () => expect(momentWords(Date.parse("2026-11-21T00:00:00Z"), "UTC")).toBe("00:00 on 21 Nov"));
});
