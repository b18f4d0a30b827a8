import { expect, test } from "vitest";
import { portalNews } from "#components/shell/announcements.ts";
import { fixtureGuard, fixtureIncident, fixtureNow, fixtureOperation, fixtureSnapshot } from "#components/query/fixtures.ts";

test("screen readers hear of broken glass, proposals and what waits for approval, each under a key of its own", () => {
  const breakGlass = { id: "bg-1", by: "Rafael", reason: "payments fail", openedAt: fixtureNow, expiresAt: "2026-11-21T14:18:30.000Z" };
  const proposal = { operationId: "op-1", release: 212, sentence: "Experience fails since the promotion of R-213", evidence: [], at: fixtureNow };
  const snapshot = fixtureSnapshot({ guards: [fixtureGuard("prod", { breakGlass, proposal })], operations: [fixtureOperation({ id: "op-2", status: "awaiting" }), fixtureOperation({ id: "op-3" })] });
  expect([...portalNews(snapshot, Date.parse(fixtureNow))]).toEqual([
    ["break-glass bg-1", "Rafael opened break-glass in prod"],
    ["proposal op-1", "Experience fails since the promotion of R-213"],
    ["awaiting op-2", "Promote R-214 to staging waits for approval"],
  ]);
  // The countdown says nothing new, and its end is silent.
  expect([...portalNews(snapshot, Date.parse(breakGlass.expiresAt)).keys()]).toEqual(["proposal op-1", "awaiting op-2"]);
});

test("an incident is told once when it opens and once when it opens again; a better sentence or an acknowledgement is no news", () => {
  const keys = (overrides: Parameters<typeof fixtureIncident>[0]) => [...portalNews(fixtureSnapshot({ incidents: [fixtureIncident(overrides)], operations: [] }), Date.parse(fixtureNow))];
  expect(keys({ title: "Payments fail" })).toEqual([["incident 12 0", "Incident 12 opened in prod, critical: Payments fail"]]);
  expect(keys({ title: "Payments fail: the bank is away", status: "acknowledged" })[0]?.[0]).toBe("incident 12 0");
  expect(keys({ reopened: 1 })[0]).toEqual(["incident 12 1", expect.stringContaining("Incident 12 opened again in prod")]);
  expect(keys({ status: "resolved" })).toEqual([]);
});
