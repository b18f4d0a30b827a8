import { afterAll, beforeAll, expect, test } from "vitest";
import { abortOperation } from "#lib/services/operation/abort.ts";
import { openStage, releaser } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.startWorker("w1");
});
afterAll(() => stage.stop());

/** Troubles of one round, and when the operation is aborted (after so many step changes; never when left out). */
const rounds = [
  { name: "answers get lost after the write", api: { loseNextReplies: 3 } },
  { name: "one request in six fails with 500", api: { errorRate: 0.16, failStatus: 500 } },
  { name: "requests are throttled", api: { errorRate: 0.2, failStatus: 429, retryAfterSeconds: 1 } },
  { name: "answers get lost, and it is aborted in the middle", api: { loseNextReplies: 2 }, abortAfter: 4 },
  { name: "requests fail, and it is aborted late", api: { errorRate: 0.1, failStatus: 503 }, abortAfter: 7 },
];

test.each(rounds)("ACCEPTANCE 22–23, $name: all of it or nothing", { timeout: 90_000 }, async ({ api, abortAfter }) => {
  await stage.settled("staging");
  await stage.settled("prod");
  const before = await stage.images("prod");
  const { number } = await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
  const plan = await stage.plan({ kind: "promotion", from: "staging", to: "prod" });
  const id = await stage.confirm(plan);
  await stage.console("faults/api-server", api);
  if (abortAfter !== undefined) {
    await stage.until("it is under way", async () => {
      const moved = await stage.database.db.operationStepRow.count({ where: { operationId: id, status: { not: "pending" } } });
      return moved * 2 >= abortAfter ? true : undefined;
    });
    await abortOperation(stage.context, releaser, id).catch(() => undefined); // It may just have ended.
  }
  const operation = await stage.ended(id, 60_000);
  await stage.console("put-right", {});
  const after = await stage.images("prod");
  const wanted = structuredClone(before);
  for (const change of plan.changes) for (const image of change.images) Object.assign(wanted[change.bigPod] ?? {}, { [image.container]: image.to });
  expect(["succeeded", "returned", "aborted"]).toContain(operation.status);
  expect(after).toEqual(operation.status === "succeeded" ? wanted : before);
  if (operation.status !== "succeeded") return;
  await stage.settled("prod");
  expect(await stage.ended(await stage.confirm(await stage.plan({ kind: "rollback", environment: "prod", release: number })))).toMatchObject({ status: "succeeded" });
});
