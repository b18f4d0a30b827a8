import { isDeepStrictEqual } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { abortOperation } from "#lib/services/operation/abort.ts";
import { openStage, releaser } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let stage: Stage;
/** What prod runs between the rounds. */
let first: { number: number; images: Record<string, string> };
beforeAll(async () => {
  stage = await openStage();
  await stage.startWorker("w1");
  await stage.settled("prod");
  const { number } = await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
  first = { number, images: await tagged() };
});
afterAll(() => stage.stop());

// A round that failed must not spoil the next: the faults end, and prod runs again what it ran at first.
afterEach(async () => {
  await stage.console("put-right", {});
  for (const { id } of await stage.database.db.operationRow.findMany({ where: { finishedAt: null }, select: { id: true } })) await stage.ended(id);
  await stage.settled("prod");
  if (isDeepStrictEqual(await tagged(), first.images)) return;
  expect(await stage.ended(await stage.confirm(await stage.plan({ kind: "rollback", environment: "prod", release: first.number })))).toMatchObject({ status: "succeeded" });
  expect(await tagged()).toEqual(first.images);
}, 240_000);

/** Images of prod by Big Pod and container, without the digests that a rollback pins. */
async function tagged(): Promise<Record<string, string>> {
  const images = Object.entries(await stage.images("prod"));
  return Object.fromEntries(images.flatMap(([bigPod, containers]) => Object.entries(containers).map(([container, image]) => [`${bigPod}/${container}`, image.split("@")[0] ?? image])));
}

/** Troubles of one round, and when the operation is aborted (after so many step changes; never when left out). */
const rounds = [
  { name: "answers get lost after the write", api: { loseNextReplies: 3 } },
  { name: "one request in six fails with 500", api: { errorRate: 0.16, failStatus: 500 } },
  { name: "requests are throttled", api: { errorRate: 0.2, failStatus: 429, retryAfterSeconds: 1 } },
  { name: "answers get lost, and it is aborted in the middle", api: { loseNextReplies: 2 }, abortAfter: 4 },
  { name: "requests fail, and it is aborted late", api: { errorRate: 0.1, failStatus: 503 }, abortAfter: 7 },
];

test.each(rounds)("ACCEPTANCE 22–23, $name: all of it or nothing", { timeout: 240_000 }, async ({ api, abortAfter }) => {
  await stage.settled("staging");
  await stage.settled("prod");
  const before = await stage.images("prod");
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
  const operation = await stage.ended(id);
  await stage.console("put-right", {});
  const after = await stage.images("prod");
  const wanted = structuredClone(before);
  for (const change of plan.changes) for (const image of change.images) Object.assign(wanted[change.bigPod] ?? {}, { [image.container]: image.to });
  expect(["succeeded", "returned", "aborted"]).toContain(operation.status);
  expect(after).toEqual(operation.status === "succeeded" ? wanted : before);
});
