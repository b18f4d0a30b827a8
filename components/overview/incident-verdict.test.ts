import { describe, expect, test } from "vitest";
import { withIncidents } from "#components/overview/incident-verdict.ts";
import { fixtureIncident, fixtureNow, fixtureSnapshot } from "#components/query/fixtures.ts";
import type { Verdict } from "#lib/domain/verdict.ts";

const snapshot = fixtureSnapshot();
const now = new Date(fixtureNow);
const well: Verdict = { status: "healthy", sentence: "Production is well", environment: null, bigPod: null, since: null, others: [] };
const broken: Verdict = { status: "broken", sentence: "Experience is broken in prod for 4 min: out of memory", environment: "prod", bigPod: "experience", since: fixtureNow, others: [] };

describe("the verdict, with what incidents know", () => {
  test("an open critical incident in production is the verdict, also when every tile is green", () => {
    const incident = fixtureIncident({ title: "11.8 % of the requests fail" });
    expect(withIncidents(well, [incident], snapshot, now)).toMatchObject({ status: "broken", sentence: "Experience is in trouble in prod for 5 min: 11.8 % of the requests fail", bigPod: "experience", incident });
  });
  test("one that concerns the whole environment names it", () => {
    expect(withIncidents(well, [fixtureIncident({ bigPod: null, title: "The ingress answers 502" })], snapshot, now).sentence).toBe("prod is in trouble for 5 min: The ingress answers 502");
  });
  test("what the tiles say keeps its words, and leads to its incident", () => {
    expect(withIncidents(broken, [fixtureIncident({ severity: "warning" })], snapshot, now)).toMatchObject({ sentence: broken.sentence, incident: { number: 12 } });
  });
  test.each([
    ["a warning", fixtureIncident({ severity: "warning" })],
    ["another environment's", fixtureIncident({ environment: "staging" })],
  ])("%s leaves production well", (_, incident) => expect(withIncidents(well, [incident], snapshot, now)).toEqual({ ...well, incident: null }));
  test("while the monitoring is blind, in whichever environment, well is not said", () => {
    const blind = fixtureIncident({ about: "monitoring", bigPod: null, environment: "dev", title: "The Watchdog alert is missing" });
    expect(withIncidents(well, [blind], snapshot, now)).toMatchObject({ status: "unknown", sentence: "Nobody can say whether production is well: The Watchdog alert is missing", incident: blind });
    expect(withIncidents(broken, [blind], snapshot, now)).toMatchObject({ status: "broken", incident: null });
  });
  test("what cannot be seen is not judged by what was seen before", () => {
    const stale: Verdict = { ...broken, status: "stale", sentence: "Production is out of sight", bigPod: null };
    expect(withIncidents(stale, [fixtureIncident()], snapshot, now)).toMatchObject({ status: "stale", sentence: stale.sentence });
  });
});
