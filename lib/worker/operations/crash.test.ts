import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { epochAnnotation, kinds, operationAnnotation } from "#lib/ports/cluster.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let stage: Stage;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  stage = await openStage();
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  children.clear();
});
afterAll(() => stage.stop());

const namespace = "dreamscape-prod";

/** Starts a worker process and waits until it runs. */
async function startChild(holder: string, fault = ""): Promise<ChildProcess> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("test-worker.ts", import.meta.url))], {
    env: { ...process.env, DATABASE_URL: stage.database.url, VIGIE_CONFIG: stage.configFile, HOLDER: holder, FAULT: fault, VIGIE_LOG: "error" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  await once(child.stdout, "data");
  return child;
}

const died = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
};

/** A promotion with two Big Pods whose images are given back afterwards, so that each test starts alike. */
async function promotion(): Promise<{ id: string; wanted: Record<string, string>; undo: () => Promise<void> }> {
  await stage.settled("staging");
  await stage.settled("prod");
  const plan = await stage.plan({ kind: "promotion", from: "staging", to: "prod" });
  const wanted = Object.fromEntries(plan.changes.flatMap((change) => change.images.map((image) => [`${change.bigPod}/${image.container}`, image.to])));
  const { number } = await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
  const undo = async (): Promise<void> => {
    await stage.settled("prod");
    const back = await stage.plan({ kind: "rollback", environment: "prod", release: number });
    const undone = await stage.ended(await stage.confirm(back), 60_000);
    expect([undone.status, undone.note]).toEqual(["succeeded", expect.anything()]);
  };
  return { id: await stage.confirm(plan), wanted, undo };
}

async function expectPromoted(id: string, wanted: Record<string, string>): Promise<void> {
  const operation = await stage.ended(id, 60_000);
  expect([operation.status, operation.note]).toEqual(["succeeded", expect.anything()]);
  const images = await stage.images("prod");
  for (const [place, reference] of Object.entries(wanted)) {
    const [bigPod = "", container = ""] = place.split("/");
    expect(images[bigPod]?.[container]).toBe(reference);
  }
}

/** ReplicaSets of one template: a write that is applied twice would leave more. */
async function replicaSetsWith(reference: string): Promise<number> {
  const { items } = await stage.apiOf("prod").list(kinds.replicaSets, { namespace });
  return items.filter((item) => JSON.stringify(item.spec).includes(reference)).length;
}

describe("a worker that dies", { timeout: 120_000 }, () => {
  test.each(["kill-before:1", "kill-after:2"])("at %s: another goes on, nothing is applied twice", async (fault) => {
    const first = await startChild(`first-${fault}`, fault);
    const { id, wanted, undo } = await promotion();
    await died(first);
    expect(first.signalCode).toBe("SIGKILL");
    const seen = await stage.database.db.operationRow.findUniqueOrThrow({ where: { id } });
    expect(seen.status).toBe("running");
    const diedAt = performance.now();
    await startChild(`second-${fault}`);
    await stage.until("another worker has claimed it", async () => ((await stage.database.db.operationRow.findUniqueOrThrow({ where: { id } })).epoch > seen.epoch ? true : undefined), 20_000);
    expect(performance.now() - diedAt).toBeLessThan(15_000);
    await expectPromoted(id, wanted);
    for (const reference of new Set(Object.values(wanted))) expect(await replicaSetsWith(reference)).toBe(1);
    await undo();
  });

  test("at every step in turn: it still ends as planned", async () => {
    let child = await startChild("step-0");
    const { id, wanted, undo } = await promotion();
    const steps = await stage.database.db.operationStepRow.findMany({ where: { operationId: id }, orderBy: { position: "asc" } });
    for (const { position } of steps.filter((step) => step.name === "rollout" || step.name === "verify")) {
      const alive = await stage.until(`step ${position} began`, async () => {
        const step = await stage.database.db.operationStepRow.findUniqueOrThrow({ where: { operationId_position: { operationId: id, position } } });
        return step.status === "pending" ? undefined : step.status;
      }, 30_000);
      if (alive === "succeeded" && position === steps.at(-1)?.position) break;
      child.kill("SIGKILL");
      await died(child);
      child = await startChild(`step-${position + 1}`);
    }
    await expectPromoted(id, wanted);
    await undo();
  });

  test("during a return: the next worker finishes the return", async () => {
    const child = await startChild("return-1");
    await stage.settled("prod");
    const before = await stage.images("prod");
    const { number } = await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
    const { id } = await promotion();
    await stage.until("the first rollout runs", async () => ((await stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "rollout", status: "running" } })) ?? undefined));
    await stage.database.db.operationRow.update({ where: { id }, data: { abortRequestedAt: new Date(), abortRequestedBy: "Rafael" } });
    await stage.until("the return began", async () => ((await stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "return-rollout", status: "running" } })) ?? undefined));
    child.kill("SIGKILL");
    await died(child);
    await startChild("return-2");
    expect(await stage.ended(id, 60_000)).toMatchObject({ status: "aborted" });
    expect(await stage.images("prod")).toEqual(before);
    await stage.settled("prod");
    expect((await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).number).toBe(number);
  });
});

test("a worker that was frozen in front of a write, while another took over, writes nothing when it wakes", { timeout: 120_000 }, async () => {
  const frozen = await startChild("frozen", "freeze-before:2");
  const { id, wanted, undo } = await promotion();
  await stage.until("its lease has run out", async () => {
    const rows = await stage.database.db.$queryRaw<{ out: boolean }[]>`SELECT lease_expires_at < clock_timestamp() AND epoch = 1 AS out FROM operation WHERE id = ${id}`;
    return rows[0]?.out === true ? true : undefined;
  });
  await startChild("successor");
  await expectPromoted(id, wanted);
  const deployment = () => stage.apiOf("prod").get(kinds.deployments, namespace, "experience");
  const before = await deployment();
  expect(before.metadata.annotations).toMatchObject({ [operationAnnotation]: id, [epochAnnotation]: "2" });
  frozen.kill("SIGCONT");
  frozen.kill("SIGTERM");
  await died(frozen);
  const after = await deployment();
  expect([after.metadata.annotations, after.metadata.generation]).toEqual([before.metadata.annotations, before.metadata.generation]);
  await undo();
});

test("SIGTERM hands an operation over at once", { timeout: 120_000 }, async () => {
  const first = await startChild("polite");
  const { id, wanted, undo } = await promotion();
  await stage.until("a rollout runs", async () => ((await stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "rollout", status: "running" } })) ?? undefined));
  const second = startChild("heir");
  first.kill("SIGTERM");
  const askedAt = performance.now();
  await died(first);
  expect(performance.now() - askedAt).toBeLessThan(10_000);
  expect(first.signalCode).toBeNull();
  await second;
  await expectPromoted(id, wanted);
  await undo();
});

test("two workers, one operation: one runs it", { timeout: 120_000 }, async () => {
  await Promise.all([startChild("a"), startChild("b")]);
  const { id, wanted, undo } = await promotion();
  await expectPromoted(id, wanted);
  expect((await stage.database.db.operationRow.findUniqueOrThrow({ where: { id } })).epoch).toBe(1n);
  await undo();
});

test("a database that goes away in the middle: nothing is written meanwhile, then it goes on", { timeout: 120_000 }, async () => {
  await startChild("cut-off");
  const { id, wanted, undo } = await promotion();
  await stage.until("the first rollout runs", async () => ((await stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "rollout", status: "running" } })) ?? undefined));
  const owner = new pg.Client({ connectionString: stage.database.ownerUrl });
  await owner.connect();
  await owner.query("REVOKE UPDATE ON operation, operation_step FROM vigie_app");
  const experience = () => stage.apiOf("prod").get(kinds.deployments, namespace, "experience");
  const before = await experience();
  await stage.until("the lease has run out", async () => {
    const rows = await owner.query<{ out: boolean }>("SELECT lease_expires_at < clock_timestamp() AS out FROM operation WHERE id = $1", [id]);
    return rows.rows[0]?.out === true ? true : undefined;
  });
  expect((await experience()).metadata.generation).toBe(before.metadata.generation);
  await owner.query("GRANT UPDATE ON operation, operation_step TO vigie_app");
  await owner.end();
  await expectPromoted(id, wanted);
  await undo();
});
