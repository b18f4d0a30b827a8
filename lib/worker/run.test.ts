import { afterAll, beforeAll, expect, test } from "vitest";
import type { BigPodState, SourceState } from "#lib/contracts/state.ts";
import { readHeartbeat, readSources, readStates } from "#lib/db/repositories/state.ts";
import { displayedState } from "#lib/domain/freshness.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";
import type { RunningWorker } from "#lib/worker/run.ts";

/** The observing half of a worker over a whole sandbox: its API server, nodes, supervisors and faults. */

let stage: Stage;
let worker: RunningWorker;
beforeAll(async () => {
  stage = await openStage({ speed: 5 });
  worker = await stage.startWorker("one", { operations: false });
  for (const environment of ["dev", "staging", "prod"]) await stage.settled(environment);
}, 240_000);
afterAll(() => stage.stop());

async function stateOf(environment: string, bigPod: string): Promise<BigPodState | undefined> {
  return (await readStates(stage.database.db, { environment, bigPod }))[0]?.state;
}
function until(environment: string, bigPod: string, wanted: (state: BigPodState) => boolean): Promise<BigPodState> {
  return stage.until(`${bigPod} in ${environment} is as wanted`, async () => {
    const state = await stateOf(environment, bigPod);
    return state && wanted(state) ? state : undefined;
  });
}

test("both forms of a Big Pod are healthy, with what really runs", async () => {
  expect(await stateOf("prod", "core")).toMatchObject({ status: "healthy", version: "v1.5.1", cause: null });
  const experience = await stateOf("prod", "experience");
  expect(experience).toMatchObject({ status: "healthy", version: "v2.2.1" });
  expect(experience?.services.map((s) => [s.name, s.kind, s.status])).toEqual([["voyage", "process", "up"], ["ai", "process", "up"], ["panorama", "process", "up"]]);
  expect(experience?.images[0]?.digest).toMatch(/^sha256:/);
});

test("starting to look makes no history of its own: every Big Pod was healthy from the first row on", async () => {
  const rows = await stage.database.db.stateHistory.findMany({ where: { status: { not: "healthy" } } });
  expect(rows.map((row) => [row.environment, row.bigPod, row.status, row.cause])).toEqual([]);
});

test("a process that its supervisor gave up breaks the Big Pod, although its pods stay Running and Ready", async () => {
  await stage.console("faults/crash", { environment: "prod", bigPod: "experience", process: "panorama", lasting: true });
  const broken = await until("prod", "experience", (s) => s.status === "broken" && s.services[2]?.status === "down");
  expect(broken.cause).toMatch(/^panorama in experience-\S+ (\(and 1 more pod\) )?is FATAL: exited with code 1/);
  expect(broken.pods.filter((p) => p.ready).length).toBe(2);
  expect(broken.rollout).toBeNull();
  await stage.console("faults/heal", { environment: "prod", bigPod: "experience", process: "panorama" });
  await until("prod", "experience", (s) => s.status === "healthy");
});

test("a release that crashes is blue, then red, and its last log line is quoted; back again it is healthy", async () => {
  await stage.console("faults/release", { environment: "staging", kind: "broken" });
  await until("staging", "experience", (s) => s.status === "progressing");
  const broken = await until("staging", "experience", (s) => s.status === "broken" && /keeps exiting with code \d+: ./.test(s.cause ?? ""));
  expect(broken).toMatchObject({ version: "v2.4.0-broken", rollout: { done: 0, total: 2 } });
  expect(broken.evidence.map((e) => e.kind)).toEqual(expect.arrayContaining(["status", "log"]));
  await stage.console("put-right", {});
  await until("staging", "experience", (s) => s.status === "healthy" && s.version === "v2.3.0");
  const history = await stage.database.db.stateHistory.findMany({ where: { environment: "staging", bigPod: "experience" }, orderBy: { id: "asc" } });
  expect(history[0]?.status).toBe("healthy");
  expect(history.at(-1)?.status).toBe("healthy");
});

test("pods that may no longer be read turn their tiles stale, not green and not red; afterwards all is as before", async () => {
  const podsSource = async (): Promise<SourceState | undefined> => (await readSources(stage.database.db)).map((row) => row.source).find((s) => s.key.endsWith("dreamscape-prod/pods"));
  await stage.console("faults/api-server", { forbid: [{ resource: "pods", namespace: "dreamscape-prod" }] });
  await stage.console("faults/drop-watches", {});
  await stage.console("faults/expire-history", {});
  const refused = await stage.until("the source says forbidden", async () => {
    const source = await podsSource();
    return source?.status === "forbidden" ? source : undefined;
  });
  const state = await stateOf("prod", "core");
  const { workerSeenAt, now } = await readHeartbeat(stage.database.db);
  if (!state) throw new Error("no state of core in prod");
  expect(state.status).toBe("healthy");
  expect(displayedState(state, [refused], workerSeenAt?.toISOString() ?? null, now)).toMatchObject({ status: "stale", cause: expect.stringContaining("may not be read") as string });
  await expect(worker.views.open("prod", 300)).rejects.toMatchObject({ code: "upstream" });
  await stage.console("put-right", {});
  await stage.until("the source is live again", async () => ((await podsSource())?.status === "live" ? true : undefined));
});

test("the first worker stops in order and another goes on from where it was", async () => {
  const before = await stateOf("prod", "core");
  expect(await worker.stop()).toBe(true);
  const second = await stage.startWorker("two", { operations: false });
  await stage.until("the second worker observes", async () => (second.observer.lease() === null ? undefined : true));
  await stage.until("its heartbeat is fresh", async () => {
    const { workerSeenAt, now } = await readHeartbeat(stage.database.db);
    return workerSeenAt && now.getTime() - workerSeenAt.getTime() < 2_000 ? true : undefined;
  });
  await second.observer.idle();
  expect((await stateOf("prod", "core"))?.since).toBe(before?.since);
});
