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
import { listBreakGlass } from "#lib/services/break-glass/list.ts";
import { openBreakGlass } from "#lib/services/break-glass/open.ts";
import { abortOperation } from "#lib/services/operation/abort.ts";
import { listOperations } from "#lib/services/operation/list.ts";
import { readOperation } from "#lib/services/operation/read.ts";
import { requestAutomatic } from "#lib/services/operation/request-automatic.ts";
import { requestOperation } from "#lib/services/operation/request.ts";
import { buildPlan } from "#lib/services/plan/build.ts";
import { createPlan } from "#lib/services/plan/create.ts";
import { nothingOutside } from "#lib/services/test-context.ts";
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
  context = { db: database.db, config, clock: systemClock, log, registry: createRegistry({ registries: config.registries, resolveSecret: () => "", log }), outside: nothingOutside };
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

test("ACCEPTANCE 8: twenty clicks at once are one operation", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => requestOperation(context, person, intent(), "twenty")));
  expect(new Set(answers.map((answer) => answer.id)).size).toBe(1);
  expect(await database.db.operationRow.count()).toBe(1);
  expect(await jobs()).toHaveLength(1);
  expect(await database.db.auditEntryRow.count({ where: { operationId: answers[0]?.id ?? "" } })).toBe(1);
});

test("the key of another intent is refused; the same key after the end gives the same operation", async () => {
  const { id } = await requestOperation(context, person, intent(), "k2");
  await database.db.operationRow.update({ where: { id }, data: { status: "succeeded" } });
  expect(await requestOperation(context, person, intent(), "k2")).toEqual({ id, status: "succeeded", waits: null });
  const other = await createPlan(context, person, { kind: "restart", environment: "prod", bigPods: ["commerce"] });
  await expect(requestOperation(context, person, { planHash: other.hash, reason: "another" }, "k2")).rejects.toMatchObject({ code: "conflict", detail: { operation: id } });
});

describe("refused, with nothing done", () => {
  const refused = async (code: string, sentence: RegExp, attempt: () => Promise<unknown>) => {
    const before = await database.db.operationRow.count();
    await expect(attempt()).rejects.toMatchObject({ code, message: expect.stringMatching(sentence) });
    expect(await database.db.operationRow.count()).toBe(before);
  };

  test("ACCEPTANCE 12: the world has moved: the difference is named, and the attempt is in the log", async () => {
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
    await refused("denied", /^You may not promote \S+( of)?( R-\d+)? to prod: that takes the role releaser or responder or admin in prod\./, () => requestOperation(context, viewer, intent(), "k6"));
    await refused("denied", /releaser/, () => requestOperation(context, { ...person, grants: [{ role: "operator", environments: "*" }] }, intent(), "k6"));
    expect(await lastAudit()).toMatchObject({ action: "access.denied", outcome: "denied" });
  });

  test("a plan of another environment than one's role", async () => {
    await refused("not-found", /^There is no such plan/, () => requestOperation(context, { ...person, grants: [{ role: "releaser", environments: ["staging"] }] }, intent(), "k6b"));
    await refused("denied", /role responder or admin|role releaser/, () => requestOperation(context, { ...person, grants: [{ role: "approver", environments: "*" }] }, intent(), "k6c"));
  });

  test("a window that is shut, unless it is scheduled; break-glass overrules it, is kept with the operation, and stands in the log", async () => {
    const prod = context.config.environments.find((environment) => environment.name === "prod");
    if (prod === undefined) throw new Error("the test platform has prod");
    const at = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
    prod.policy.windows = [{ name: "late", every: "day", on: [], timeZone: "UTC", from: at(2), to: at(3) }];
    try {
      plan = await createPlan(context, person, { kind: "promotion", from: "staging", to: "prod" });
      await refused("conflict", /^Its window is shut: .*Nothing was done\. Confirm it with schedule: "next-window"/, () => requestOperation(context, person, intent(), "w1"));
      const scheduled = await requestOperation(context, person, { ...intent(), schedule: "next-window" }, "w2");
      expect(scheduled).toMatchObject({ status: "scheduled", waits: { for: "window", position: null, until: expect.any(String) } });
      expect(await readOperation(context, person, scheduled.id)).toMatchObject({ notBefore: scheduled.waits?.until });

      const vera = { ...person, id: "vera", name: "Vera", grants: [{ role: "responder" as const, environments: "*" as const }] };
      const glass = await openBreakGlass(context, vera, { environment: "prod", reason: "payments are down, cannot wait" });
      const urgent = await createPlan(context, vera, { kind: "promotion", from: "staging", to: "prod" });
      expect(urgent).toMatchObject({ breakGlassId: glass.id, start: { how: "now" } });
      expect(urgent.gates.find((gate) => gate.name === "window")).toMatchObject({ verdict: "fail", overruled: true });
      const { id, status } = await requestOperation(context, vera, { planHash: urgent.hash, reason: "payments are down" }, "w3");
      expect(status).toBe("queued");
      const { body } = JSON.parse((await lastAudit()).bytes);
      expect(body).toMatchObject({ summary: expect.stringContaining("under BREAK-GLASS"), after: { breakGlass: glass.id, overruled: ["A window is open"] } });
      expect(await readOperation(context, viewer, id)).toMatchObject({ breakGlass: true });
      expect((await listBreakGlass(context, viewer)).find((one) => one.id === glass.id)?.operations).toEqual([{ id, title: urgent.title }]);
      await refused("conflict", /^Its window is shut/, () => requestOperation(context, person, intent(), "w4"));
    } finally {
      prod.policy.windows = [];
    }
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

describe("one at a time, the others in order", () => {
  const restart = () => createPlan(context, person, { kind: "restart", environment: "prod", bigPods: ["commerce"] });
  const running = (id: string) => database.db.operationRow.update({ where: { id }, data: { status: "running", startedAt: new Date(), leaseExpiresAt: new Date(Date.now() + 60_000) } });
  const olderRelease = () => recordRelease(database.db, "prod", { experience: sealed("experience", "prod", v2), commerce: sealed("commerce", "prod", v1) }, { current: false, contentHash: String(Math.random()) });

  test("two different intents in the same moment: both are accepted, one behind the other, and the page says behind whom", async () => {
    const other = await restart();
    const answers = await Promise.all([requestOperation(context, person, intent(), "k7"), requestOperation(context, person, { planHash: other.hash, reason: "restart it" }, "k8")]);
    expect(answers.map((answer) => answer.waits?.position).toSorted()).toEqual([1, 2]);
    const second = answers.find((answer) => answer.waits?.position === 2);
    expect(second?.waits).toMatchObject({ for: "turn", sentence: expect.stringMatching(/^Behind "(Promote|Restart).*" \(Rafael\)$/) });
    expect(await readOperation(context, viewer, second?.id ?? "")).toMatchObject({ status: "queued", waits: second?.waits });
    const listed = await listOperations(context, viewer, { limit: 10 });
    expect(listed.operations.map((operation) => operation.waits?.position).toSorted()).toEqual([1, 2]);
  });

  test("while something runs a plan says that it waits, and for about how long", async () => {
    for (const seconds of [40, 60, 80]) {
      const { id } = await requestOperation(context, person, intent(), `past-${seconds}`);
      await database.db.operationRow.update({ where: { id }, data: { status: "succeeded", startedAt: new Date(Date.now() - seconds * 1000), finishedAt: new Date() } });
    }
    const { id } = await requestOperation(context, person, intent(), "k9");
    await running(id);
    const waiting = await restart();
    expect(waiting).toMatchObject({ ready: false, start: { how: "waits", waits: [{ for: "turn", sentence: expect.stringContaining("(Rafael)") }] } });
    expect(waiting.gates.find((gate) => gate.name === "nothing-else-runs")?.evidence).toMatch(/^"Promote .*" \(Rafael\) is running since .*: about (5\d|60) s \((3\d|40)–(7\d|80)\) left$/);
    const { waits } = await requestOperation(context, person, { planHash: waiting.hash, reason: "afterwards" }, "k9b");
    expect(waits).toMatchObject({ position: 1, sentence: expect.stringMatching(/^Behind "Promote/), estimate: { seconds: expect.closeTo(60, -1), lowSeconds: expect.closeTo(40, -1), highSeconds: expect.closeTo(80, -1) } });
  });

  test("a rollback has the running promotion aborted in the same transaction, goes first, and both say so", async () => {
    const rollback = await createPlan(context, person, { kind: "rollback", environment: "prod", release: await olderRelease() });
    const other = await restart();
    const { id } = await requestOperation(context, person, intent(), "k10");
    const behind = await requestOperation(context, person, { planHash: other.hash, reason: "restart it" }, "k10b");
    await running(id);
    expect((await createPlan(context, person, { kind: "rollback", environment: "prod", release: rollback.release ?? 0 })).gates.find((gate) => gate.name === "nothing-else-runs")).toMatchObject({ verdict: "pass", evidence: expect.stringContaining("will be aborted for this rollback") });
    const vera = { ...person, id: "u3", name: "Vera" };
    const back = await requestOperation(context, vera, { planHash: rollback.hash, reason: "go back" }, "k11");
    expect(back).toMatchObject({ status: "queued", waits: { position: 1, sentence: expect.stringMatching(/^Behind "Promote.*which is being aborted$/) } });
    expect(await readOperation(context, person, id)).toMatchObject({ status: "running", abortRequestedBy: expect.stringMatching(/^Vera, for the rollback to R-\d+$/) });
    expect(await readOperation(context, person, back.id)).toMatchObject({ note: expect.stringMatching(/is aborted for this rollback/), followsId: id });
    expect((await readOperation(context, person, behind.id)).waits).toMatchObject({ position: 2 });
    const entries = await database.db.auditEntryRow.findMany({ where: { operationId: { in: [id, back.id] }, actorName: "Vera" }, orderBy: { sequence: "asc" } });
    expect(entries.map((entry) => [entry.action, entry.operationId])).toEqual([["operation.abort", id], ["operation.request", back.id]]);
    expect((await lastAudit()).bytes).toContain("is aborted for it");
  });

  test("a running rollback is not interrupted by another", async () => {
    const release = await olderRelease();
    const first = await createPlan(context, person, { kind: "rollback", environment: "prod", release });
    const { id } = await requestOperation(context, person, { planHash: first.hash, reason: "go back" }, "r1");
    await running(id);
    const second = await createPlan(context, person, { kind: "rollback", environment: "prod", release: await olderRelease() });
    expect(second.start).toMatchObject({ how: "waits", waits: [{ for: "turn" }] });
    expect(await requestOperation(context, person, { planHash: second.hash, reason: "further back" }, "r2")).toMatchObject({ status: "queued", waits: { position: 1 } });
    expect(await readOperation(context, person, id)).toMatchObject({ abortRequestedBy: null });
  });
});

test("what Vigie asks for by itself after an operation is asked for once, before those that wait, and its asker is Vigie", async () => {
  const release = await recordRelease(database.db, "prod", { experience: sealed("experience", "prod", v2), commerce: sealed("commerce", "prod", v1) }, { current: false, contentHash: String(Math.random()) });
  const { id: followsId } = await requestOperation(context, person, intent(), "k20");
  await database.db.operationRow.update({ where: { id: followsId }, data: { status: "succeeded" } });
  const waiting = await requestOperation(context, person, { planHash: (await createPlan(context, person, { kind: "restart", environment: "prod", bigPods: ["commerce"] })).hash, reason: "it leaks" }, "k21");
  const stored = await buildPlan(context, { kind: "rollback", environment: "prod", release });
  const answers = await Promise.all(Array.from({ length: 5 }, () => requestAutomatic(context, { stored, reason: "experience broke within 15 minutes", followsId, key: `rollback-after:${followsId}` })));
  const [answer, ...others] = answers.filter((one) => one !== null);
  expect(others).toEqual([]);
  expect(answer).toMatchObject({ status: "queued", waits: { position: 1 } });
  expect(await readOperation(context, person, answer?.id ?? "")).toMatchObject({ automatic: true, actor: "Vigie", followsId, abortRequestedBy: null });
  expect((await readOperation(context, person, waiting.id)).waits).toMatchObject({ position: 2 });
});

test("an abort of what waits ends it at once, once; not of what has ended otherwise", async () => {
  const { id } = await requestOperation(context, person, intent(), "k12");
  await expect(abortOperation(context, viewer, id)).rejects.toMatchObject({ code: "denied" });
  const answers = await Promise.all([abortOperation(context, person, id), abortOperation(context, person, id)]);
  expect(answers.map((answer) => answer.status)).toEqual(["aborted", "aborted"]);
  const entries = await database.db.auditEntryRow.findMany({ where: { operationId: id }, orderBy: { sequence: "asc" } });
  expect(entries.map((entry) => entry.action)).toEqual(["operation.request", "operation.abort", "operation.outcome"]);
  expect(await readOperation(context, person, id)).toMatchObject({ status: "aborted", note: "Aborted by Rafael before anything was changed.", waits: null, progress: { done: 4, total: 4 } });
  await database.db.operationRow.update({ where: { id }, data: { status: "succeeded" } });
  await expect(abortOperation(context, person, id)).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("has already ended (succeeded)") });
  await expect(abortOperation(context, person, "nope")).rejects.toMatchObject({ code: "not-found" });
});

test("an abort of what runs is asked of the worker, once", async () => {
  const { id } = await requestOperation(context, person, intent(), "k12b");
  await database.db.operationRow.update({ where: { id }, data: { status: "running" } });
  const answers = await Promise.all([abortOperation(context, person, id), abortOperation(context, person, id)]);
  expect(answers.map((answer) => answer.status)).toEqual(["running", "running"]);
  expect(await database.db.auditEntryRow.count({ where: { operationId: id, action: "operation.abort" } })).toBe(1);
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
  await expect(listOperations(context, elsewhere, { limit: 50, environment: "prod" })).rejects.toMatchObject({ code: "not-found" });
});
