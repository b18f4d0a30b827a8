import type { AuditRange } from "#lib/domain/audit-range.ts";

/** What a range of time is called on screen. */
export const rangeWords: Record<AuditRange, string> = {
  "1h": "last hour",
  "24h": "last 24 hours",
  "7d": "last 7 days",
  "30d": "last 30 days",
  today: "today",
  yesterday: "yesterday",
  "last-monday": "last Monday",
  "last-tuesday": "last Tuesday",
  "last-wednesday": "last Wednesday",
  "last-thursday": "last Thursday",
  "last-friday": "last Friday",
  "last-saturday": "last Saturday",
  "last-sunday": "last Sunday",
  "this-month": "this month",
  "last-month": "last month",
};
