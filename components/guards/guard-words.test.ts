import { describe, expect, test } from "vitest";
import { guardPhrases, openBreakGlassOf, wayBackMark, wayBackSentence } from "#components/guards/guard-words.ts";
import { fixtureGuard, fixtureNow } from "#components/query/fixtures.ts";

const now = Date.parse(fixtureNow);
const window = { open: true, name: "monthly", opensAt: null, closesAt: "2026-11-21T16:00:00.000Z", timeZone: "Europe/Paris" };
const texts = (overrides: Parameters<typeof fixtureGuard>[1], nowMs = now) => guardPhrases(fixtureGuard("prod", overrides), nowMs).map((phrase) => phrase.text);

describe("what guards an environment, in words", () => {
  test("nothing", () => expect(texts({})).toEqual([]));
  test("an open window says until when, in the environment's time", () => expect(texts({ window })).toEqual(["open until 17:00"]));
  test("a shut one says when it opens", () => expect(texts({ window: { ...window, open: false, opensAt: "2026-12-01T13:00:00.000Z", closesAt: null } })).toEqual(["opens Tue 1 Dec, 14:00"]));
  test("one that never opens says so", () => expect(texts({ window: { ...window, open: false, closesAt: null } })).toEqual(["“monthly” does not open within a year"]));
  test("past its end a window is not open any more, whatever was written last", () => expect(texts({ window }, Date.parse("2026-11-21T16:00:00.000Z"))).toEqual(["window just closed"]));
  test("a freeze comes first, with its reason, and ends by the clock", () => {
    const freeze = { name: "year end", reason: "nobody is here", until: "2026-11-21T20:00:00.000Z", timeZone: "Europe/Paris" };
    expect(texts({ freeze, window })).toEqual(["frozen until 21:00: nobody is here", "open until 17:00"]);
    expect(texts({ freeze }, Date.parse(freeze.until))).toEqual([]);
  });
  test.each([
    [1, "1 approval"],
    [2, "2 approvals"],
  ])("%d approvals and a strategy", (approvalsRequired, text) => expect(texts({ approvalsRequired, strategy: "blue-green" })).toEqual([text, "blue-green"]));
});

describe("the way back", () => {
  const rollback = { release: 211, verdict: "ready" as const, sentence: "ready to roll back to R-211", checkedAt: fixtureNow, proven: null };
  test("ready is green with its sentence", () => expect(wayBackMark(rollback, now)).toMatchObject({ tone: "ok", sentence: "ready to roll back to R-211" }));
  test("one that nobody looked at for long is not called ready", () => expect(wayBackMark(rollback, now + 3_600_000)).toMatchObject({ tone: "warn", sentence: expect.stringContaining("not looked at for a while") }));
  test("in one sentence with its last rehearsal", () => {
    const proven = { at: "2026-11-19T14:06:00.000Z", seconds: 41, succeeded: true, operationId: "op" };
    expect(wayBackSentence({ ...rollback, proven }, now)).toBe("ready to roll back to R-211, proven 2 d ago, 41 s");
    expect(wayBackSentence({ ...rollback, proven: { ...proven, succeeded: false } }, now)).toBe("ready to roll back to R-211, the last rehearsal failed, 2 d ago");
    expect(wayBackSentence(rollback, now)).toBe("ready to roll back to R-211, never rehearsed here");
  });
  test("why not is told", () => expect(wayBackMark({ ...rollback, verdict: "not-ready", sentence: "not ready: the image is gone" }, now)).toMatchObject({ tone: "warn", sentence: "not ready: the image is gone" }));
});

test("break-glass is over when its time is", () => {
  const breakGlass = { id: "bg", by: "Rafael", reason: "payments are down", openedAt: fixtureNow, expiresAt: "2026-11-21T14:21:00.000Z" };
  const guard = fixtureGuard("prod", { breakGlass });
  expect(openBreakGlassOf(guard, now)).toBe(breakGlass);
  expect(openBreakGlassOf(guard, Date.parse(breakGlass.expiresAt))).toBeNull();
  expect(openBreakGlassOf(undefined, now)).toBeNull();
});
