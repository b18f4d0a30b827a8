import { describe, expect, test } from "vitest";
import { formatInBothZones, formatInZone } from "#components/guards/zoned-time.ts";

const now = Date.parse("2026-11-21T14:06:00.000Z");

describe("a moment as the clocks of a zone show it", () => {
  test.each([
    ["2026-11-21T16:00:00.000Z", "Europe/Paris", "17:00"],
    ["2026-12-01T13:00:00.000Z", "Europe/Paris", "Tue 1 Dec, 14:00"],
    // Already the next day in Auckland.
    ["2026-11-21T16:00:00.000Z", "Pacific/Auckland", "05:00"],
    ["2026-11-21T23:30:00.000Z", "Europe/Paris", "Sun 22 Nov, 00:30"],
    ["2027-12-07T13:00:00.000Z", "Europe/Paris", "Tue 7 Dec 2027, 14:00"],
    // Both sides of the end of summer time.
    ["2026-10-25T00:30:00.000Z", "Europe/Paris", "Sun 25 Oct, 02:30"],
    ["2026-10-25T01:30:00.000Z", "Europe/Paris", "Sun 25 Oct, 02:30"],
    ["2026-12-01T13:00:00.000Z", "Mars/Olympus", "Tue 1 Dec, 13:00"],
  ])("%s in %s is %s", (at, zone, expected) => {
    expect(formatInZone(at, zone, now)).toBe(expected);
  });
});

describe("for the environment and for whoever reads it", () => {
  const at = "2026-12-01T13:00:00.000Z";
  test.each([
    ["Europe/London", "Tue 1 Dec, 14:00 (Europe/Paris; 13:00 here)"],
    ["Pacific/Auckland", "Tue 1 Dec, 14:00 (Europe/Paris; Wed 2 Dec, 02:00 here)"],
    ["Europe/Berlin", "Tue 1 Dec, 14:00 (Europe/Paris)"],
    [null, "Tue 1 Dec, 14:00 (Europe/Paris)"],
  ])("read in %s", (here, expected) => {
    expect(formatInBothZones(at, "Europe/Paris", here, now)).toBe(expected);
  });

  test("today needs no date, unless it is another day here", () => {
    expect(formatInBothZones("2026-11-21T16:00:00.000Z", "Europe/Paris", "UTC", now)).toBe("17:00 (Europe/Paris; 16:00 here)");
    expect(formatInBothZones("2026-11-21T23:30:00.000Z", "UTC", "Europe/Paris", now)).toBe("23:30 (UTC; Sun 22 Nov, 00:30 here)");
  });
});
