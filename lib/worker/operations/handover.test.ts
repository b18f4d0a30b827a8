import pg from "pg";
import { expect, test } from "vitest";
import { epochAnnotation, kinds, operationAnnotation } from "#lib/ports/cluster.ts";
import { died, namespace, workerProcesses } from "#lib/worker/operations/test-worker-processes.ts";

const on = workerProcesses({ patient: true });

test("ACCEPTANCE 6: a worker that was frozen in front of a write, while another took over, writes nothing when it wakes", { timeout: 240_000 }, async () => {
  const frozen = await on.startChild("frozen", "freeze-before:2");
  const { id, wanted, undo } = await on.promotion();
  await on.stage.until("its lease has run out", async () => {
    const rows = await on.stage.database.db.$queryRaw<{ out: boolean }[]>`SELECT lease_expires_at < clock_timestamp() AND epoch = 1 AS out FROM operation WHERE id = ${id}`;
    return rows[0]?.out === true ? true : undefined;
  });
  await on.startChild("successor");
  await on.expectPromoted(id, wanted);
  const deployment = () => on.stage.apiOf("prod").get(kinds.deployments, namespace, "experience");
  const before = await deployment();
  expect(before.metadata.annotations).toMatchObject({ [operationAnnotation]: id, [epochAnnotation]: "2" });
  frozen.kill("SIGCONT");
  frozen.kill("SIGTERM");
  await died(frozen);
  const after = await deployment();
  expect([after.metadata.annotations, after.metadata.generation]).toEqual([before.metadata.annotations, before.metadata.generation]);
  await undo();
});

test("ACCEPTANCE 7: SIGTERM hands an operation over at once", { timeout: 240_000 }, async () => {
  const first = await on.startChild("polite");
  const { id, wanted, undo } = await on.promotion();
  await on.stage.until("a rollout runs", async () => ((await on.stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "rollout", status: "running" } })) ?? undefined));
  const second = on.startChild("heir");
  first.kill("SIGTERM");
  const askedAt = performance.now();
  await died(first);
  expect(performance.now() - askedAt).toBeLessThan(10_000);
  expect(first.signalCode).toBeNull();
  await second;
  await on.expectPromoted(id, wanted);
  await undo();
});

test("ACCEPTANCE 9: two workers, one operation: one runs it", { timeout: 240_000 }, async () => {
  await Promise.all([on.startChild("a"), on.startChild("b")]);
  const { id, wanted, undo } = await on.promotion();
  await on.expectPromoted(id, wanted);
  expect((await on.stage.database.db.operationRow.findUniqueOrThrow({ where: { id } })).epoch).toBe(1n);
  await undo();
});

test("ACCEPTANCE 14: a database that goes away in the middle: nothing is written meanwhile, then it goes on", { timeout: 240_000 }, async () => {
  await on.startChild("cut-off");
  const { id, wanted, undo } = await on.promotion();
  await on.stage.until("the first rollout runs", async () => ((await on.stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "rollout", status: "running" } })) ?? undefined));
  const owner = new pg.Client({ connectionString: on.stage.database.ownerUrl });
  await owner.connect();
  await owner.query("REVOKE UPDATE ON operation, operation_step FROM vigie_app");
  const experience = () => on.stage.apiOf("prod").get(kinds.deployments, namespace, "experience");
  const before = await experience();
  await on.stage.until("the lease has run out", async () => {
    const rows = await owner.query<{ out: boolean }>("SELECT lease_expires_at < clock_timestamp() AS out FROM operation WHERE id = $1", [id]);
    return rows.rows[0]?.out === true ? true : undefined;
  });
  expect((await experience()).metadata.generation).toBe(before.metadata.generation);
  await owner.query("GRANT UPDATE ON operation, operation_step TO vigie_app");
  await owner.end();
  await on.expectPromoted(id, wanted);
  await undo();
});
