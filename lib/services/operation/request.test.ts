import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createRegistry } from "#lib/adapters/registry/registry.ts";
import type { Plan } from "#lib/contracts/operation.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { listenForOperations } from "#lib/db/queue.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { createLog } from "#lib/runtime/log.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { abortOperation } from "#lib/services/operation/abort.ts";
import { listOperations } from "#lib/services/operation/list.ts";
import { readOperation } from "#lib/services/operation/read.ts";
import { requestOperation } from "#lib/services/operation/request.ts";
import { createPlan } from "#lib/services/plan/create.ts";
import { bigPodState, person, recordRelease, repository, sealed, testConfig, viewer, watched, writeState } from "#lib/services/plan/test-platform.ts";
import { startRegistry } from "#sandbox/registry/server.ts";
import { createCatalogue } from "#sandbox/world/catalogue.ts";

const catalogue = createCatalogue({ now: Date.now });
const builds = catalogue.all().filter((build) => build.repository === repository && build.inRegistry);
const [v1, v2] = [builds[0], builds[1]];
if (v1 === undefined || v2 === undefined) throw new Error("the catalogue has too few builds");
let database: TestDatabase;
let registry: { url: string; stop(): Promise<void> };
let context: ServiceContext;
let plan: Plan;

beforeAll(async () => {
  database = await createTestDatabase();
  registry = await startRegistry({ catalogue, port: 0, host: "127.0.0.1" });
  const log = createLog("worker");
  // A worker that was there once: it made the queue.
  await (await listenForOperations(database.url, log, () => undefined)).stop();
  const config = testConfig(registry.url);
  context = { db: database.db, config, clock: systemClock, log, registry: createRegistry({ registries: config.registries, resolveSecret: () => "", log }) };
});
afterAll(async () => {
  await registry.stop();
  await database.drop();
});
beforeEach(async () => {
  await database.db.operationStepRow.deleteMany();
  await database.db.operationRow.deleteMany();
  await database.db.$executeRaw`DELETE FROM pgboss.job`;
  await watched(database.db);
  for (const bigPod of ["experience", "commerce"]) {
    await writeState(database.db, bigPodState("staging", bigPod, bigPod === "experience" ? v2 : v1));
    await writeState(database.db, bigPodState("prod", bigPod, v1));
  }
  const salt = String(Math.random());
  await recordRelease(database.db, "staging", { experience: sealed("experience", "staging", v2), commerce: sealed("commerce", "staging", v1) }, { contentHash: `s${salt}` });
  await recordRelease(database.db, "prod", { experience: sealed("experience", "prod", v1), commerce: sealed("commerce", "prod", v1) }, { contentHash: `p${salt}` });
  plan = await createPlan(context, person, { kind: "promotion", from: "staging", to: "prod" });
});

const intent = () => ({ planHash: plan.hash, reason: "monthly window" });
const jobs = () => database.db.$queryRaw<{ data: { operationId: string } }[]>`SELECT data FROM pgboss.job`;
const lastAudit = () => database.db.auditEntryRow.findFirstOrThrow({ orderBy: { sequence: "desc" } });

test("one transaction: operation, steps, audit entry and job", async () => {
  const { id, status } = await requestOperation(context, person, intent(), "k1");
  expect(status).toBe("queued");
  const operation = await readOperation(context, viewer, id);
  expect(operation).toMatchObject({ status: "queued", actor: "Rafael", reason: "monthly window", progress: { done: 0, total: 4 }, plan: { hash: plan.hash } });
  expect(operation.steps.map((step) => [step.name, step.bigPod])).toEqual([["check", null], ["write", "experience"], ["rollout", "experience"], ["verify", null]]);
  expect((await jobs()).map((job) => job.data.operationId)).toEqual([id]);
  const { body } = JSON.parse((await lastAudit()).bytes);
  expect(body).toMatchObject({ action: "operation.request", outcome: "allowed", operationId: id, reason: "monthly window" });
  expect(body.before.bigPods.experience.images.app).toContain(v1.digest);
  expect(body.after.bigPods.experience.images.app).toContain(v2.digest);
});

test("twenty clicks at once are one operation", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => requestOperation(context, person, intent(), "twenty")));
  expect(new Set(answers.map((answer) => answer.id)).size).toBe(1);
  expect(await database.db.operationRow.count()).toBe(1);
  expect(await jobs()).toHaveLength(1);
  expect(await database.db.auditEntryRow.count({ where: { operationId: answers[0]?.id ?? "" } })).toBe(1);
});

test("the key of another intent is refused; the same key after the end gives the same operation", async () => {
  const { id } = await requestOperation(context, person, intent(), "k2");
  await database.db.operationRow.update({ where: { id }, data: { status: "succeeded" } });
  expect(await requestOperation(context, person, intent(), "k2")).toEqual({ id, status: "succeeded" });
  const other = await createPlan(context, person, { kind: "restart", environment: "prod", bigPods: ["commerce"] });
  await expect(requestOperation(context, person, { planHash: other.hash, reason: "another" }, "k2")).rejects.toMatchObject({ code: "conflict", detail: { operation: id } });
});

describe("refused, with nothing done", () => {
  const refused = async (code: string, sentence: RegExp, attempt: () => Promise<unknown>) => {
    const before = await database.db.operationRow.count();
    await expect(attempt()).rejects.toMatchObject({ code, message: expect.stringMatching(sentence) });
    expect(await database.db.operationRow.count()).toBe(before);
  };

  test("the world has moved: the difference is named, and the attempt is in the log", async () => {
    await writeState(database.db, bigPodState("prod", "experience", v1, { workload: { kind: "Deployment", name: "experience", uid: "prod-experience", generation: 9 } }));
    const attempt = () => requestOperation(context, person, intent(), "k3");
    await refused("conflict", /world has moved/, attempt);
    await expect(attempt()).rejects.toMatchObject({ detail: { difference: ["experience: the workload was edited (generation 3 → 9)"] } });
    expect(await lastAudit()).toMatchObject({ action: "operation.request", outcome: "failed", actorName: "Rafael" });
  });

  test("a plan of the past, an unknown plan, a bad key, a bad reason", async () => {
    await database.db.$executeRaw`UPDATE plan SET plan = jsonb_set(plan, '{expiresAt}', '"2026-01-01T00:00:00.000Z"') WHERE hash = ${plan.hash}`;
    await refused("conflict", /plan is of the past/, () => requestOperation(context, person, intent(), "k4"));
    await refused("not-found", /no such plan/, () => requestOperation(context, person, { planHash: "0".repeat(64), reason: "because" }, "k4"));
    expect(await lastAudit()).toMatchObject({ action: "operation.request", outcome: "failed", actorName: "Rafael" });
    await refused("invalid", /Idempotency-Key/, () => requestOperation(context, person, intent(), "a\nb"));
    await refused("invalid", /reason/, () => requestOperation(context, person, { planHash: plan.hash, reason: " " }, "k4"));
  });

  test("gates that no longer pass", async () => {
    await writeState(database.db, bigPodState("staging", "commerce", v1, { status: "broken", cause: "payment is down" }));
    await refused("conflict", /payment is down/, () => requestOperation(context, person, intent(), "k5"));
  });

  test("a viewer, and an operator for a promotion", async () => {
    await refused("denied", /^You may not promote \S+( of)?( R-\d+)? to prod: that takes the role releaser or admin in prod\./, () => requestOperation(context, viewer, intent(), "k6"));
    await refused("denied", /releaser/, () => requestOperation(context, { ...person, grants: [{ role: "operator", environments: "*" }] }, intent(), "k6"));
    expect(await lastAudit()).toMatchObject({ action: "access.denied", outcome: "denied" });
  });

  test("a busy environment, also for two different intents in the same moment", async () => {
    const other = await createPlan(context, person, { kind: "restart", environment: "prod", bigPods: ["commerce"] });
    const answers = await Promise.allSettled([requestOperation(context, person, intent(), "k7"), requestOperation(context, person, { planHash: other.hash, reason: "restart it" }, "k8")]);
    expect(answers.map((answer) => answer.status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(answers.find((answer) => answer.status === "rejected")?.reason).toMatchObject({ code: "conflict", message: expect.stringContaining("prod is busy") });
    expect(await database.db.operationRow.count()).toBe(1);
  });

  test("texts that cannot be kept", async () => {
    await refused("invalid", /NUL/, () => requestOperation(context, person, { planHash: plan.hash, reason: "a\u0000bc" }, "k9"));
    await refused("invalid", /surrogate/, () => requestOperation(context, person, { planHash: plan.hash, reason: "a\ud800bc" }, "k9"));
  });

  test("no audit entry, no operation and no job", async () => {
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query("REVOKE EXECUTE ON FUNCTION audit_append(text) FROM vigie_app");
    try {
      await expect(requestOperation(context, person, intent(), "k13")).rejects.toThrow(/permission denied/);
    } finally {
      await owner.query("GRANT EXECUTE ON FUNCTION audit_append(text) TO vigie_app");
      await owner.end();
    }
    expect([await database.db.operationRow.count(), (await jobs()).length]).toEqual([0, 0]);
  });
});

test("a rollback while a promotion runs aborts the promotion and says so", async () => {
  const old = await recordRelease(database.db, "prod", { experience: sealed("experience", "prod", v2), commerce: sealed("commerce", "prod", v1) }, { current: false, contentHash: String(Math.random()) });
  const rollback = await createPlan(context, person, { kind: "rollback", environment: "prod", release: old });
  const { id } = await requestOperation(context, person, intent(), "k10");
  await expect(requestOperation(context, person, { planHash: rollback.hash, reason: "go back" }, "k11")).rejects.toMatchObject({ code: "conflict", detail: { operation: id, aborting: true } });
  expect(await readOperation(context, person, id)).toMatchObject({ abortRequestedBy: "Rafael" });
});

test("an abort is asked once, and not of what has ended", async () => {
  const { id } = await requestOperation(context, person, intent(), "k12");
  await expect(abortOperation(context, viewer, id)).rejects.toMatchObject({ code: "denied" });
  await Promise.all([abortOperation(context, person, id), abortOperation(context, person, id)]);
  expect(await database.db.auditEntryRow.count({ where: { operationId: id, action: "operation.abort" } })).toBe(1);
  await database.db.operationRow.update({ where: { id }, data: { status: "aborted" } });
  await expect(abortOperation(context, person, id)).rejects.toMatchObject({ code: "conflict" });
  await expect(abortOperation(context, person, "nope")).rejects.toMatchObject({ code: "not-found" });
});

test("the list pages by key and shows only what may be read", async () => {
  const ids: string[] = [];
  for (const key of ["a", "b", "c"]) {
    const { id } = await requestOperation(context, person, intent(), key);
    ids.unshift(id);
    await database.db.operationRow.update({ where: { id }, data: { status: "failed" } });
  }
  const first = await listOperations(context, viewer, { limit: 2 });
  const second = await listOperations(context, viewer, { limit: 2, before: first.next ?? 0 });
  expect([...first.operations, ...second.operations].map((operation) => operation.id)).toEqual(ids);
  expect(second.next).toBeNull();
  const elsewhere = { ...viewer, grants: [{ role: "viewer" as const, environments: ["dev"] }] };
  expect((await listOperations(context, elsewhere, { limit: 50 })).operations).toEqual([]);
  await expect(listOperations(context, elsewhere, { limit: 50, environment: "prod" })).rejects.toMatchObject({ code: "denied" });
});
