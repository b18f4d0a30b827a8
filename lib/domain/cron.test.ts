import { expect, test } from "vitest";
import { lastDue, parseSchedule } from "#lib/domain/cron.ts";

const before = new Date("2026-11-21T14:10:00Z"); // a Saturday
const due = (schedule: string, zone: string | null = null, count = 2, at = before): string[] | null => lastDue(schedule, zone, at, count)?.map((time) => time.toISOString().slice(0, 16)) ?? null;

test.each<[string, string | null, string[]]>([
  ["15 2 * * *", null, ["2026-11-21T02:15", "2026-11-20T02:15"]],
  ["*/20 * * * *", null, ["2026-11-21T14:00", "2026-11-21T13:40"]],
  ["10 14 * * *", null, ["2026-11-21T14:10", "2026-11-20T14:10"]],
  ["0 9-17/4 * * mon-fri", null, ["2026-11-20T17:00", "2026-11-20T13:00"]],
  ["0 0 1 * *", null, ["2026-11-01T00:00", "2026-10-01T00:00"]],
  ["0 0 1 * 7", null, ["2026-11-15T00:00", "2026-11-08T00:00"]],
  ["@weekly", "UTC", ["2026-11-15T00:00", "2026-11-08T00:00"]],
  ["0 3 * * *", "Europe/Paris", ["2026-11-21T02:00", "2026-11-20T02:00"]],
  ["30 9 * * *", "Asia/Kolkata", ["2026-11-21T04:00", "2026-11-20T04:00"]],
])("%s in %s", (schedule, zone, expected) => expect(due(schedule, zone)).toEqual(expected));

test("an hour that a clock change leaves out is not due on that day, and one that comes twice is due twice", () => {
  expect(due("30 2 * * *", "Europe/Paris", 2, new Date("2026-03-29T12:00:00Z"))).toEqual(["2026-03-28T01:30", "2026-03-27T01:30"]);
  expect(due("30 2 * * *", "Europe/Paris", 2, new Date("2026-10-25T12:00:00Z"))).toEqual(["2026-10-25T01:30", "2026-10-25T00:30"]);
});

test.each(["", "* * * *", "60 * * * *", "5-1 * * * *", "* * 0 * *", "a b c d e", "@every 1h", "*/0 * * * *"])("no schedule: %j", (schedule) => {
  expect(parseSchedule(schedule)).toBeNull();
  expect(due(schedule)).toBeNull();
});

test("an unknown zone is not guessed, and a date that never comes ends the search", () => {
  expect(due("0 0 * * *", "Mars/Olympus")).toBeNull();
  expect(due("0 0 31 2 *")).toEqual([]);
});
