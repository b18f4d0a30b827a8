import { describe, expect, test } from "vitest";
import { kinds } from "#lib/ports/cluster.ts";
import { prod, recordSelectors, replicasOf, scaledBy, selected } from "#lib/worker/operations/test-colours.ts";
import { died, workerProcesses } from "#lib/worker/operations/test-worker-processes.ts";

const on = workerProcesses({ blueGreen: ["prod"] });

/**
 * Writes of a promotion of core and experience, in order: both idle colours are raised (1, 2), core's autoscaler (3), preview (4) and Service (5) are
 * switched, then experience's preview (6) and Service (7).
 */
const faults = ["kill-after:1", "kill-before:2", "kill-after:3", "kill-after:4", "kill-before:5", "kill-after:5", "kill-after:6", "kill-after:7"];

/** Each test begins with nothing on green. */
async function clearGreen(): Promise<void> {
  for (const name of ["core-green", "experience-green"]) await on.stage.apiOf("prod").patch(kinds.deployments, prod, name, "merge", { spec: { replicas: 0 } });
  await on.stage.until("green has no pods", async () => {
    const rows = await on.stage.database.db.bigPodStateRow.findMany({ where: { environment: "prod" } });
    return rows.every(({ state }) => (state as { colour: { standby: { replicas: number } } }).colour.standby.replicas === 0) ? true : undefined; // written by the observer
  });
}

async function replicaSets(deployment: string, reference: string): Promise<number> {
  const { items } = await on.stage.apiOf("prod").list(kinds.replicaSets, { namespace: prod });
  return items.filter((item) => item.metadata.name.startsWith(`${deployment}-`) && JSON.stringify(item.spec).includes(reference)).length;
}

describe("blue-green: a worker that dies", { timeout: 240_000 }, () => {
  test.each(faults)("at %s: another goes on; every Service is switched once", async (fault) => {
    const first = await on.startChild(`first-${fault}`, fault);
    await on.stage.settled("prod");
    await clearGreen();
    const selectors = await recordSelectors(on.stage);
    const { id, wanted, undo } = await on.promotion();
    await died(first);
    expect(first.signalCode).toBe("SIGKILL");
    await on.startChild(`second-${fault}`);
    await on.expectPromoted(id, wanted);
    await selectors.stop();
    expect([selectors.of("core"), selectors.of("experience"), selectors.of("commerce")]).toEqual([["blue", "green"], ["blue", "green"], ["blue"]]);
    expect([await selected(on.stage, "core-preview"), await selected(on.stage, "experience-preview"), await scaledBy(on.stage, "core")]).toEqual(["blue", "blue", "core-green"]);
    expect(await replicaSets("core-green", wanted["core/auth-service"] ?? "?")).toBe(1);
    await undo();
    expect([await selected(on.stage, "core"), await selected(on.stage, "experience")]).toEqual(["blue", "blue"]);
  });

  test("frozen before it switches, past its lease: its late write is refused, and the Service is switched once", async () => {
    const first = await on.startChild("frozen", "freeze-before:5");
    await on.stage.settled("prod");
    await clearGreen();
    const selectors = await recordSelectors(on.stage);
    const { id, wanted, undo } = await on.promotion();
    await on.stage.until("core is about to be switched", async () => ((await on.stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "switch", bigPod: "core", status: "running" } })) ?? undefined));
    await on.startChild("other");
    await on.expectPromoted(id, wanted);
    first.kill("SIGCONT");
    await on.stage.settled("prod");
    await undo();
    await selectors.stop();
    expect([selectors.of("core"), selectors.of("experience")]).toEqual([["blue", "green", "blue"], ["blue", "green", "blue"]]);
  });

  test("aborted around a switch, and killed: the next worker ends it on one colour, and nothing is taken away that serves", async () => {
    const first = await on.startChild("back-1", "kill-before:8");
    await on.stage.settled("prod");
    await clearGreen();
    const selectors = await recordSelectors(on.stage);
    const before = await on.stage.images("prod");
    // The abort meets it at one of the last writes forward or the first of the way back; write 8 is the worker's last in any case.
    const { id } = await on.promotion();
    await on.stage.until("core is switched", async () => ((await on.stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "switch", bigPod: "core", status: { in: ["running", "succeeded"] } } })) ?? undefined));
    await on.stage.database.db.operationRow.update({ where: { id }, data: { abortRequestedAt: new Date(), abortRequestedBy: "Rafael" } });
    await Promise.race([died(first), on.stage.ended(id)]);
    await on.startChild("back-2");
    const { status } = await on.stage.ended(id);
    await selectors.stop();
    await on.stage.settled("prod");
    const serving = status === "succeeded" ? "green" : "blue";
    expect([await selected(on.stage, "core"), await selected(on.stage, "experience"), await scaledBy(on.stage, "core")]).toEqual([serving, serving, `core-${serving}`]);
    for (const bigPod of ["core", "experience"]) expect(await replicasOf(on.stage, `${bigPod}-${serving}`)).toBe(2);
    if (status !== "succeeded") expect(await on.stage.images("prod")).toEqual(before);
  });
});
