import { expect, test } from "vitest";
import { parseCron } from "#sandbox/controllers/cron-schedule.ts";

const from = "2026-11-21T08:07:30Z"; // a Saturday

test.each([
  ["*/15 * * * *", "2026-11-21T08:15:00Z"],
  ["15 2 * * *", "2026-11-22T02:15:00Z"],
  ["0 0 1 * *", "2026-12-01T00:00:00Z"],
  ["30 8 * * mon-fri", "2026-11-23T08:30:00Z"],
  ["0 12 * * 7", "2026-11-22T12:00:00Z"],
  ["0 12 * * 0", "2026-11-22T12:00:00Z"],
  ["5,35 8-10/2 * * *", "2026-11-21T08:35:00Z"],
  ["10/20 * * * *", "2026-11-21T08:10:00Z"],
  ["0 0 29 2 *", "2028-02-29T00:00:00Z"],
  ["0 0 13 * fri", "2026-11-27T00:00:00Z"], // either day will do
  ["0 0 * feb *", "2027-02-01T00:00:00Z"],
  ["@hourly", "2026-11-21T09:00:00Z"],
  ["@weekly", "2026-11-22T00:00:00Z"],
  ["@yearly", "2027-01-01T00:00:00Z"],
])("%s next fires at %s", (expression, expected) => {
  const next = parseCron(expression).after(Date.parse(from));
  expect(new Date(next ?? 0).toISOString()).toBe(new Date(expected).toISOString());
  expect(parseCron(expression).matches(next ?? 0)).toBe(true);
});

test("a schedule follows the clocks of its time zone, across the change to summer time", () => {
  const schedule = parseCron("30 7 * * *", "Europe/Paris");
  expect(new Date(schedule.after(Date.parse("2027-03-27T12:00:00Z")) ?? 0).toISOString()).toBe("2027-03-28T05:30:00.000Z");
  expect(new Date(schedule.after(Date.parse("2026-11-21T08:00:00Z")) ?? 0).toISOString()).toBe("2026-11-22T06:30:00.000Z");
});

test("30 February never comes", () => {
  expect(parseCron("0 0 30 2 *").after(Date.parse(from))).toBeUndefined();
});

test.each([
  ["* * * *", "expected exactly 5 fields, found 4"],
  ["60 * * * *", 'minute: "60" is not between 0 and 59'],
  ["* 5-2 * * *", 'hour: "5-2" runs backwards'],
  ["*/0 * * * *", 'minute: "*/0" has no usable step'],
  ["* * * foo *", 'month: "foo" is not between 1 and 12'],
  ["* * * * -1", "day of week"],
])("%s is refused: %s", (expression, words) => {
  expect(() => parseCron(expression)).toThrow(words);
});
