import { describe, expect, test } from "vitest";
import { failedDeployments, incidentNumbers, median, nearestRank } from "#lib/domain/incident-numbers.ts";
import type { DeploymentFact, IncidentFact } from "#lib/domain/incident-numbers.ts";

const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 1, 0, minute));
const incident = (id: number, change: Partial<IncidentFact> = {}): IncidentFact => ({ id: `i${id}`, onsetAt: at(id * 100), openedAt: at(id * 100 + 1), acknowledgedAt: null, recoveredAt: null, worse: null, rollbackAt: null, ...change });
const deployment = (id: number, change: Partial<DeploymentFact> = {}): DeploymentFact => ({ id: `d${id}`, release: 200 + id, startedAt: at(id * 100 - 10), finishedAt: at(id * 100 - 8), outcome: "succeeded", mendedAt: null, rolledBackAt: null, ...change });
const named = (numbers: ReturnType<typeof incidentNumbers>, name: string) => numbers.find((number) => number.name === name);

describe("median and nearest rank", () => {
  test.each([
    [[], null, null],
    [[7], 7, 7],
    [[1, 3], 2, 3],
    [[5, 1, 3], 3, 5],
    [Array.from({ length: 20 }, (_, index) => index + 1), 10.5, 19],
    [Array.from({ length: 100 }, (_, index) => index + 1), 50.5, 95],
  ])("%j: median %s, 95th percentile %s", (values, middle, high) => {
    expect(median(values)).toBe(middle);
    expect(nearestRank(values, 0.95)).toBe(high);
  });
});

describe("numbers of incidents, against a hand-computed table", () => {
  // minutes from opening to acknowledging: 2, 4, 6, 8, 60; from onset to recovery: 10, 20, 30, 40, 120, and one that nobody acknowledged: 15
  const ended = [[2, 10], [4, 20], [6, 30], [8, 40], [60, 120]].map(([ack, end], index) => incident(index + 1, { acknowledgedAt: at((index + 1) * 100 + 1 + (ack ?? 0)), recoveredAt: at((index + 1) * 100 + (end ?? 0)) }));
  const all = [...ended, incident(7, { recoveredAt: at(715) }), incident(8, { acknowledgedAt: at(802) })];
  const numbers = incidentNumbers(all, []);

  test("time to acknowledge: median 6 min, 95th percentile 60 min of 5", () => {
    expect(named(numbers, "time-to-acknowledge")).toMatchObject({ n: 5, value: 360, p95: 3_600 });
  });
  test("time to resolve: median of 10, 15, 20, 30, 40, 120 min is 25 min; the open one is left out", () => {
    expect(named(numbers, "time-to-resolve")).toMatchObject({ n: 6, value: 1_500, p95: 7_200 });
  });
  test("four are too few: no value, and the reason", () => {
    const few = incidentNumbers(ended.slice(0, 4), []);
    expect(named(few, "time-to-resolve")).toMatchObject({ n: 4, value: null, p95: null, note: "Only 4 resolved incidents: shown from 5 on" });
    expect(named(few, "change-failure-rate")).toMatchObject({ n: 0, value: null });
  });
});

describe("failed deployments, against a hand-computed table", () => {
  const deployments = [
    deployment(1),
    deployment(2, { outcome: "returned", finishedAt: at(195) }),
    deployment(3, { outcome: "failed", mendedAt: at(330) }),
    deployment(4),
    deployment(5, { rolledBackAt: at(505) }),
    deployment(6),
    deployment(7, { outcome: "failed" }),
    deployment(8, { outcome: "running", finishedAt: null }),
  ];
  const incidents = [
    // Two incidents with the same first suspect are one failed deployment, over when the last of them is.
    incident(4, { worse: { operationId: "d4", release: 204, at: at(390) }, recoveredAt: at(420) }),
    incident(4.1, { worse: { operationId: "d4", release: 204, at: at(390) }, recoveredAt: at(440) }),
    // Known by its release, and by the rollback for it.
    incident(6, { worse: { operationId: null, release: 206, at: at(592) }, rollbackAt: at(612), recoveredAt: at(620) }),
    // Of one that is still open nothing is concluded.
    incident(1.5, { worse: { operationId: "d1", release: 201, at: at(90) } }),
  ];

  test("each counts once, and ends with its last sign", () => {
    expect([...failedDeployments(deployments, incidents.slice(0, 3))].toSorted(([a], [b]) => a.localeCompare(b))).toEqual([["d2", at(195)], ["d3", at(330)], ["d4", at(440)], ["d5", at(505)], ["d6", at(620)], ["d7", null]]);
  });
  test("change failure rate: 6 of 7 that ended", () => {
    expect(named(incidentNumbers(incidents, deployments), "change-failure-rate")).toMatchObject({ n: 7, value: 6 / 7, note: "6 of 7 promotions failed" });
  });
  test("recovery: 5, 40, 50, 15, 30 min: median 30 min, 95th percentile 50 min", () => {
    expect(named(incidentNumbers(incidents, deployments), "failed-deployment-recovery")).toMatchObject({ n: 5, value: 1_800, p95: 3_000 });
  });
  test("a suspect without the verdict worse fails nothing", () => {
    expect(failedDeployments([deployment(1)], [incident(1, { recoveredAt: at(130) })]).size).toBe(0);
  });
});
