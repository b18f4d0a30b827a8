import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { isKnownTimeZone, nextAt, recurrenceMistakes, zoneClock } from "#lib/domain/recurrence.ts";
import { freezeAt, windowAt, windowSpans, zonedWords } from "#lib/domain/window.ts";

const paris = "Europe/Paris";
const weekly = (on: string[], from: string, to: string, timeZone = paris, name = "weekly") => ({ name, every: "week" as const, on, from, to, timeZone });
const monthly = (on: string[], from: string, to: string, timeZone = paris, name = "release day") => ({ name, every: "month" as const, on, from, to, timeZone });
const daily = (from: string, to: string, timeZone = paris, name = "nightly") => ({ name, every: "day" as const, on: [], from, to, timeZone });
const at = (text: string): Date => new Date(text);
const opens = (window: Parameters<typeof windowAt>[0][number], now: string) => {
  const state = windowAt([window], [], at(now));
  return state === null || state.open ? state : state.opensAt?.toISOString();
};
const freeze = (from: string, to: string, timeZone = paris) => ({ name: "holidays", reason: "nobody is there", from, to, timeZone });

describe("windows", () => {
  test("without windows nothing is said", () => expect(windowAt([], [], at("2026-11-21T12:00:00Z"))).toBeNull());

  test("open from its first minute until, not at, its last", () => {
    const window = weekly(["tuesday"], "14:00", "17:00");
    expect(windowAt([window], [], at("2026-11-24T12:59:59Z"))).toMatchObject({ open: false, opensAt: at("2026-11-24T13:00:00Z") });
    expect(windowAt([window], [], at("2026-11-24T13:00:00Z"))).toEqual({ open: true, name: "weekly", timeZone: paris, closesAt: at("2026-11-24T16:00:00Z") });
    expect(windowAt([window], [], at("2026-11-24T16:00:00Z"))).toMatchObject({ open: false, opensAt: at("2026-12-01T13:00:00Z") });
  });

  test.each([
    ["the first tuesday of the month", monthly(["first tuesday"], "14:00", "17:00"), "2026-11-21T12:00:00Z", "2026-12-01T13:00:00.000Z"],
    ["the first tuesday when the month begins on a tuesday", monthly(["first tuesday"], "14:00", "17:00"), "2026-08-31T12:00:00Z", "2026-09-01T12:00:00.000Z"],
    ["the last friday of a month with four", monthly(["last friday"], "09:00", "10:00", "UTC"), "2027-02-01T00:00:00Z", "2027-02-26T09:00:00.000Z"],
    ["the last friday of a month with five", monthly(["last friday"], "09:00", "10:00", "UTC"), "2027-01-01T12:00:00Z", "2027-01-29T09:00:00.000Z"],
    ["day 31 skips the months that lack it", monthly(["31"], "09:00", "10:00", "UTC"), "2027-01-31T11:00:00Z", "2027-03-31T09:00:00.000Z"],
    ["day 29 in February of a leap year", monthly(["29"], "09:00", "10:00", "UTC"), "2028-01-30T00:00:00Z", "2028-02-29T09:00:00.000Z"],
    ["several weekdays", weekly(["monday", "thursday"], "09:00", "10:00", "UTC"), "2026-11-23T12:00:00Z", "2026-11-26T09:00:00.000Z"],
    ["another zone: Tuesday in Auckland is still Monday in UTC", weekly(["tuesday"], "08:00", "09:00", "Pacific/Auckland"), "2026-11-22T00:00:00Z", "2026-11-23T19:00:00.000Z"],
    ["every day", daily("02:00", "03:00", "UTC"), "2026-11-21T12:00:00Z", "2026-11-22T02:00:00.000Z"],
  ])("%s", (_, window, now, expected) => expect(opens(window, now)).toBe(expected));

  test("over midnight it belongs to the day it begins on", () => {
    const window = weekly(["friday"], "22:00", "02:00");
    expect(windowAt([window], [], at("2026-11-28T00:30:00Z"))).toMatchObject({ open: true, closesAt: at("2026-11-28T01:00:00Z") });
    expect(windowAt([window], [], at("2026-11-27T00:30:00Z"))).toMatchObject({ open: false });
  });

  test("windows that touch are one; the name is of the one that is open", () => {
    const windows = [weekly(["monday"], "22:00", "00:00", "UTC", "late"), weekly(["tuesday"], "00:00", "02:00", "UTC", "early")];
    expect(windowAt(windows, [], at("2026-11-23T23:00:00Z"))).toMatchObject({ open: true, name: "late", closesAt: at("2026-11-24T02:00:00Z") });
  });

  test("a window of the whole day is open for ever", () => {
    expect(windowAt([daily("00:00", "00:00")], [], at("2026-11-21T12:00:00Z"))).toMatchObject({ open: true, closesAt: null });
  });
});

describe("clock changes (Europe/Paris: 2026-03-29 02:00 → 03:00, 2026-10-25 03:00 → 02:00)", () => {
  const spans = (window: ReturnType<typeof daily>, day: string) =>
    windowSpans([window], at(`${day}T00:00:00Z`).getTime(), at(`${day}T12:00:00Z`).getTime()).map((span) => [new Date(span.fromMs).toISOString().slice(11, 16), (span.toMs - span.fromMs) / 60_000]);
  test("02:00–03:00 does not exist on the spring day: it opens the next day", () => {
    expect(spans(daily("02:00", "03:00"), "2026-03-29")).toEqual([]);
    expect(opens(daily("02:00", "03:00"), "2026-03-28T12:00:00Z")).toBe("2026-03-30T00:00:00.000Z");
  });
  test("a window that begins in the skipped hour begins when the clocks jump", () => expect(spans(daily("02:30", "04:00"), "2026-03-29")).toEqual([["01:00", 60]]));
  test("a window that ends in the skipped hour ends when the clocks jump", () => expect(spans(daily("01:30", "02:30"), "2026-03-29")).toEqual([["00:30", 30]]));
  test("a window over the jump is an hour shorter", () => expect(spans(daily("01:00", "04:00"), "2026-03-29")).toEqual([["00:00", 120]]));
  test("02:00–03:00 is two hours long on the autumn day", () => expect(spans(daily("02:00", "03:00"), "2026-10-25")).toEqual([["00:00", 120]]));
  test("in the doubled hour it begins the first time and ends the second", () => {
    expect(spans(daily("02:15", "02:45"), "2026-10-25")).toEqual([["00:15", 90]]);
    expect(windowAt([daily("02:15", "02:45")], [], at("2026-10-25T01:00:00Z"))).toMatchObject({ open: true, closesAt: at("2026-10-25T01:45:00Z") });
  });
  test("the wall clock counts, not the hours: 14:00 is 13:00 UTC in winter and 12:00 UTC in summer", () => {
    expect(opens(daily("14:00", "15:00"), "2026-03-28T14:00:00Z")).toBe("2026-03-29T12:00:00.000Z");
    expect(opens(daily("14:00", "15:00"), "2026-03-28T00:00:00Z")).toBe("2026-03-28T13:00:00.000Z");
  });
  test("half an hour of change (Lord Howe)", () => expect(windowSpans([daily("02:00", "02:30", "Australia/Lord_Howe")], at("2026-10-03T00:00:00Z").getTime(), at("2026-10-04T00:00:00Z").getTime()).filter((span) => span.odd)).toEqual([]));
  test("an overnight freeze ends at the second of two equal times", () => {
    const frozen = freeze("2026-10-24T20:00", "2026-10-25T02:30");
    expect(freezeAt([frozen], at("2026-10-25T01:29:59Z"))?.until).toEqual(at("2026-10-25T01:30:00Z"));
    expect(freezeAt([frozen], at("2026-10-25T01:30:00Z"))).toBeNull();
  });
});

describe("freezes", () => {
  const window = weekly(["tuesday"], "14:00", "17:00");
  test("the window that is frozen is passed over", () => {
    expect(windowAt([window], [freeze("2026-12-20T00:00", "2027-01-04T00:00")], at("2026-12-19T12:00:00Z"))).toMatchObject({ open: false, opensAt: at("2027-01-05T13:00:00Z") });
  });
  test("a window is shut while a freeze holds, and closes when one begins", () => {
    const frozen = freeze("2026-11-24T15:00", "2026-11-24T16:00");
    expect(windowAt([window], [frozen], at("2026-11-24T13:30:00Z"))).toMatchObject({ open: true, closesAt: at("2026-11-24T14:00:00Z") });
    expect(windowAt([window], [frozen], at("2026-11-24T14:30:00Z"))).toMatchObject({ open: false, opensAt: at("2026-11-24T15:00:00Z") });
  });
  test("frozen for a year: nothing opens", () => {
    expect(windowAt([window], [freeze("2026-01-01T00:00", "2030-01-01T00:00")], at("2026-11-24T13:30:00Z"))).toEqual({ open: false, name: "weekly", timeZone: paris, opensAt: null });
  });
  test("of several the one that ends last is told", () => {
    const freezes = [freeze("2026-11-01T00:00", "2026-11-30T00:00"), { ...freeze("2026-11-20T00:00", "2026-12-02T00:00"), name: "audit" }];
    expect(freezeAt(freezes, at("2026-11-21T12:00:00Z"))).toEqual({ name: "audit", reason: "nobody is there", until: at("2026-12-01T23:00:00Z"), timeZone: paris });
  });
});

test("what is open now began in the past, and what opens is not open a moment before, whatever the window, freeze and zone", () => {
  const zones = fc.constantFrom("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC");
  const time = fc.tuple(fc.nat(23), fc.nat(59)).map(([hour, minute]) => `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`);
  const shape = fc.oneof(
    fc.constant({ every: "day" as const, on: [] as string[] }),
    fc.constantFrom("monday", "sunday", "saturday").map((day) => ({ every: "week" as const, on: [day] })),
    fc.constantFrom("first sunday", "last sunday", "31", "1").map((day) => ({ every: "month" as const, on: [day] })),
  );
  const window = fc.record({ shape, from: time, to: time, timeZone: zones }).map(({ shape: { every, on }, ...rest }) => ({ name: "w", every, on, ...rest }));
  fc.assert(
    fc.property(window, fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2028, 0, 1) }), fc.boolean(), (one, nowMs, frozen) => {
      const freezes = frozen ? [freeze("2026-03-20T02:30", "2026-04-03T02:30")] : [];
      const state = windowAt([one], freezes, new Date(nowMs));
      if (state === null) throw new Error("there is a window");
      const change = state.open ? state.closesAt : state.opensAt;
      if (change === null) return;
      expect(change.getTime()).toBeGreaterThan(nowMs);
      expect(windowAt([one], freezes, change)?.open).toBe(!state.open);
      expect(windowAt([one], freezes, new Date(change.getTime() - 1))?.open).toBe(state.open);
    }),
    { numRuns: 60 },
  );
});

test("a time is told as people there read it", () => expect(zonedWords(at("2026-12-01T13:00:00Z"), paris)).toBe("Tue 1 Dec 2026 14:00 Europe/Paris"));

test.each([["Europe/Paris", true], ["UTC", true], ["America/Argentina/Buenos_Aires", true], ["Europe/Pari", false], ["+02:00", false], ["2020-01-01T00:00[Europe/Paris]", false], ["", false]])("time zone %j is known: %s", (zone, known) => expect(isKnownTimeZone(zone)).toBe(known));

test.each([
  [{ every: "week" as const, on: ["tuesday"], timeZone: paris }, []],
  [{ every: "week" as const, on: ["tuseday"], timeZone: paris }, [/"tuesday", not "tuseday"/]],
  [{ every: "week" as const, on: [], timeZone: paris }, [/weekdays/]],
  [{ every: "month" as const, on: ["first tuesday", "last friday", "31"], timeZone: paris }, []],
  [{ every: "month" as const, on: ["fifth tuesday", "32", "tuesday"], timeZone: paris }, [/not "fifth tuesday"/, /not "32"/, /not "tuesday"/]],
  [{ every: "day" as const, on: ["monday"], timeZone: paris }, [/every: week/]],
])("recurrence %j", (recurrence, expected) => {
  const mistakes = recurrenceMistakes(recurrence);
  expect(mistakes).toHaveLength(expected.length);
  expected.forEach((pattern, index) => expect(mistakes[index]?.expected).toMatch(pattern));
});

test("the next time of a drill", () => {
  const drill = { every: "week" as const, on: ["wednesday"], timeZone: paris, at: "03:30" };
  expect(nextAt(drill, at("2026-11-21T12:00:00Z"))).toEqual(at("2026-11-25T02:30:00Z"));
  expect(nextAt(drill, at("2026-11-25T02:30:00Z"))).toEqual(at("2026-12-02T02:30:00Z"));
});

test("local times become the moments that Temporal says, in every zone and over every clock change", () => {
  const zones = fc.constantFrom("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Antarctica/Troll", "Asia/Kathmandu");
  const halfHour = 1_800_000;
  fc.assert(
    fc.property(zones, fc.integer({ min: Date.UTC(2010, 0, 1) / halfHour, max: Date.UTC(2030, 0, 1) / halfHour }).map((half) => half * halfHour), (zone, localMs) => {
      const local = Temporal.PlainDateTime.from(new Date(localMs).toISOString().slice(0, 16));
      const [earlier, later] = [local.toZonedDateTime(zone, { disambiguation: "earlier" }), local.toZonedDateTime(zone, { disambiguation: "later" })];
      const skipped = !earlier.toPlainDateTime().equals(local);
      const jump = earlier.getTimeZoneTransition("next")?.epochMilliseconds;
      const clock = zoneClock(zone, localMs, localMs);
      expect([clock.moment(localMs, "first").ms, clock.moment(localMs, "second").ms]).toEqual(skipped ? [jump, jump] : [earlier.epochMilliseconds, later.epochMilliseconds]);
    }),
    { numRuns: 300 },
  );
});
