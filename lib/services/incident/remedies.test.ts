import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { listenForOperations } from "#lib/db/queue.ts";
import { createLog } from "#lib/runtime/log.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { evidenceFileName, listEvidence, readEvidence } from "#lib/services/incident/evidence.ts";
import { readRemedies } from "#lib/services/incident/remedies.ts";
import { readOperation } from "#lib/services/operation/read.ts";
import { requestOperation } from "#lib/services/operation/request.ts";
import { createPlan } from "#lib/services/plan/create.ts";
import { bigPodState, person, recordRelease, sealed, testConfig, viewer, watched, writeState } from "#lib/services/plan/test-platform.ts";
import { createTestContext } from "#lib/services/test-context.ts";

const [v1, v2] = [{ tag: "v1", digest: `sha256:${"1".repeat(64)}` }, { tag: "v2", digest: `sha256:${"2".repeat(64)}` }];
let database: TestDatabase;
let context: ServiceContext;
let number: number;
let before: number;

beforeAll(async () => {
  database = await createTestDatabase();
  // A worker that was there once: it made the queue.
  await (await listenForOperations(database.url, createLog("worker"), () => undefined)).stop();
  context = createTestContext(database.db, testConfig("http://127.0.0.1:1"));
});
afterAll(() => database.drop());
beforeEach(async () => {
  const { db } = database;
  await watched(db);
  const salt = randomUUID();
  before = await recordRelease(db, "prod", { experience: sealed("experience", "prod", v1), commerce: sealed("commerce", "prod", v1) }, { contentHash: `a${salt}` });
  await recordRelease(db, "prod", { experience: sealed("experience", "prod", v2), commerce: sealed("commerce", "prod", v1) }, { contentHash: `b${salt}` });
  await writeState(db, bigPodState("prod", "experience", v2, { status: "broken", cause: "app keeps exiting", causeKind: "crash" }));
  await writeState(db, bigPodState("prod", "commerce", v1));
  await db.incidentEntryRow.deleteMany();
  await db.incidentEvidenceRow.deleteMany();
  await db.incidentRow.deleteMany();
  await db.operationStepRow.deleteMany();
  await db.operationRow.deleteMany();
  number = (await db.incidentRow.create({ data: { id: randomUUID(), environment: "prod", bigPod: "experience", title: "app keeps exiting", severity: "critical", status: "open", onsetAt: new Date(), openedAt: new Date(), position: 0n } })).number;
});

describe("the remedies of an incident", () => {
  test("the release that was healthy before, for the Big Pods that differ; its plan is made and confirmed from there, and stands in the timeline", async () => {
    const remedies = await readRemedies(context, person, number);
    const rollback = remedies.find((remedy) => remedy.kind === "rollback");
    expect(rollback).toMatchObject({ enabled: true, title: `Roll back prod to R-${before}`, plan: { kind: "rollback", environment: "prod", release: before, bigPods: ["experience"] }, reason: expect.stringMatching(new RegExp(`^Incident ${number}: app keeps exiting, since \\d\\d:\\d\\d UTC$`)) });
    const plan = await createPlan(context, person, { kind: "rollback", environment: "prod", release: before, bigPods: ["experience"] }, { incident: number });
    expect(plan.suggestedReason).toBe(rollback?.reason);
    const { id } = await requestOperation(context, person, { planHash: plan.hash, reason: plan.suggestedReason, incident: number }, randomUUID());
    expect((await readOperation(context, person, id)).incident).toBe(number);
    const entries = await database.db.incidentEntryRow.findMany();
    expect(entries).toMatchObject([{ kind: "operation", title: `Rafael asked to roll back experience in prod to R-${before}`, link: `/operations/${id}` }]);
  });

  test("a promotion that came shortly before recommends it; without one nothing does", async () => {
    expect((await readRemedies(context, person, number)).some((remedy) => remedy.recommended)).toBe(false);
    const at = new Date(Date.now() - 180_000);
    await database.db.operationRow.create({ data: { id: randomUUID(), kind: "promotion", environment: "prod", status: "succeeded", title: "Promote R-9 to prod", reason: "x", planHash: "x", plan: {}, targets: [], actor: {}, actorId: "a", idempotencyKey: randomUUID(), requestedAt: at, startedAt: at, finishedAt: at, position: 0n } });
    expect((await readRemedies(context, person, number))[0]).toMatchObject({ kind: "rollback", recommended: true, facts: expect.arrayContaining(['recommended: "Promote R-9 to prod" came 3 min before it']) });
  });

  test("after an edit by hand the recorded release itself is the way back", async () => {
    await database.db.environmentRelease.update({ where: { environment: "prod" }, data: { settled: false } });
    const current = (await database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).number;
    expect((await readRemedies(context, person, number)).find((remedy) => remedy.kind === "rollback")).toMatchObject({ enabled: true, plan: { kind: "rollback", environment: "prod", release: current } });
  });

  test("nothing healthy before: the button is there and says so", async () => {
    await database.db.releaseRecord.updateMany({ data: { healthyAt: null } });
    expect((await readRemedies(context, person, number)).find((remedy) => remedy.kind === "rollback")).toMatchObject({ enabled: false, plan: null, why: expect.stringContaining("was ever seen healthy in prod") });
  });

  test("who may not ask for it is told who may", async () => {
    for (const remedy of await readRemedies(context, viewer, number)) expect([remedy.enabled, remedy.why]).toEqual([false, expect.stringMatching(/^That takes the role .+ in prod\.$/)]);
  });

  test("an incident that does not exist, or is of another environment, is no place to ask from", async () => {
    await expect(readRemedies(context, person, number + 1)).rejects.toMatchObject({ code: "not-found" });
    await expect(createPlan(context, person, { kind: "drill", environment: "staging" }, { incident: number })).rejects.toMatchObject({ code: "invalid", message: `Incident ${number} is in prod, not in staging.` });
  });
});

test("saved evidence is read by those who may, and its name is harmless", async () => {
  const row = { id: randomUUID(), environment: "prod", bigPod: "experience", name: "logs/experience-1/app.log", kind: "logs", content: "<script>1</script>", bytes: 18, at: new Date("2026-11-21T14:02:00Z"), operationId: "op-1" };
  await database.db.incidentEvidenceRow.create({ data: row });
  expect(await readEvidence(context, person, row.id)).toMatchObject({ content: row.content, name: row.name });
  expect(evidenceFileName(row)).toBe("prod-experience-2026-11-21T140200Z-logs-experience-1-app.log");
  expect(await listEvidence(context, { operationId: "op-1" })).toEqual([{ id: row.id, name: row.name, kind: "logs", bytes: 18, at: "2026-11-21T14:02:00.000Z" }]);
  await expect(readEvidence(context, viewer, row.id)).rejects.toMatchObject({ code: "denied" });
  await expect(readEvidence(context, person, "none")).rejects.toMatchObject({ code: "not-found" });
});
