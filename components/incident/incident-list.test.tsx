import { describe, expect, test } from "vitest";
import { IncidentFilters, incidentsHref } from "#components/incident/incident-filters.tsx";
import { IncidentList } from "#components/incident/incident-list.tsx";
import type { IncidentFilter } from "#components/incident/incident-list.tsx";
import { IncidentNumbersPanel } from "#components/incident/incident-numbers.tsx";
import { fixtureIncident, fixtureNow, fixtureSnapshot } from "#components/query/fixtures.ts";
import { renderHtml, renderText } from "#components/test-render.tsx";

const any: IncidentFilter = { status: "open", environment: null, bigPod: null, severity: null };
const resolved = { at: fixtureNow, by: "Vigie" };

describe("the list of incidents", () => {
  test("what opened meanwhile stands on the first page, and what ended leaves it", () => {
    const read = [fixtureIncident({ number: 12 })];
    const snapshot = fixtureSnapshot({ incidents: [fixtureIncident({ number: 13, title: "Payments fail" }), fixtureIncident({ number: 12, status: "resolved", resolved })] });
    const first = renderText(<IncidentList incidents={read} filter={any} first />, { snapshot });
    expect(first).toContain("#13 Payments fail");
    expect(first).not.toContain("12 panorama");
    expect(renderText(<IncidentList incidents={read} filter={any} first={false} />, { snapshot })).not.toContain("Payments fail");
  });
  test("a row says how bad, where, since when, who, and what is suspected", () => {
    expect(renderText(<IncidentList incidents={[fixtureIncident()]} filter={any} first />)).toMatch(/#12 panorama in .* for 5 min critical open · Experience, prod · nobody is on it yet · 2 signals fire suspect: R-213, Experience v2.2.1 → v2.3.0 worse/);
  });
  test("nothing open, nothing found and a blind monitoring are three different things", () => {
    const of = (filter: Partial<IncidentFilter>, snapshot = fixtureSnapshot()) => renderHtml(<IncidentList incidents={[]} filter={{ ...any, ...filter }} first />, { snapshot });
    expect(of({})).toContain("data-nothing-open");
    expect(of({ status: "resolved" })).toMatch(/data-absence="empty".*No incident has ended yet/);
    expect(of({ status: "all", severity: "info" })).toContain("No incident fits what was chosen");
    const blind = of({ severity: "critical" }, fixtureSnapshot({ incidents: [fixtureIncident({ about: "monitoring", bigPod: null, severity: "warning", title: "The Watchdog alert is missing" })] }));
    expect(blind).toMatch(/data-absence="unknown".*the monitoring is blind.*The Watchdog alert is missing/);
    expect(blind).not.toContain("data-nothing-open");
  });
  test("nothing is not said in green while no worker looks", () => {
    const silent = renderHtml(<IncidentList incidents={[]} filter={any} first />, { snapshot: fixtureSnapshot({ workerSeenAt: null }) });
    expect(silent).toMatch(/data-absence="unknown".*Vigie may not hear of new ones/);
  });
});

test("filters are links, each an address of its own", () => {
  const html = renderHtml(<IncidentFilters filter={{ ...any, environment: "prod" }} environments={[{ name: "prod", title: "prod" }]} bigPods={[{ name: "core", title: "Core" }]} />);
  expect(html).toContain('href="/incidents?status=all&amp;environment=prod"');
  expect(html).toContain('href="/incidents?environment=prod&amp;severity=critical"');
  expect(incidentsHref(any)).toBe("/incidents");
  expect(incidentsHref({ ...any, bigPod: "core" }, 12)).toBe("/incidents?bigPod=core&before=12");
});

test("numbers stand with their definition and what they rest on, or say that there is too little", () => {
  const numbers = { environment: "prod", bigPod: null, days: 90, from: fixtureNow, to: fixtureNow, numbers: [
    { name: "time-to-acknowledge" as const, title: "Time to acknowledge", definition: "From opening to the first acknowledgement.", unit: "seconds" as const, n: 12, value: 194, p95: 900, note: "n = 12" },
    { name: "change-failure-rate" as const, title: "Change failure rate", definition: "Failed deployments of all.", unit: "share" as const, n: 14, value: 3 / 14, p95: null, note: "3 of 14 deployments failed" },
    { name: "time-to-resolve" as const, title: "Time to resolve", definition: "From onset to the end.", unit: "seconds" as const, n: 3, value: null, p95: null, note: "n = 3, shown from 5" },
  ] };
  const text = renderText(<IncidentNumbersPanel numbers={numbers} />);
  expect(text).toContain("Time to acknowledge : From opening to the first acknowledgement. 3 min 14 s 95 % within 15 min · n = 12");
  expect(text).toContain("21.4 % 3 of 14 deployments failed");
  expect(text).toContain("too few to say n = 3, shown from 5");
});
