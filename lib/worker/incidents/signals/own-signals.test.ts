import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BigPodState } from "#lib/contracts/state.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import { bigPodState, writeState } from "#lib/services/plan/test-platform.ts";
import { openSignalStage } from "#lib/worker/incidents/signals/test-signal-stage.ts";
import type { SignalStage } from "#lib/worker/incidents/signals/test-signal-stage.ts";

let stage: SignalStage;
beforeEach(async () => {
  stage = await openSignalStage();
});
afterEach(() => stage.stop());

const build = { tag: "v1.0.0", digest: `sha256:${"a".repeat(64)}` };
const secondsAgo = (seconds: number): Date => new Date(Date.now() - seconds * 1000);

async function health(environment: string, status: BigPodState["status"], seconds: number, cause: string | null = null): Promise<void> {
  await writeState(stage.database.db, bigPodState(environment, "core", build, { status, cause, since: secondsAgo(seconds).toISOString() }));
}

async function operation(id: string, change: { status: string; finished?: number; environment?: string; bigPods?: string[] }): Promise<void> {
  const { status, finished = null, environment = "prod", bigPods = ["core"] } = change;
  const targets = bigPods.map((bigPod) => ({ bigPod, workload: { name: bigPod, uid: "u", generation: 1 }, before: { template: {}, configMaps: [], replicas: 1 }, write: { effect: "restart" } }));
  await stage.database.db.operationRow.create({
    data: { id, kind: "promotion", environment, status, title: `Promote R-7 to ${environment}`, reason: "a test", planHash: id, plan: {}, targets: asJson(targets), actor: { kind: "person", id: "u", name: "U" }, actorId: "u", idempotencyKey: id, requestedAt: secondsAgo(600), startedAt: secondsAgo(500), finishedAt: finished === null ? null : secondsAgo(finished), note: "core does not become ready", position: 1n },
  });
}

describe("a Big Pod that is broken", () => {
  const signals = async () => (await stage.signals("health")).map((row) => [row.environment, row.bigPod, row.state, row.severity, row.title]);

  test("is a signal after a while, from the moment it broke, until it is well", async () => {
    await health("prod", "broken", 5, "auth in core-1 keeps exiting with code 1");
    await stage.look();
    expect(await signals()).toEqual([]);
    await health("prod", "broken", 20, "auth in core-1 keeps exiting with code 1");
    await health("staging", "broken", 20);
    await stage.look();
    expect((await signals()).toSorted()).toEqual([["prod", "core", "firing", "critical", "auth in core-1 keeps exiting with code 1"], ["staging", "core", "firing", "warning", "core in staging is broken"]]);
    const [first] = await stage.signals("health");
    expect(Math.abs((first?.onsetAt.getTime() ?? 0) - secondsAgo(20).getTime())).toBeLessThan(10_000);
    for (const status of ["progressing", "stale", "unknown"] as const) {
      await health("prod", status, 1);
      await stage.look();
      expect((await signals()).filter(([environment]) => environment === "prod").map(([, , state]) => state), status).toEqual(["firing"]);
    }
    await health("prod", "broken", 1, "another cause");
    await stage.look();
    expect((await signals()).filter(([environment]) => environment === "prod")).toEqual([["prod", "core", "firing", "critical", "another cause"]]);
    await health("prod", "healthy", 0);
    await stage.look();
    expect((await signals()).filter(([environment]) => environment === "prod").map(([, , state]) => state)).toEqual(["ended"]);
  });

  test("is left to the operation that changes it, while that runs", async () => {
    await operation("op-1", { status: "running" });
    await health("prod", "broken", 60);
    await stage.look();
    expect(await signals()).toEqual([]);
    await stage.database.db.operationRow.update({ where: { id: "op-1" }, data: { status: "succeeded", finishedAt: new Date() } });
    await stage.look();
    expect(await signals()).toHaveLength(1);
  });
});

describe("an operation that failed", () => {
  const signals = async () => (await stage.signals("operation")).map((row) => [row.title, row.state, row.severity, row.bigPod, row.operationId]);

  test("is one signal, which the next success in its environment ends", async () => {
    await operation("op-1", { status: "failed", finished: 30 });
    await operation("op-2", { status: "returned", finished: 20, environment: "staging", bigPods: ["core", "experience"] });
    await operation("op-3", { status: "aborted", finished: 20 });
    await operation("op-4", { status: "refused", finished: 20 });
    for (let looks = 0; looks < 3; looks += 1) await stage.look();
    expect(await signals()).toEqual([["Promote R-7 to prod failed", "firing", "critical", "core", "op-1"], ["Promote R-7 to staging failed and was taken back", "firing", "warning", null, "op-2"]]);
    await operation("op-5", { status: "succeeded", finished: 5 });
    await stage.look();
    expect((await signals()).map(([, state]) => state)).toEqual(["ended", "firing"]);
  });

  test("is over by itself when nothing followed, and history when it is old", async () => {
    await operation("op-1", { status: "failed", finished: 290 });
    await operation("op-2", { status: "failed", finished: 2 * 24 * 3_600 });
    await stage.look();
    expect((await signals()).map(([, state, , , id]) => [id, state])).toEqual([["op-1", "firing"]]);
    await stage.database.db.signalRow.updateMany({ data: { onsetAt: secondsAgo(301) } });
    await stage.look();
    expect((await signals()).map(([, state]) => state)).toEqual(["ended"]);
  });
});
