import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Actor } from "#lib/contracts/actor.ts";
import { listenForOperations } from "#lib/db/queue.ts";
import { kinds } from "#lib/ports/cluster.ts";
import { approveOperation } from "#lib/services/approval/give.ts";
import { abortOperation } from "#lib/services/operation/abort.ts";
import { readOperation } from "#lib/services/operation/read.ts";
import { requestOperation } from "#lib/services/operation/request.ts";
import { admitWaiting } from "#lib/worker/operations/admit.ts";
import { claimNext } from "#lib/worker/operations/claim.ts";
import { openStage, releaser } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let stage: Stage;
let workers = 0;
const namespace = "dreamscape-prod";
beforeAll(async () => {
  stage = await openStage();
  // A worker that was there once: it made the queue.
  await (await listenForOperations(stage.database.url, stage.context.log, () => undefined)).stop();
  await stage.startWorker("observer", { operations: false });
});
afterAll(() => stage.stop());
beforeEach(async () => {
  await stage.settled("staging");
  await stage.settled("prod");
});
afterEach(async () => {
  await stage.stopWorkers();
  await stage.startWorker(`observer-${(workers += 1)}`, { operations: false });
});

const work = () => stage.startWorker(`w${(workers += 1)}`);
const restart = (bigPod: string) => stage.plan({ kind: "restart", environment: "prod", bigPods: [bigPod] });
const rowOf = (id: string) => stage.database.db.operationRow.findUniqueOrThrow({ where: { id } });
const entriesOf = async (id: string) => (await stage.database.db.auditEntryRow.findMany({ where: { operationId: id }, orderBy: { sequence: "asc" } })).map((entry) => entry.action);
const annotate = (bigPod: string, text: string) => stage.apiOf("prod").patch(kinds.deployments, namespace, bigPod, "strategic-merge", { spec: { template: { metadata: { annotations: { "vigie.dev/edited-by-a-test": text } } } } });
const seenBy = (bigPod: string) =>
  stage.until(`the edit of ${bigPod} is seen`, async () => {
    const generation = (await stage.apiOf("prod").get(kinds.deployments, namespace, bigPod)).metadata.generation;
    const state = (await stage.database.db.bigPodStateRow.findUniqueOrThrow({ where: { environment_bigPod: { environment: "prod", bigPod } } })).state as { workload: { generation: number } };
    return state.workload.generation === generation ? true : undefined;
  });

test("two workers, three operations: one after the other, in order; each begins once, and knows its place meanwhile", { timeout: 240_000 }, async () => {
  const ids: string[] = [];
  for (const bigPod of ["commerce", "core", "experience"]) ids.push(await stage.confirm(await restart(bigPod)));
  const [first = "", second = "", third = ""] = ids;
  expect((await readOperation(stage.context, releaser, third)).waits).toMatchObject({ position: 3, sentence: expect.stringMatching(/^Behind "Restart commerce in prod" \(Rafael\) and 1 more$/) });
  const before = (await rowOf(third)).position;
  await Promise.all([work(), work()]);
  await stage.ended(first);
  expect((await rowOf(third)).position).toBeGreaterThan(before);
  for (const id of [second, third]) expect(await stage.ended(id)).toMatchObject({ status: "succeeded", waits: null });
  const rows = await Promise.all(ids.map(rowOf));
  for (const [index, row] of rows.slice(1).entries()) expect(row.startedAt?.getTime()).toBeGreaterThanOrEqual(rows[index]?.finishedAt?.getTime() ?? Infinity);
  for (const id of ids) expect(await entriesOf(id)).toEqual(["operation.request", "operation.start", "operation.outcome"]);
});

test("ACCEPTANCE 2: a worker that dies between its claim and the beginning: the next one judges the turn and begins, once", { timeout: 240_000 }, async () => {
  const id = await stage.confirm(await restart("commerce"));
  expect(await claimNext(stage.database.db, "dead")).toMatchObject({ operationId: id, epoch: 1n });
  expect(await rowOf(id)).toMatchObject({ status: "running", startedAt: null });
  await work();
  expect(await stage.ended(id)).toMatchObject({ status: "succeeded" });
  expect(await rowOf(id)).toMatchObject({ epoch: 2n });
  expect(await entriesOf(id)).toEqual(["operation.request", "operation.start", "operation.outcome"]);
});

test("ACCEPTANCE 10: a rollback pre-empts a running promotion: aborted and returned for it, then the rollback; both say so", { timeout: 240_000 }, async () => {
  const prod = stage.context.config.environments.find((one) => one.name === "prod");
  if (prod === undefined) throw new Error("the sandbox has a prod");
  const { policy } = prod;
  onTestFinished(() => void (prod.policy = policy));
  // It bakes for as long as the test wants, however slow the machine: it cannot end before it is pre-empted.
  prod.policy = { ...policy, bakeMinutes: 10 };
  const before = await stage.images("prod");
  const { number } = await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
  const id = await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod" }));
  await work();
  await stage.until("it bakes", async () => ((await stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "bake", status: "running" } })) ?? undefined));
  await stage.until("that is seen", async () => ((await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).settled ? undefined : true));
  const vera: Actor = { ...releaser, name: "Vera" };
  const plan = await stage.plan({ kind: "rollback", environment: "prod", release: number });
  const back = await stage.onceSeen(() => requestOperation(stage.context, vera, { planHash: plan.hash, reason: "it looks wrong" }, crypto.randomUUID()));
  expect(back).toMatchObject({ status: "queued", waits: { for: "turn", position: 1, sentence: expect.stringMatching(/which is being aborted$/) } });
  expect(await stage.ended(id)).toMatchObject({ status: "aborted", note: `Aborted by Vera, for the rollback to R-${number}; what was changed is back as it was.` });
  const rollback = await stage.ended(back.id);
  expect([rollback.status, rollback.note]).toEqual(["succeeded", expect.anything()]);
  expect(rollback.followsId).toBe(id);
  expect(await stage.images("prod")).toEqual(before);
});

describe("when the turn comes", { timeout: 240_000 }, () => {
  /** Two operations for one environment; the second waits for its turn. */
  async function behind(bigPod: string): Promise<{ first: string; second: string }> {
    const first = await stage.confirm(await restart("commerce"));
    const second = await stage.confirm(await restart(bigPod));
    return { first, second };
  }

  test("an edit that left images and what will be written alone is no obstacle for one that waited", async () => {
    const { first, second } = await behind("core");
    await annotate("core", "one");
    await seenBy("core");
    await stage.settled("prod");
    await work();
    expect(await stage.ended(first)).toMatchObject({ status: "succeeded" });
    const done = await stage.ended(second);
    expect([done.status, done.note]).toEqual(["succeeded", expect.anything()]);
    expect(done.gates.map((gate) => gate.verdict)).toEqual(done.gates.map(() => "pass"));
  });

  test("other images run there now: refused with the difference, nothing changed, an entry", async () => {
    const { first, second } = await behind("experience");
    await stage.apiOf("prod").patch(kinds.deployments, namespace, "experience", "strategic-merge", { spec: { template: { spec: { containers: [{ name: "experience", image: Object.values((await stage.images("staging")).experience ?? {})[0] }] } } } });
    await stage.settled("prod");
    await work();
    expect(await stage.ended(first)).toMatchObject({ status: "succeeded" });
    expect(await stage.ended(second)).toMatchObject({ status: "refused", startedAt: null, note: expect.stringMatching(/^The world has moved since this was asked for: experience: .*\. Nothing was changed\.$/) });
    expect(JSON.stringify(await stage.apiOf("prod").get(kinds.deployments, namespace, "experience"))).not.toContain(second);
    expect(await entriesOf(second)).toEqual(["operation.request", "operation.refuse"]);
    expect((await stage.database.db.operationStepRow.findMany({ where: { operationId: second } })).map((step) => step.status)).toEqual(["skipped", "skipped", "skipped", "skipped"]);
  });

  test("ACCEPTANCE 39: whoever asked may not any more when its turn comes: refused", async () => {
    const user = { where: { id: releaser.id } };
    const { groups } = await stage.database.db.userRow.findUniqueOrThrow(user);
    const id = await stage.confirm(await restart("commerce"));
    await stage.database.db.userRow.update({ ...user, data: { disabledAt: new Date() } });
    await work();
    const ended = await stage.ended(id).finally(() => stage.database.db.userRow.update({ ...user, data: { groups, disabledAt: null } }));
    expect(ended).toMatchObject({ status: "refused", note: "Rafael had their access ended. Nothing was changed." });
  });

  test("a scheduled one begins at its time, not before, and survives that no worker runs then", async () => {
    const id = await stage.confirm(await restart("commerce"));
    await stage.database.db.$executeRaw`UPDATE operation SET status = 'scheduled', not_before = clock_timestamp() + interval '1 hour' WHERE id = ${id}`;
    expect(await admitWaiting(stage.context, "w")).toBe(0);
    expect((await readOperation(stage.context, releaser, id)).waits).toMatchObject({ for: "window", until: expect.any(String), position: null });
    await stage.database.db.$executeRaw`UPDATE operation SET not_before = clock_timestamp() - interval '1 minute' WHERE id = ${id}`;
    await work();
    expect(await stage.ended(id)).toMatchObject({ status: "succeeded" });
  });

  test("one that is scheduled can be aborted at once", async () => {
    const id = await stage.confirm(await restart("commerce"));
    await stage.database.db.$executeRaw`UPDATE operation SET status = 'scheduled', not_before = clock_timestamp() + interval '1 hour' WHERE id = ${id}`;
    expect(await abortOperation(stage.context, releaser, id)).toMatchObject({ status: "aborted" });
    expect(await readOperation(stage.context, releaser, id)).toMatchObject({ note: "Aborted by Rafael before anything was changed.", startedAt: null });
  });

  test("its window has shut again: it waits for the next one and says so, and nothing is lost", async () => {
    const prod = stage.context.config.environments.find((environment) => environment.name === "prod");
    if (prod === undefined) throw new Error("the sandbox has prod");
    const at = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
    prod.policy.windows = [{ name: "late", every: "day", on: [], timeZone: "UTC", from: at(2), to: at(3) }];
    try {
      const plan = await stage.plan({ kind: "promotion", from: "staging", to: "prod", bigPods: ["core"] });
      expect(plan.start).toMatchObject({ how: "waits", waits: [{ for: "window" }] });
      await expect(stage.confirm(plan)).rejects.toMatchObject({ code: "conflict", message: expect.stringMatching(/^Its window is shut: .*Confirm it with schedule: "next-window" to have it begin at /) });
      const { id, status, waits } = await requestOperation(stage.context, releaser, { planHash: plan.hash, reason: "tonight", schedule: "next-window" }, crypto.randomUUID());
      expect([status, waits?.for, waits?.until]).toEqual(["scheduled", "window", plan.start.waits[0]?.until]);
      await stage.database.db.$executeRaw`UPDATE operation SET not_before = clock_timestamp() - interval '1 minute' WHERE id = ${id}`;
      await work();
      const again = await stage.until("it is scheduled again", async () => {
        const operation = await readOperation(stage.context, releaser, id);
        return operation.status === "scheduled" && operation.note !== null ? operation : undefined;
      });
      expect(again).toMatchObject({ startedAt: null, note: expect.stringMatching(/^Its window had closed again when its turn came \(.*late.*\): it begins when the next one opens\.$/), waits: { for: "window", until: plan.start.waits[0]?.until } });
      expect(await rowOf(id)).toMatchObject({ claimedBy: null, leaseExpiresAt: null });
      // Somebody gives the window other hours meanwhile: it is open now, but that is not the rule under which this was asked for.
      prod.policy.windows = [{ name: "late", every: "day", on: [], timeZone: "UTC", from: at(-2), to: at(2) }];
      await stage.database.db.$executeRaw`UPDATE operation SET not_before = clock_timestamp() - interval '1 minute' WHERE id = ${id}`;
      expect(await stage.ended(id)).toMatchObject({ status: "refused", note: "The world has moved since this was asked for: other gates are asked now. Nothing was changed." });
    } finally {
      prod.policy.windows = [];
    }
  });

  test("an approval that ran out meanwhile: refused", async () => {
    const prod = stage.context.config.environments.find((environment) => environment.name === "prod");
    if (prod === undefined) throw new Error("the sandbox has prod");
    prod.policy.approvals = { required: 1, expiresMinutes: 30 };
    try {
      const plan = await stage.plan({ kind: "promotion", from: "staging", to: "prod", bigPods: ["core"] });
      const id = await stage.confirm(plan);
      expect(await rowOf(id)).toMatchObject({ status: "awaiting", approvalsRequired: 1 });
      const { groups } = await stage.database.db.userRow.findUniqueOrThrow({ where: { id: releaser.id } });
      await stage.database.db.userRow.upsert({ where: { id: "anna" }, create: { id: "anna", name: "Anna", groups }, update: {} });
      await approveOperation(stage.context, { kind: "person", id: "anna", name: "Anna", grants: releaser.grants }, id, { planHash: plan.hash });
      expect(await admitWaiting(stage.context, "w")).toBe(1);
      await stage.database.db.$executeRaw`UPDATE approval SET expires_at = clock_timestamp() - interval '1 second' WHERE operation_id = ${id}`;
      await work();
      expect(await stage.ended(id)).toMatchObject({ status: "refused", note: expect.stringMatching(/^An approval ran out, .*Nothing was changed\.$/) });
    } finally {
      prod.policy.approvals = { required: 0, expiresMinutes: 240 };
    }
  });
});
