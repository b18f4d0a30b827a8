import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Actor } from "#lib/contracts/actor.ts";
import type { Plan } from "#lib/contracts/operation.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { listenForOperations } from "#lib/db/queue.ts";
import type { Role } from "#lib/domain/access.ts";
import { approveOperation } from "#lib/services/approval/give.ts";
import { listApprovals } from "#lib/services/approval/list.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { abortOperation } from "#lib/services/operation/abort.ts";
import { readOperation } from "#lib/services/operation/read.ts";
import { requestOperation } from "#lib/services/operation/request.ts";
import { createPlan } from "#lib/services/plan/create.ts";
import { bigPodState, person, recordRelease, sealed, testConfig, viewer, watched, writeState } from "#lib/services/plan/test-platform.ts";
import { actorWith, createTestContext, createTestLog } from "#lib/services/test-context.ts";
import { createToken } from "#lib/services/token/create.ts";
import { admitWaiting } from "#lib/worker/operations/admit.ts";

const builds = { old: { tag: "v1", digest: `sha256:${"a".repeat(64)}` }, new: { tag: "v2", digest: `sha256:${"b".repeat(64)}` } };
let database: TestDatabase;
let context: ServiceContext;
let plan: Plan;
let id: string;
let made = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  // A worker that was there once: it made the queue.
  await (await listenForOperations(database.url, createTestLog(), () => undefined)).stop();
  const config = testConfig("http://127.0.0.1:9");
  const prod = config.environments.find((environment) => environment.name === "prod");
  if (prod === undefined) throw new Error("the test platform has prod");
  prod.policy.approvals = { required: 2, expiresMinutes: 30 };
  config.access.roles = [{ role: "approver", groups: ["approvers"], users: [] }, { role: "releaser", groups: ["releasers"], users: [] }];
  const registry = { inspect: () => Promise.resolve({ platforms: ["linux/arm64"], revision: null, source: null, createdAt: null }) };
  context = { ...createTestContext(database.db, config), registry: registry as unknown as ServiceContext["registry"] }; // every image is there
  await watched(database.db);
  for (const bigPod of ["experience", "commerce"]) {
    await writeState(database.db, bigPodState("staging", bigPod, builds.new));
    await writeState(database.db, bigPodState("prod", bigPod, builds.old));
  }
  for (const [environment, build] of [["prod", builds.old], ["staging", builds.new]] as const) {
    await recordRelease(database.db, environment, { experience: sealed("experience", environment, build), commerce: sealed("commerce", environment, build) }, { contentHash: environment });
  }
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.db.$executeRaw`UPDATE lease SET heartbeat_at = clock_timestamp()`;
  plan = await createPlan(context, person, { kind: "promotion", from: "staging", to: "prod" });
  made += 1;
  ({ id } = await requestOperation(context, person, { planHash: plan.hash, reason: "monthly window" }, `k${made}`));
});

async function approver(name: string, group = "approvers"): Promise<Actor> {
  const user = await database.db.userRow.upsert({ where: { id: `user-${name}` }, create: { id: `user-${name}`, name, groups: [group] }, update: { groups: [group] } });
  return { kind: "person", id: user.id, name, grants: [{ role: "approver", environments: "*" }] };
}
async function tokenOf(maker: Actor, role: Role = "approver"): Promise<Actor> {
  const token = await createToken(context, { ...maker, grants: [{ role: "admin", environments: "*" }] }, { name: `token of ${maker.name}`, role, expiresInDays: 1 });
  return { kind: "token", id: token.id, name: token.name, grants: [{ role, environments: "*" }] };
}
const approve = (actor: Actor, planHash = plan.hash) => approveOperation(context, actor, id, { planHash, note: "looked at it" });
const entries = (action: string) => database.db.auditEntryRow.findMany({ where: { operationId: id, action }, orderBy: { sequence: "asc" } });
const status = async () => (await readOperation(context, viewer, id)).status;

test("a promotion that needs approvals awaits them, and goes on once two people have given theirs", async () => {
  expect(plan).toMatchObject({ ready: false, start: { how: "waits", waits: [{ for: "approvals" }] } });
  expect(await readOperation(context, viewer, id)).toMatchObject({ status: "awaiting", waits: { for: "approvals", sentence: "Waits for 2 approvals" }, approvals: { required: 2, given: [] } });
  const answer = await approve(await approver("Anna"));
  expect(answer).toMatchObject({ id, status: "awaiting", approvals: { required: 2, given: [{ by: "Anna", note: "looked at it" }] } });
  const [given] = answer.approvals.given;
  expect(Date.parse(given?.expiresAt ?? "") - Date.parse(given?.at ?? "")).toBe(30 * 60_000);
  expect([await admitWaiting(context, "w"), await status()]).toEqual([0, "awaiting"]);
  await approve(await approver("Ben"));
  expect([await admitWaiting(context, "w"), await status()]).toEqual([1, "queued"]);
  expect((await entries("operation.approve")).map((entry) => [entry.actorName, entry.outcome])).toEqual([["Anna", "allowed"], ["Ben", "allowed"]]);
  await abortOperation(context, person, id);
});

test("the same approval again, also ten times at once, is one", async () => {
  const anna = await approver("Anna");
  const answers = await Promise.all(Array.from({ length: 10 }, () => approve(anna)));
  expect(new Set(answers.map((answer) => answer.approvals.given.length))).toEqual(new Set([1]));
  expect(await entries("operation.approve")).toHaveLength(1);
});

test("one that ran out counts no more, and may be given anew", async () => {
  const [anna, ben] = [await approver("Anna"), await approver("Ben")];
  await approve(anna);
  await database.db.$executeRaw`UPDATE approval SET expires_at = clock_timestamp() - interval '1 second' WHERE operation_id = ${id}`;
  await approve(ben);
  expect((await listApprovals(context, viewer, id)).given.map((given) => given.by)).toEqual(["Ben"]);
  expect([await admitWaiting(context, "w"), await status()]).toEqual([0, "awaiting"]);
  expect((await approve(anna)).approvals.given).toHaveLength(2);
  expect([await admitWaiting(context, "w"), await status()]).toEqual([1, "queued"]);
});

test("one by somebody who may not approve any more does not count", async () => {
  await approve(await approver("Anna"));
  await approve(await approver("Ben"));
  await approver("Ben", "nobodies");
  expect((await listApprovals(context, viewer, id)).given.map((given) => given.by)).toEqual(["Anna"]);
  expect([await admitWaiting(context, "w"), await status()]).toEqual([0, "awaiting"]);
});

test("what is not approved in time is refused, with the sentence and an entry", async () => {
  await approve(await approver("Anna"));
  await database.db.$executeRaw`UPDATE operation SET waits_until = clock_timestamp() - interval '1 second' WHERE id = ${id}`;
  expect(await admitWaiting(context, "w")).toBe(1);
  expect(await readOperation(context, viewer, id)).toMatchObject({ status: "refused", note: expect.stringMatching(/^It was not approved in time: 1 of 2 approvals given until .*\. Nothing was changed\./), waits: null });
  expect((await entries("operation.refuse")).map((entry) => entry.outcome)).toEqual(["failed"]);
  await expect(approve(await approver("Ben"))).rejects.toMatchObject({ code: "conflict", message: expect.stringMatching(/is refused: there is nothing left to approve/) });
});

describe("refused, with an entry", () => {
  const refused = async (actor: Actor, code: string, sentence: RegExp, planHash = plan.hash) => {
    await expect(approve(actor, planHash)).rejects.toMatchObject({ code, message: expect.stringMatching(sentence) });
    expect((await listApprovals(context, viewer, id)).given.some((given) => given.actorId === actor.id)).toBe(false);
    const last = await database.db.auditEntryRow.findFirstOrThrow({ orderBy: { sequence: "desc" } });
    expect([last.actorId, last.outcome]).toEqual([actor.id, code === "denied" ? "denied" : "failed"]);
  };

  test("a changed plan", async () => refused(await approver("Anna"), "conflict", /is not what "Promote .*" would do: the plan's hash differs/, "0".repeat(64)));
  test("a role that may not", () => refused(viewer, "denied", /takes the role approver or admin in prod/));
  test("one's own wish", () => refused({ ...person, grants: [{ role: "admin", environments: "*" }] }, "denied", /you asked for it yourself\. Ask somebody else/));
  test("one's own wish, through a token one made", async () => refused(await tokenOf(person), "denied", /the same person stands behind token of Rafael and Rafael/));
  test("one's own wish, through a token from before makers' ids were kept", async () => {
    const token = await tokenOf(person);
    await database.db.apiToken.update({ where: { id: token.id }, data: { createdById: null } });
    await refused(token, "denied", /the same person stands behind/);
  });
  test("a wish that one's own token had", async () => {
    const anna = await approver("Anna");
    const token = await tokenOf(anna, "releaser");
    ({ id } = await requestOperation(context, token, { planHash: plan.hash, reason: "by a pipeline" }, `t${made}`));
    await refused(anna, "denied", /the same person stands behind Anna and token of Anna/);
  });
  test("one person twice, by a token", async () => {
    const anna = await approver("Anna");
    await approve(anna);
    await refused(await tokenOf(anna), "conflict", /You approved .* already, as Anna: one person counts once/);
  });
  test("what has begun", async () => {
    await database.db.operationRow.update({ where: { id }, data: { status: "running" } });
    await refused(await approver("Anna"), "conflict", /is running: there is nothing left to approve/);
    await database.db.operationRow.update({ where: { id }, data: { status: "failed" } });
  });
  test("what needs none", async () => {
    const restart = await createPlan(context, person, { kind: "restart", environment: "prod", bigPods: ["commerce"] });
    ({ id } = await requestOperation(context, person, { planHash: restart.hash, reason: "it leaks" }, `n${made}`));
    await refused(await approver("Anna"), "conflict", /needs no approval/);
  });
  test("what is not there", async () => {
    await expect(approveOperation(context, await approver("Anna"), "nope", { planHash: plan.hash })).rejects.toMatchObject({ code: "not-found" });
    await expect(listApprovals(context, actorWith("viewer", ["dev"]), id)).rejects.toMatchObject({ code: "not-found" });
  });
});
