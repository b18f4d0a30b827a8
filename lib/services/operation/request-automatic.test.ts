import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { listenForOperations } from "#lib/db/queue.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { requestAutomatic } from "#lib/services/operation/request-automatic.ts";
import type { AutomaticRequest } from "#lib/services/operation/request-automatic.ts";
import { buildPlan } from "#lib/services/plan/build.ts";
import type { BuiltPlan } from "#lib/services/plan/build.ts";
import { bigPodState, recordRelease, sealed, testConfig, watched, writeState } from "#lib/services/plan/test-platform.ts";
import { createTestContext } from "#lib/services/test-context.ts";

const [old, present] = [{ tag: "v1", digest: `sha256:${"1".repeat(64)}` }, { tag: "v2", digest: `sha256:${"2".repeat(64)}` }];
let database: TestDatabase;
let context: ServiceContext;
let stored: BuiltPlan;

beforeAll(async () => {
  database = await createTestDatabase();
  // A worker that was there once: it made the queue.
  await (await listenForOperations(database.url, createTestContext(database.db).log, () => undefined)).stop();
  const { db } = database;
  context = createTestContext(db, testConfig("http://127.0.0.1:1"));
  await watched(db);
  for (const bigPod of ["experience", "commerce"]) await writeState(db, bigPodState("prod", bigPod, present));
  const content = (build: typeof old) => ({ experience: sealed("experience", "prod", build), commerce: sealed("commerce", "prod", build) });
  const release = await recordRelease(db, "prod", content(old), { contentHash: "old" });
  await recordRelease(db, "prod", content(present), { contentHash: "present" });
  stored = await buildPlan(context, { kind: "rollback", environment: "prod", release });
});
afterAll(() => database.drop());

const ask = (change: Partial<AutomaticRequest>) => requestAutomatic(context, { stored, reason: "it failed", followsId: null, key: "k", ...change });
const audited = (operationId: string) => database.db.auditEntryRow.findMany({ where: { operationId }, select: { action: true, outcome: true, actorKind: true, actorId: true } });
const ended = () => database.db.operationRow.updateMany({ data: { status: "succeeded" } });

test("asked for eight times at once, it is one: operation, steps, entry and job together", async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask({ key: "once" })));
  const given = answers.filter((answer) => answer !== null);
  expect(given).toHaveLength(1);
  const id = given[0]?.id ?? "";
  expect(await database.db.operationRow.findMany({ include: { steps: true } })).toMatchObject([{ id, kind: "rollback", status: "queued", automatic: true, priority: 10, actor: { kind: "system", id: "vigie", name: "Vigie" }, request: { kind: "rollback" } }]);
  expect(await database.db.operationStepRow.count({ where: { operationId: id } })).toBeGreaterThan(3);
  expect(await audited(id)).toEqual([{ action: "operation.request", outcome: "allowed", actorKind: "system", actorId: "vigie" }]);
  const jobs = await database.db.$queryRaw<{ data: { operationId: string } }[]>`SELECT data FROM pgboss.job`;
  expect(jobs.map((job) => job.data.operationId)).toEqual([id]);
  await ended();
});

test("of each kind one follows an operation, under whatever key", async () => {
  const first = await ask({ key: "promotion" });
  await ended();
  const second = await ask({ key: "a", followsId: first?.id ?? "" });
  await ended();
  expect(second).not.toBeNull();
  expect(await ask({ key: "b", followsId: first?.id ?? "" })).toBeNull();
  expect(await database.db.operationRow.count({ where: { followsId: first?.id ?? "" } })).toBe(1);
});

test("what belongs to it is written with it or not at all", async () => {
  const before = await database.db.operationRow.count();
  await expect(ask({ key: "fails", also: () => Promise.reject(new Error("no quarantine")) })).rejects.toThrow("no quarantine");
  expect(await ask({ key: "given up", before: () => Promise.resolve(false) })).toBeNull();
  expect([await database.db.operationRow.count(), await database.db.operationRow.count({ where: { idempotencyKey: { in: ["fails", "given up"] } } })]).toEqual([before, 0]);
  const done = await ask({ key: "works", also: async (tx, operationId, at) => void (await tx.drillOccurrenceRow.create({ data: { environment: "prod", dueAt: at, operationId } })) });
  expect(await database.db.drillOccurrenceRow.findUniqueOrThrow({ where: { environment: "prod" } })).toMatchObject({ operationId: done?.id });
  await ended();
});
