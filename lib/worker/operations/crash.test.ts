import { describe, expect, test } from "vitest";
import { kinds } from "#lib/ports/cluster.ts";
import { died, namespace, workerProcesses } from "#lib/worker/operations/test-worker-processes.ts";

const on = workerProcesses({ patient: true });

/** ReplicaSets of one template: a write that is applied twice would leave more. */
async function replicaSetsWith(reference: string): Promise<number> {
  const { items } = await on.stage.apiOf("prod").list(kinds.replicaSets, { namespace });
  return items.filter((item) => JSON.stringify(item.spec).includes(reference)).length;
}

describe("a worker that dies", { timeout: 240_000 }, () => {
  test.each(["kill-before:1", "kill-after:2"])("ACCEPTANCE 3: at %s: another goes on, nothing is applied twice", async (fault) => {
    const first = await on.startChild(`first-${fault}`, fault);
    const { id, wanted, undo } = await on.promotion();
    await died(first);
    expect(first.signalCode).toBe("SIGKILL");
    const seen = await on.stage.database.db.operationRow.findUniqueOrThrow({ where: { id } });
    expect(seen.status).toBe("running");
    const diedAt = performance.now();
    await on.startChild(`second-${fault}`);
    await on.stage.until("another worker has claimed it", async () => ((await on.stage.database.db.operationRow.findUniqueOrThrow({ where: { id } })).epoch > seen.epoch ? true : undefined));
    expect(performance.now() - diedAt).toBeLessThan(15_000);
    await on.expectPromoted(id, wanted);
    for (const reference of new Set(Object.values(wanted))) expect(await replicaSetsWith(reference)).toBe(1);
    await undo();
  });

  test("ACCEPTANCE 4: at every step in turn: it still ends as planned", async () => {
    let child = await on.startChild("step-0");
    const { id, wanted, undo } = await on.promotion();
    const steps = await on.stage.database.db.operationStepRow.findMany({ where: { operationId: id }, orderBy: { position: "asc" } });
    for (const { position } of steps.filter((step) => step.name === "rollout" || step.name === "verify")) {
      const alive = await on.stage.until(`step ${position} began`, async () => {
        const step = await on.stage.database.db.operationStepRow.findUniqueOrThrow({ where: { operationId_position: { operationId: id, position } } });
        return step.status === "pending" ? undefined : step.status;
      });
      if (alive === "succeeded" && position === steps.at(-1)?.position) break;
      child.kill("SIGKILL");
      await died(child);
      child = await on.startChild(`step-${position + 1}`);
    }
    await on.expectPromoted(id, wanted);
    await undo();
  });

  test("ACCEPTANCE 5: during a rollback: the next worker completes it to the recorded release", async () => {
    const child = await on.startChild("back-1");
    const { id: promoted, wanted } = await on.promotion();
    const before = (await on.stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).number;
    await on.expectPromoted(promoted, wanted);
    await on.stage.settled("prod");
    const { contentHash } = await on.stage.database.db.releaseRecord.findFirstOrThrow({ where: { environment: "prod", number: before } });
    const id = await on.stage.confirm(await on.stage.plan({ kind: "rollback", environment: "prod", release: before }));
    await on.stage.until("its first rollout runs", async () => ((await on.stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "rollout", status: "running" } })) ?? undefined));
    child.kill("SIGKILL");
    await died(child);
    await on.startChild("back-2");
    expect(await on.stage.ended(id)).toMatchObject({ status: "succeeded" });
    await on.stage.settled("prod");
    expect(await on.stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).toMatchObject({ number: before, contentHash });
  });

  test("during a return: the next worker finishes the return", async () => {
    const child = await on.startChild("return-1");
    await on.stage.settled("prod");
    const before = await on.stage.images("prod");
    const { number } = await on.stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
    const { id } = await on.promotion();
    await on.stage.until("the first rollout runs", async () => ((await on.stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "rollout", status: "running" } })) ?? undefined));
    await on.stage.database.db.operationRow.update({ where: { id }, data: { abortRequestedAt: new Date(), abortRequestedBy: "Rafael" } });
    await on.stage.until("the return began", async () => ((await on.stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "return-rollout", status: "running" } })) ?? undefined));
    child.kill("SIGKILL");
    await died(child);
    await on.startChild("return-2");
    expect(await on.stage.ended(id)).toMatchObject({ status: "aborted" });
    expect(await on.stage.images("prod")).toEqual(before);
    await on.stage.settled("prod");
    expect((await on.stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).number).toBe(number);
  });
});
