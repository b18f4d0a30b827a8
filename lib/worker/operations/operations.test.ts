import { afterAll, beforeAll, expect, test } from "vitest";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.startWorker("w1");
  await stage.settled("staging");
  await stage.settled("prod");
});
afterAll(() => stage.stop());

test("promotes what staging runs, by digest, and touches nothing else", async () => {
  const before = await stage.images("prod");
  const plan = await stage.plan({ kind: "promotion", from: "staging", to: "prod" });
  expect(plan.gates.filter((gate) => gate.verdict !== "pass")).toEqual([]);
  const operation = await stage.ended(await stage.confirm(plan));
  expect(operation).toMatchObject({ status: "succeeded" });
  expect(operation.steps.map((step) => step.status)).toEqual(operation.steps.map(() => "succeeded"));
  const after = await stage.images("prod");
  for (const change of plan.changes) {
    if (change.effect === "unchanged") expect(after[change.bigPod]).toEqual(before[change.bigPod]);
    for (const image of change.images) expect(after[change.bigPod]?.[image.container]).toBe(image.to);
  }
});
