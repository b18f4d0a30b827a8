import { describe, expect, test } from "vitest";
import { fixtureGate, fixturePlan } from "#components/plan/test-plan.ts";
import { planStart } from "#components/plan/start-words.ts";
import { fixtureNow, fixtureOperation } from "#components/query/fixtures.ts";
import type { Plan } from "#lib/contracts/operation.ts";

const opensAt = "2026-12-01T13:00:00.000Z";
const surroundings = { timeZone: "Europe/Paris", here: "Europe/London", nowMs: Date.parse(fixtureNow), freeze: null, unfinished: [] };
type Wait = Plan["start"]["waits"][number];
const approvals: Wait = { for: "approvals", sentence: "2 approvals of 2", until: null };
const window: Wait = { for: "window", sentence: "the window “monthly”", until: opensAt };
const turn: Wait = { for: "turn", sentence: "its turn", until: null };
const waiting = (...waits: Wait[]) => fixturePlan({ ready: false, start: { how: "waits", waits } });

describe("the button says what will happen", () => {
  test("it runs at once", () => {
    expect(planStart(fixturePlan(), surroundings)).toEqual({ label: "Promote R-213 to prod", schedule: undefined, waits: [], disabledBecause: null });
  });
  test("it is asked for", () => {
    expect(planStart(waiting(approvals), surroundings)).toEqual({ label: "Ask for approval to promote R-213 to prod", schedule: undefined, waits: ["2 approvals of 2"], disabledBecause: null });
  });
  test("it is scheduled, in both zones, and the request says so", () => {
    expect(planStart(waiting(window), surroundings)).toMatchObject({ label: "Schedule for Tue 1 Dec, 14:00 (Europe/Paris; 13:00 here)", schedule: "next-window" });
  });
  test("both: asked for and scheduled", () => {
    expect(planStart(waiting(approvals, window), surroundings)).toMatchObject({ label: "Ask for approval to promote R-213 to prod, scheduled for Tue 1 Dec, 14:00 (Europe/Paris; 13:00 here)", schedule: "next-window" });
  });
  test("it queues behind the last in line", () => {
    const running = fixtureOperation({ id: "a", environment: "prod", title: "Restart core in prod" });
    expect(planStart(waiting(turn), { ...surroundings, unfinished: [running] }).label).toBe("Queue behind “Restart core in prod”");
    const queued = fixtureOperation({ id: "b", environment: "prod", title: "Promote R-212 to prod", status: "queued", requestedAt: fixtureNow });
    const awaiting = fixtureOperation({ id: "c", environment: "prod", title: "Scale core", status: "awaiting", requestedAt: fixtureNow });
    expect(planStart(waiting(turn), { ...surroundings, unfinished: [awaiting, queued, running] }).label).toBe("Queue behind “Promote R-212 to prod” and 1 more");
    expect(planStart(waiting(turn), surroundings).label).toBe("Queue behind what runs now");
  });
});

describe("a plan that no waiting mends cannot be confirmed, and says why", () => {
  const soak = fixtureGate("soak", { title: "staging was healthy for 30 min", verdict: "fail" });
  test("gates that refuse it", () => {
    expect(planStart(fixturePlan({ ready: false, gates: [soak], start: { how: "refused", waits: [] } }), surroundings).disabledBecause).toBe("Not now: staging was healthy for 30 min. Plan again when that has changed.");
  });
  test("a freeze says when it ends, in both zones", () => {
    const frozen = fixturePlan({ ready: false, gates: [fixtureGate("freeze", { title: "No freeze", verdict: "fail" })], start: { how: "refused", waits: [] } });
    const freeze = { name: "year end", reason: "nobody is here", until: "2027-01-04T08:00:00.000Z", timeZone: "Europe/Paris" };
    expect(planStart(frozen, { ...surroundings, freeze }).disabledBecause).toBe("Not now: No freeze. “year end” ends Mon 4 Jan, 09:00 (Europe/Paris; 08:00 here).");
  });
  test("an overruled gate is none of them", () => {
    const gates = [{ ...soak, overruled: true }, fixtureGate("images-present", { title: "The images exist", verdict: "error" })];
    expect(planStart(fixturePlan({ ready: false, gates, start: { how: "refused", waits: [] } }), surroundings).disabledBecause).toBe("Not now: The images exist. Plan again when that has changed.");
  });
  test("nothing would change", () => {
    expect(planStart(fixturePlan({ ready: false, gates: [], start: { how: "now", waits: [] } }), surroundings).disabledBecause).toBe("Nothing would change.");
  });
});
