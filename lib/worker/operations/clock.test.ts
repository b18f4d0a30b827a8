import { afterAll, beforeAll, expect, test } from "vitest";
import { startOperations } from "#lib/worker/operations/start.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";
import { startWorker } from "#lib/worker/run.ts";
import type { RunningWorker } from "#lib/worker/run.ts";

const tenMinutesMs = 600_000;
let stage: Stage;
const workers: RunningWorker[] = [];
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => {
  for (const worker of workers) await worker.stop();
  await stage.stop();
});

/** A whole worker whose clock is off by so much. */
async function workerOff(holder: string, offMs: number): Promise<RunningWorker> {
  const context = { ...stage.context, clock: { now: () => new Date(Date.now() + offMs) } };
  const worker = await startWorker({ context, databaseUrl: stage.database.url, apiOf: stage.apiOf, holder, random: Math.random, startOperations });
  workers.push(worker);
  return worker;
}

test("ACCEPTANCE 11: one replica's clock is ten minutes behind, another's ten ahead: one observes, operations run once and in order, by the database's time", async () => {
  const [behind, ahead] = [await workerOff("behind", -tenMinutesMs), await workerOff("ahead", tenMinutesMs)];
  await stage.settled("staging");
  await stage.settled("prod");
  expect([behind, ahead].filter((worker) => worker.observer.lease() !== null)).toHaveLength(1);
  const ids = [await stage.confirm(await stage.plan({ kind: "restart", environment: "prod", bigPods: ["commerce"] })), await stage.confirm(await stage.plan({ kind: "restart", environment: "prod", bigPods: ["experience"] }))];
  const ended = [];
  for (const id of ids) ended.push(await stage.ended(id));
  expect(ended.map(({ status }) => status)).toEqual(["succeeded", "succeeded"]);
  const rows = await stage.database.db.operationRow.findMany({ where: { id: { in: ids } }, orderBy: { number: "asc" } });
  expect(rows.map(({ epoch }) => epoch)).toEqual([1n, 1n]);
  const times = rows.flatMap(({ requestedAt, startedAt, finishedAt }) => [requestedAt, startedAt, finishedAt].map((time) => time?.getTime() ?? 0));
  for (const time of times) expect(Math.abs(time - Date.now())).toBeLessThan(tenMinutesMs / 2);
  expect((rows[1]?.startedAt?.getTime() ?? 0) - (rows[0]?.finishedAt?.getTime() ?? Infinity)).toBeGreaterThanOrEqual(0);
  // The lease changes hands as soon as its holder stops, whichever clock the other has.
  const [holder, waiting] = behind.observer.lease() !== null ? [behind, ahead] : [ahead, behind];
  await holder.stop();
  await expect.poll(() => waiting.observer.lease()?.epoch, { timeout: 60_000 }).toBe(2n);
}, 240_000);
