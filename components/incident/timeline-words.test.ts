import { expect, test } from "vitest";
import { arrange, clockIn, isLate, kindPresentation, timelineFilters } from "#components/incident/timeline-words.ts";
import { fixtureEntry } from "#components/incident/test-incident.ts";
import { timelineKinds } from "#lib/domain/incident-status.ts";

const at = "2026-11-21T14:00:00.000Z";

test("pages that overlap are one timeline, in either order; what happened at the same moment stays in the order it was written", () => {
  const [one, two, three] = [fixtureEntry(1, { at }), fixtureEntry(2, { at }), fixtureEntry(3, { at: "2026-11-21T13:00:00.000Z", late: true })];
  expect(arrange([[one, two], [two, three]], "all", "newest").map(({ id }) => id)).toEqual([2, 1, 3]);
  expect(arrange([[one, two], [two, three]], "all", "oldest").map(({ id }) => id)).toEqual([3, 1, 2]);
});

test("every kind of entry is found under a filter", () => {
  for (const kind of timelineKinds) {
    const { filter } = kindPresentation[kind];
    expect(timelineFilters).toContain(filter);
    expect(arrange([[fixtureEntry(1, { kind })]], filter, "newest")).toHaveLength(1);
  }
  expect(arrange([[fixtureEntry(1, { kind: "note" })]], "signals", "newest")).toEqual([]);
});

test("clocks of two zones, across midnight", () => {
  expect(clockIn("2026-11-21T23:30:05.000Z", "UTC")).toEqual({ day: "Sat 21 Nov 2026", clock: "23:30:05" });
  expect(clockIn("2026-11-21T23:30:05.000Z", "Europe/Paris")).toEqual({ day: "Sun 22 Nov 2026", clock: "00:30:05" });
});

test("the past that is collected when an incident opens is not late; what comes after somebody may have read it is", () => {
  const openedAt = "2026-11-21T14:02:00.000Z";
  const entry = { late: true, recordedAt: "2026-11-21T14:02:01.000Z" };
  expect(isLate(entry, openedAt)).toBe(false);
  expect(isLate({ ...entry, recordedAt: "2026-11-21T14:05:00.000Z" }, openedAt)).toBe(true);
  expect(isLate({ late: false, recordedAt: "2026-11-21T14:05:00.000Z" }, openedAt)).toBe(false);
});
