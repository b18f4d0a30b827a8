import fc from "fast-check";
import { expect, test } from "vitest";
import { dueDrill } from "#lib/domain/drill-schedule.ts";
import type { DrillSchedule } from "#lib/domain/drill-schedule.ts";
import { drillNote, drillTimes } from "#lib/domain/drill.ts";
import { operationSteps } from "#lib/domain/operation-steps.ts";
import type { PlanTarget } from "#lib/contracts/operation.ts";

const target = (bigPod: string, configMaps: string[] = []): PlanTarget => ({
  bigPod, workload: { name: bigPod, uid: "u", generation: 1 }, before: { template: {}, configMaps: [], replicas: 1 }, colour: null,
  write: { effect: "restore", template: {}, configMaps: configMaps.map((name) => ({ name, data: {}, binaryData: {} })), restart: false },
});

test("a drill has the rollback's steps, then the return's, last changed first, and both are verified", () => {
  const steps = operationSteps({ kind: "drill", environment: "staging", release: 211 }, [target("core", ["core-config"]), target("commerce")], null);
  expect(steps.map((step) => [step.position, step.name, step.bigPod])).toEqual([
    [0, "check", null], [1, "config", "core"], [2, "write", "core"], [3, "rollout", "core"], [4, "write", "commerce"], [5, "rollout", "commerce"], [6, "verify", null],
    [7, "drill-return-write", "commerce"], [8, "drill-return-rollout", "commerce"], [9, "drill-return-config", "core"], [10, "drill-return-write", "core"], [11, "drill-return-rollout", "core"], [12, "drill-verify", null],
  ]);
  expect(operationSteps({ kind: "rollback", environment: "staging", release: 211 }, [target("core")], null).map((step) => step.name)).toEqual(["check", "write", "rollout", "verify"]);
});

const step = (name: string, from: number, to: number | null, status: "succeeded" | "failed" | "pending" = "succeeded") => ({ name, status, startedAt: new Date(from * 1000).toISOString(), finishedAt: to === null ? null : new Date(to * 1000).toISOString() });

test("how long each half took, and what is said of it", () => {
  const steps = [step("check", 0, 1), step("write", 1, 2), step("verify", 2, 19), step("drill-return-write", 19, 20), step("drill-verify", 20, 41)];
  expect(drillTimes(steps)).toEqual({ back: 19, again: 22 });
  expect(drillNote(211, steps)).toBe("Went back to R-211 in 19 s and returned in 22 s.");
  expect(drillNote(null, [step("check", 0, 3.25), step("drill-verify", 4, 8)])).toBe("Went back to the release before in 3.3 s and returned in 4.0 s.");
  expect(drillTimes([step("check", 0, 1), step("write", 1, 2, "failed"), step("return-write", 2, 4)])).toEqual({ back: null, again: null });
});

const monthly: DrillSchedule = { every: "month", on: ["first tuesday"], timeZone: "Europe/Paris", at: "14:00" };
const nightly: DrillSchedule = { every: "day", on: [], timeZone: "Europe/Paris", at: "02:30" };

test.each<[string, DrillSchedule, string, string, string | null]>([
  ["not due yet", monthly, "2026-11-10T00:00:00Z", "2026-12-01T12:59:59Z", null],
  ["due on the minute, in local time", monthly, "2026-11-10T00:00:00Z", "2026-12-01T13:00:00Z", "2026-12-01T13:00:00.000Z"],
  ["done: the same time is not due again", monthly, "2026-12-01T13:00:00Z", "2026-12-20T00:00:00Z", null],
  ["missed: the last one, once", monthly, "2026-01-10T00:00:00Z", "2026-12-20T00:00:00Z", "2026-12-01T13:00:00.000Z"],
  ["missed for weeks, every night", nightly, "2026-10-01T00:00:00Z", "2026-11-21T12:00:00Z", "2026-11-21T01:30:00.000Z"],
  ["a time that the clocks skip is the moment they jump", nightly, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", "2026-03-29T01:00:00.000Z"],
  ["a time that comes twice is due the first time only", nightly, "2026-10-25T00:30:00Z", "2026-10-25T12:00:00Z", null],
  ["a day that the month does not have is left out", { ...monthly, on: ["31"] }, "2026-11-01T00:00:00Z", "2026-11-30T23:00:00Z", null],
])("a drill's time: %s", (_name, schedule, since, now, expected) => {
  expect(dueDrill(schedule, new Date(since), new Date(now))?.toISOString() ?? null).toBe(expected);
});

test("property: what is due lies after the last one and not in the future, and taking it up leaves nothing due", () => {
  const moment = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) });
  fc.assert(
    fc.property(fc.constantFrom(monthly, nightly, { every: "week", on: ["monday", "friday"], timeZone: "America/New_York", at: "23:59" } as DrillSchedule), moment, moment, (schedule, since, now) => {
      const due = dueDrill(schedule, new Date(since), new Date(now));
      if (due === null) return true;
      return due.getTime() > since && due.getTime() <= now && dueDrill(schedule, due, new Date(now)) === null;
    }),
    { numRuns: 60 },
  );
});
