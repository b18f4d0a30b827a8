import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createDrillScheduler } from "#lib/worker/drills/scheduler.ts";
import { openWatchStage, promoteExperience } from "#lib/worker/after-promotion/test-watch-stage.ts";
import { readReadiness } from "#lib/worker/guards-facts.ts";
import type { RunningWorker } from "#lib/worker/run.ts";
import { abortOperation } from "#lib/services/operation/abort.ts";
import { releaser } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let stage: Stage;
let worker: RunningWorker;
beforeAll(async () => {
  stage = await openWatchStage({ staging: { rolloutTimeoutSeconds: 30, drill: { every: "day", on: [], timeZone: "Europe/Paris", at: "03:00" } } });
  worker = await stage.startWorker("w1");
  // So that there is something to go back to in staging: what dev runs is promoted there.
  await stage.settled("dev");
  await stage.settled("staging");
  const promoted = await stage.ended(await stage.confirm(await stage.plan({ kind: "promotion", from: "dev", to: "staging" })));
  if (promoted.status !== "succeeded") throw new Error(`The promotion ended as ${promoted.status}: ${promoted.note}`);
}, 240_000);
afterAll(() => stage.stop());
beforeEach(() => stage.settled("staging"));

const releaseOf = (environment: string) => stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment }, select: { number: true, contentHash: true, settled: true } });
const drill = async (): Promise<string> => stage.confirm(await stage.plan({ kind: "drill", environment: "staging" }));
const stepRuns = (id: string, name: string) => stage.until(`${name} runs`, async () => ((await stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name, status: "running" } })) ?? undefined));

test("a drill rolls back, returns, and stands beside the way back: its own, and of what is promoted from it", { timeout: 240_000 }, async () => {
  const [images, release] = [await stage.images("staging"), await releaseOf("staging")];
  const plan = await stage.plan({ kind: "drill", environment: "staging" });
  expect(plan).toMatchObject({ kind: "drill", title: expect.stringMatching(/^Drill in staging: roll back to R-\d+ and return$/), ready: true });
  const operation = await stage.ended(await stage.confirm(plan));
  expect([operation.status, operation.note]).toEqual(["succeeded", expect.stringMatching(/^Went back to R-\d+ in [\d.]+ s and returned in [\d.]+ s\.$/)]);
  const half = operation.steps.findIndex((step) => step.name === "verify");
  expect(operation.steps.slice(half + 1).map((step) => [step.name, step.status])).toContainEqual(["drill-return-rollout", "succeeded"]);
  expect(operation.steps.at(-1)).toMatchObject({ name: "drill-verify", status: "succeeded" });
  expect(await stage.images("staging")).toEqual(images);
  expect(await releaseOf("staging")).toEqual(release);
  expect(await stage.database.db.promotionWatchRow.count({ where: { operationId: operation.id } })).toBe(0);
  for (const environment of ["staging", "prod"]) {
    const found = await stage.until(`${environment} is proven`, async () => (await readReadiness(stage.database.db, environment)) ?? undefined);
    expect(found.proven).toMatchObject({ operationId: operation.id, succeeded: true, seconds: expect.any(Number) });
  }
});

test("a drill that is aborted while the release before runs returns everything", { timeout: 240_000 }, async () => {
  const [images, release] = [await stage.images("staging"), await releaseOf("staging")];
  const id = await drill();
  await stepRuns(id, "rollout");
  await abortOperation(stage.context, releaser, id);
  expect((await stage.ended(id)).status).toBe("aborted");
  await stage.settled("staging");
  expect([await stage.images("staging"), await releaseOf("staging")]).toEqual([images, release]);
});

test("a drill whose way back fails returns and says where it failed", { timeout: 240_000 }, async () => {
  const [images, release] = [await stage.images("staging"), await releaseOf("staging")];
  // No room for a pod more: what runs is not touched by it, what is rolled out cannot come.
  await stage.console("faults/quota", { environment: "staging", full: true });
  const id = await drill();
  await stage.until("the way back failed", async () => ((await stage.database.db.operationStepRow.findFirst({ where: { operationId: id, status: "failed" } })) ?? undefined));
  await stage.console("faults/quota", { environment: "staging", full: false });
  const operation = await stage.ended(id);
  expect(operation).toMatchObject({ status: "returned", note: expect.stringMatching(/\. What was changed is back as it was\.$/) });
  expect(operation.steps.filter((step) => step.name.startsWith("drill-")).map((step) => step.status)).not.toContain("succeeded");
  await stage.settled("staging");
  expect([await stage.images("staging"), await releaseOf("staging")]).toEqual([images, release]);
  const found = await readReadiness(stage.database.db, "prod");
  expect(found?.proven).toMatchObject({ operationId: id, succeeded: false });
});

test("it is refused in the last environment, and where it is not healthy", { timeout: 240_000 }, async () => {
  await expect(stage.plan({ kind: "drill", environment: "prod" })).rejects.toMatchObject({ code: "invalid", message: "prod is the last environment: nothing is rehearsed there. Drill in staging; its result stands beside the rollback of prod too." });
  await stage.console("faults/crash", { environment: "staging", bigPod: "commerce", process: "payment", lasting: true });
  await stage.until("commerce is broken", async () => ((await stage.database.db.bigPodStateRow.findFirst({ where: { environment: "staging", bigPod: "commerce", status: "broken" } })) ?? undefined));
  const plan = await stage.plan({ kind: "drill", environment: "staging" });
  expect(plan.start.how).toBe("refused");
  expect(plan.gates.find((gate) => gate.name === "source-healthy")).toMatchObject({ title: "staging is healthy", verdict: "fail" });
  await stage.console("faults/heal", { environment: "staging", bigPod: "commerce", process: "payment" });
});

test("by its schedule a drill is begun once per time; a refusal is audited and the next time is tried", { timeout: 240_000 }, async () => {
  const { db } = stage.database;
  const scheduler = createDrillScheduler({ context: stage.context, lease: () => worker.observer.lease() });
  const missed = new Date(Date.now() - 3 * 86_400_000);
  const where = { environment: "staging" };
  await stage.until("the schedule was seen", async () => ((await db.drillOccurrenceRow.findUnique({ where })) ?? undefined));
  await db.drillOccurrenceRow.update({ where, data: { dueAt: missed } });
  const automatic = { kind: "drill", automatic: true };
  // Three were missed; one is made up for, whoever looks however often.
  await Promise.all([scheduler.look(), scheduler.look()]);
  await stage.until("the drill was asked for", async () => ((await db.operationRow.findFirst({ where: automatic })) ?? undefined));
  await scheduler.look();
  const rows = await db.operationRow.findMany({ where: automatic });
  expect(rows).toHaveLength(1);
  const first = rows[0];
  if (first === undefined) throw new Error("there is one");
  expect(await db.drillOccurrenceRow.findUniqueOrThrow({ where })).toMatchObject({ operationId: first.id, refused: null });
  // The environment is busy with it: the next due time is refused, with an entry.
  await db.drillOccurrenceRow.update({ where, data: { dueAt: missed } });
  await db.operationRow.update({ where: { id: first.id }, data: { idempotencyKey: "an earlier time" } });
  await scheduler.look();
  expect((await db.drillOccurrenceRow.findUniqueOrThrow({ where })).refused).toMatch(/^The drill of .+ 03:00 Europe\/Paris is left out, the next one is tried again: Nothing else changes the target: "Drill in staging/);
  expect(await db.auditEntryRow.findMany({ where: { action: "operation.refuse", environment: "staging", actorId: "vigie" } })).toHaveLength(1);
  expect((await stage.ended(first.id)).status).toBe("succeeded");
  await scheduler.close();
});

test("promoting goes on as ever after drills", { timeout: 240_000 }, async () => {
  const { operation } = await promoteExperience(stage);
  expect(operation.status).toBe("succeeded");
});
