import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { environmentConfigSchema } from "#lib/contracts/config.ts";
import type { EnvironmentPolicy } from "#lib/contracts/config.ts";
import type { Operation } from "#lib/contracts/operation.ts";
import type { MetricAlert, MetricsApi } from "#lib/ports/metrics.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

/** The step behind verify, over a sandbox whose pods are asked through its API server; Prometheus is what the test says it is. */

let stage: Stage;
let value = 0;
let alerts: (since: Date) => MetricAlert[] = () => [];
const metrics: MetricsApi = {
  instant: async () => ({ samples: [{ labels: {}, value, at: new Date() }], warnings: [] }),
  range: () => Promise.reject(new Error("not asked")),
  alerts: async () => alerts(new Date()),
};
const prod = () => {
  const environment = stage.context.config.environments.find((one) => one.name === "prod");
  if (environment === undefined) throw new Error("the sandbox has a prod");
  return environment;
};
function policy(change: object, bakeMinutes = 0): void {
  const parsed: EnvironmentPolicy = environmentConfigSchema.shape.policy.parse({ rolloutTimeoutSeconds: 60, ...change });
  // Fractions of a minute are for tests; the schema wants whole ones.
  prod().policy = { ...parsed, bakeMinutes };
}

beforeAll(async () => {
  stage = await openStage();
  const outside = stage.context.outside;
  stage.context.outside = { ...outside, metrics: () => metrics };
  await stage.startWorker("w1");
});
afterAll(() => stage.stop());
beforeEach(async () => {
  value = 0;
  alerts = () => [];
  // What one test had returned, the next one promotes again.
  await stage.database.db.quarantineRow.deleteMany();
  await stage.settled("staging");
  await stage.settled("prod");
});

/** Those asked when its turn came are kept beside them. */
const afterGates = ({ gates }: Pick<Operation, "gates">) => gates.filter((gate) => gate.phase === "after").map((gate) => [gate.name, gate.phase, gate.verdict]);
const promote = async () => stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod" }));
const metric = { kind: "metric", name: "errors", query: 'sum(errors{namespace="$namespace",pod=~"($bigPods)-.*"})', pass: "< 0.01" };

test("a metric that fails after the rollout returns everything", async () => {
  policy({ gates: { after: [metric] } });
  value = 0.3;
  const before = await stage.images("prod");
  const operation = await stage.ended(await promote());
  expect(operation).toMatchObject({ status: "returned", note: expect.stringMatching(/Metric "errors": fail, 0\.3 is not < 0\.01.*back as it was/i) });
  expect(operation.steps.find((step) => step.name === "bake")).toMatchObject({ status: "failed", title: "Ask the gates after it" });
  expect(afterGates(operation)).toEqual([["rollout", "after", "pass"], ["metric", "after", "fail"]]);
  expect(await stage.images("prod")).toEqual(before);
}, 240_000);

test("an alert that came since the operation began returns everything, an old one and one of elsewhere do not", async () => {
  policy({ gates: { after: [{ kind: "no-new-alert" }] } });
  const alert = (namespace: string, activeAt: Date): MetricAlert => ({ name: "HighErrorRate", labels: { namespace }, annotations: { summary: "5 % fail" }, state: "firing", activeAt });
  alerts = (now) => [alert("dreamscape-staging", now), alert("dreamscape-prod", new Date(now.getTime() - 3_600_000)), alert("dreamscape-prod", now)];
  const operation = await stage.ended(await promote());
  expect(operation).toMatchObject({ status: "returned", note: expect.stringMatching(/No new alert: fail, new since the operation began: HighErrorRate \(5 % fail\)[;.]/) });
}, 240_000);

test("all gates pass for the whole bake, also when another worker takes over in the middle of it", async () => {
  const seconds = 6;
  policy({ gates: { after: [{ kind: "smoke" }, metric, { kind: "no-new-alert" }] } }, seconds / 60);
  const release = (await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).number;
  const id = await promote();
  const bake = await stage.until("it bakes, and has asked", async () => (await stage.database.db.operationRow.findUniqueOrThrow({ where: { id }, include: { steps: true } })).steps.find((step) => step.name === "bake" && step.status === "running" && (step.evidence as unknown[]).length > 0));
  await stage.stopWorkers();
  await stage.startWorker("w2");
  const operation = await stage.ended(id);
  expect(operation.status).toBe("succeeded");
  const after = operation.steps.find((step) => step.name === "bake");
  expect(after).toMatchObject({ status: "succeeded", startedAt: bake.startedAt?.toISOString() });
  expect(after?.evidence.map((line) => line.text)).toEqual(expect.arrayContaining(["all pass so far", "taken over by w2", expect.stringMatching(/^all passed for/)]));
  const bakedMs = new Date(after?.finishedAt ?? 0).getTime() - new Date(after?.startedAt ?? 0).getTime();
  expect(bakedMs).toBeGreaterThanOrEqual(seconds * 1000);
  expect(afterGates(operation)).toEqual([["rollout", "after", "pass"], ["smoke", "after", "pass"], ["metric", "after", "pass"], ["no-new-alert", "after", "pass"]]);
  const smoke = operation.gates.find((gate) => gate.name === "smoke");
  expect(smoke).toMatchObject({ title: "Smoke checks in prod", evidence: expect.stringMatching(/^\d+ answers, all as they must be$/), rule: expect.stringMatching(/GET .*:3003\/health/) });
  // Back, so that every test finds something to promote. A rollback never bakes.
  const back = await stage.ended(await stage.confirm(await stage.plan({ kind: "rollback", environment: "prod", release })));
  expect([back.status, afterGates(back)]).toEqual(["succeeded", []]);
  expect(back.steps.some((step) => step.name === "bake")).toBe(false);
}, 240_000);

test("an abort ends the bake and returns everything", async () => {
  policy({ gates: { after: [metric] } }, 10);
  const before = await stage.images("prod");
  const id = await promote();
  await stage.until("it bakes", async () => (await stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "bake", status: "running" } })) ?? undefined);
  await stage.database.db.operationRow.update({ where: { id }, data: { abortRequestedAt: new Date(), abortRequestedBy: "Rita" } });
  const operation = await stage.ended(id);
  expect(operation).toMatchObject({ status: "aborted", note: expect.stringMatching(/Aborted by Rita; what was changed is back/) });
  expect(await stage.images("prod")).toEqual(before);
}, 240_000);

test("what gates ask goes through the cluster's API server: a pod, a Service, and none that is not there", async () => {
  const { outside } = stage.context;
  const row = await stage.database.db.bigPodStateRow.findFirstOrThrow({ where: { environment: "prod", bigPod: "experience" } });
  const pod = (row.state as { pods: { name: string }[] }).pods[0]?.name ?? ""; // written by the observer
  expect(await outside.pod("prod", pod, 3003, "/health", 2_000)).toMatchObject({ status: 200 });
  const service = await outside.service("prod", "core", 80, "/health", 2_000);
  expect(service.status).toBe(200);
  expect(service.elapsedMs).toBeGreaterThan(0);
  await expect(outside.service("prod", "nobody", 80, "/", 2_000)).rejects.toMatchObject({ code: "upstream", message: expect.stringMatching(/nobody/) });
  await expect(outside.pod("moon", pod, 3003, "/", 2_000)).rejects.toMatchObject({ code: "not-found" });
});
