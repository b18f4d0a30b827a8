import { expect, test } from "vitest";
import { momentOf, momentsOf, monthOf } from "#lib/domain/audit-range.ts";

// A Saturday.
const now = new Date("2026-11-21T18:30:00.000Z");

test.each([
  ["1h", { from: "2026-11-21T17:30:00.000Z" }],
  ["7d", { from: "2026-11-14T18:30:00.000Z" }],
  ["today", { from: "2026-11-21T00:00:00.000Z" }],
  ["yesterday", { from: "2026-11-20T00:00:00.000Z", to: "2026-11-20T23:59:59.999Z" }],
  ["last-tuesday", { from: "2026-11-17T00:00:00.000Z", to: "2026-11-17T23:59:59.999Z" }],
  ["last-saturday", { from: "2026-11-14T00:00:00.000Z", to: "2026-11-14T23:59:59.999Z" }],
  ["this-month", { from: "2026-11-01T00:00:00.000Z" }],
  ["last-month", { from: "2026-10-01T00:00:00.000Z", to: "2026-10-31T23:59:59.999Z" }],
] as const)("%s", (range, moments) => {
  expect(momentsOf(range, now)).toEqual(moments);
});

test("months and days end with their last millisecond", () => {
  expect(monthOf("2028-02")).toEqual({ from: "2028-02-01T00:00:00.000Z", to: "2028-02-29T23:59:59.999Z" });
  expect(monthOf("2026-12").to).toBe("2026-12-31T23:59:59.999Z");
  expect(momentOf("2026-11-17", "to")).toBe("2026-11-17T23:59:59.999Z");
  expect(momentOf("2026-11-17T10:00:00Z", "from")).toBe("2026-11-17T10:00:00Z");
});
