import { afterAll, beforeAll, expect, test } from "vitest";
import { automaticRollbacks, breakExperience, openWatchStage, promoteExperience, proposalIn, takeBack } from "#lib/worker/after-promotion/test-watch-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openWatchStage({ prod: { rolloutTimeoutSeconds: 30, watch: { watchMinutes: 5, mode: "observe" } } });
  await stage.startWorker("w1");
});
afterAll(() => stage.stop());

const watchOf = (operationId: string) => stage.database.db.promotionWatchRow.findUniqueOrThrow({ where: { operationId } });

test("in observe mode a failure is a proposal with its evidence; it stays while the watch lasts and goes when it recovered and the watch is over", { timeout: 240_000 }, async () => {
  const { operation, number } = await promoteExperience(stage);
  expect(await proposalIn(stage)).toBeNull();
  await breakExperience(stage);
  const proposal = await stage.until("there is a proposal", async () => (await proposalIn(stage)) ?? undefined);
  expect(proposal).toMatchObject({ operationId: operation.id, release: number, evidence: expect.arrayContaining([expect.stringContaining("voyage")]) });
  expect(proposal.sentence).toMatch(/^\d+ s after R-\d+ was promoted to prod it failed \(.+\): a rollback to R-\d+ is proposed\.$/);
  const audited = await stage.database.db.auditEntryRow.findMany({ where: { action: "watch.verdict", operationId: operation.id } });
  expect(audited).toHaveLength(1);
  await stage.console("faults/heal", { environment: "prod", bigPod: "experience", process: "voyage" });
  await stage.settled("prod");
  expect(await proposalIn(stage)).not.toBeNull();
  await stage.database.db.promotionWatchRow.update({ where: { operationId: operation.id }, data: { until: new Date() } });
  await stage.until("the watch is over", async () => ((await watchOf(operation.id)).endedAt ?? undefined));
  expect(await watchOf(operation.id)).toMatchObject({ outcome: "recovered", decision: "propose", rollbackId: null });
  expect([await proposalIn(stage), await automaticRollbacks(stage, operation.id), await stage.database.db.quarantineRow.count()]).toEqual([null, [], 0]);
  await takeBack(stage, number);
});

test("a promotion that nothing happens to is watched to the end, and begins no watch when it returned", { timeout: 240_000 }, async () => {
  const { operation, number } = await promoteExperience(stage);
  await stage.database.db.promotionWatchRow.update({ where: { operationId: operation.id }, data: { until: new Date() } });
  await stage.until("the watch is over", async () => ((await watchOf(operation.id)).endedAt ?? undefined));
  expect(await watchOf(operation.id)).toMatchObject({ outcome: "passed", decision: null });
  await takeBack(stage, number);
  await stage.settled("staging");
  // No room for a pod more: the rollout cannot come.
  await stage.console("faults/quota", { environment: "prod", full: true });
  const id = await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod", bigPods: ["core"] }));
  await stage.until("it failed", async () => ((await stage.database.db.operationStepRow.findFirst({ where: { operationId: id, status: "failed" } })) ?? undefined));
  await stage.console("faults/quota", { environment: "prod", full: false });
  expect((await stage.ended(id)).status).toBe("returned");
  expect(await stage.database.db.promotionWatchRow.findUnique({ where: { operationId: id } })).toBeNull();
});
