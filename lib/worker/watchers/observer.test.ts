import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { streamChannel } from "#lib/db/channels.ts";
import type { StreamNotice } from "#lib/db/channels.ts";
import { readChanges } from "#lib/db/repositories/change.ts";
import { readCurrentRelease, readEnvironmentReleases, readReleases } from "#lib/db/repositories/release.ts";
import { readPosition, readSources, readStates } from "#lib/db/repositories/state.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import { coreImages, crashing, deployment, digestOf, experienceImages, pod, replicaSet } from "#lib/domain/test-objects.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { createFeed, putBigPod, registryWith, silentLog, testConfig } from "#lib/worker/test-parts.ts";
import { createEnvironmentViews } from "#lib/worker/watchers/environment-view.ts";
import { createObserver } from "#lib/worker/watchers/observer.ts";
import type { Observer } from "#lib/worker/watchers/observer.ts";

let database: TestDatabase;
let feed: ReturnType<typeof createFeed>;
let listener: pg.Client | undefined;
const running: Observer[] = [];
const soon = <T>(look: () => T) => expect.poll(look, { timeout: 60_000, interval: 20 });

function observer(holder = "me", waitForLaterMs = 0): Observer {
  const views = createEnvironmentViews({ config: testConfig, startWatching: feed.start, clock: systemClock, log: silentLog });
  const made = createObserver({ config: testConfig, db: database.db, views, registry: registryWith({ [digestOf(experienceImages("v1")["experience"] ?? "")]: "c0ffee" }), clock: systemClock, log: silentLog, holder, renewMs: 50, waitForLaterMs });
  running.push(made);
  return made;
}

const spec = (manager: string, second = 10): { manager: string; operation: string; time: string; fieldsV1: unknown }[] => [
  { manager: "kube-controller-manager", operation: "Update", time: "2026-11-21T14:59:59Z", fieldsV1: { "f:status": {} } },
  { manager, operation: "Update", time: `2026-11-21T14:00:${second}Z`, fieldsV1: { "f:spec": { "f:template": {} } } },
];
const configMap = (data: Record<string, string>, manager = "kubectl-edit") => ({ metadata: { name: "core-config", uid: "cm-core", managedFields: [{ manager, operation: "Update", time: "2026-11-21T14:00:00Z", fieldsV1: { "f:data": {} } }] }, data });

function fill(environment: string, core = "v1", experience = "v1"): void {
  putBigPod(feed.of(environment), "core", coreImages(core), { managedFields: spec("terraform") });
  putBigPod(feed.of(environment), "experience", experienceImages(experience), { generation: Number(experience.slice(1)), managedFields: spec("terraform") });
  feed.of(environment).put("configMaps", configMap({ LOG_LEVEL: "info" }));
}
const release = async (environment: string) => (await readEnvironmentReleases(database.db, { environment }))[0]?.release;
const changes = async (environment: string) => (await readChanges(database.db, { where: { environment }, limit: 50 })).map(({ change }) => change);

beforeEach(async () => {
  database = await createTestDatabase();
  feed = createFeed();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  await listener?.end();
  listener = undefined;
  await database.drop();
});

test("states of every environment are written, and the release that runs there, with where its images come from", async () => {
  fill("staging");
  fill("prod");
  const one = observer();
  one.start();
  await soon(async () => (await readStates(database.db)).map(({ state }) => state.status)).toEqual(["healthy", "healthy", "healthy", "healthy"]);
  await soon(() => release("prod")).toMatchObject({ release: 1, settled: true });
  await soon(() => release("staging")).toMatchObject({ release: 1, settled: true });
  const record = await readCurrentRelease(database.db, "prod");
  expect(record?.content.bigPods["core"]?.configMaps).toEqual([{ name: "core-config", data: { LOG_LEVEL: "info" }, binaryData: {} }]);
  expect(record?.content.bigPods["experience"]?.images[0]).toMatchObject({ tag: "v1", revision: "c0ffee" });
  expect(record).toMatchObject({ by: "terraform, not through Vigie", operationId: null });
  expect(record?.healthyAt).not.toBeNull();
  expect((await readSources(database.db)).length).toBe(10);
});

test("the same images get the same number in the next environment, new ones a new number, the old content its old one", async () => {
  fill("staging");
  const one = observer();
  one.start();
  await soon(() => release("staging")).toMatchObject({ release: 1, settled: true });
  feed.of("staging").clear();
  fill("staging", "v1", "v2");
  await soon(() => release("staging")).toMatchObject({ release: 2, settled: true });
  fill("prod", "v1", "v2");
  await soon(() => release("prod")).toMatchObject({ release: 2, settled: true });
  // Another configuration with the same images is another release in the same environment.
  feed.of("prod").put("configMaps", configMap({ LOG_LEVEL: "debug" }));
  await soon(() => release("prod")).toMatchObject({ release: 3, settled: true });
  feed.of("prod").put("configMaps", configMap({ LOG_LEVEL: "info" }));
  await soon(() => release("prod")).toMatchObject({ release: 2, settled: true });
  expect((await readReleases(database.db, { environment: "prod", limit: 10 })).map((r) => r.number)).toEqual([3, 2]);
  await soon(async () => (await changes("prod")).map((c) => [c.kind, c.summary])).toEqual(expect.arrayContaining([["config", "core-config: LOG_LEVEL changed"], ["release", "prod runs R-3 (before: R-2)"]]));
});

test("first releases are numbered from production back", async () => {
  fill("staging", "v1", "v2");
  const one = observer("one", 60_000);
  one.start();
  await soon(async () => (await readStates(database.db)).length).toBe(4);
  fill("prod");
  await soon(() => release("prod")).toMatchObject({ release: 1, settled: true });
  await soon(() => release("staging")).toMatchObject({ release: 2, settled: true });
});

test("nothing is sealed while an operation is at work; afterwards the number it set out to bring is preferred", async () => {
  fill("staging", "v1", "v2");
  const one = observer();
  one.start();
  await soon(() => release("staging")).toMatchObject({ release: 1 });
  fill("prod");
  await soon(() => release("prod")).toMatchObject({ release: 2, settled: true });
  const at = new Date();
  await database.db.operationRow.create({ data: { id: "op1", kind: "promotion", environment: "prod", status: "running", title: "Promote R-1 to prod", reason: "why not", planHash: "h", plan: asJson({ release: 1 }), targets: asJson([]), actor: asJson({ kind: "person", id: "rafael", name: "Rafael" }), actorId: "rafael", idempotencyKey: "k", requestedAt: at, startedAt: at, position: 1n } });
  feed.of("prod").clear();
  putBigPod(feed.of("prod"), "core", coreImages("v1"), { managedFields: spec("terraform") });
  feed.of("prod").put("configMaps", configMap({ LOG_LEVEL: "info" }));
  putBigPod(feed.of("prod"), "experience", experienceImages("v2"), { generation: 2, annotations: { "vigie.dev/operation": "op1" }, managedFields: spec("vigie", 20) });
  await soon(() => release("prod")).toMatchObject({ release: 2, settled: false });
  await one.idle();
  await database.db.operationRow.update({ where: { id: "op1" }, data: { status: "succeeded" } });
  await soon(() => release("prod")).toMatchObject({ release: 1, settled: true });
  expect(await readCurrentRelease(database.db, "prod")).toMatchObject({ operationId: "op1", by: "op1" });
  await soon(() => changes("prod")).toEqual(expect.arrayContaining([expect.objectContaining({ kind: "rollout", summary: "Experience v1 → v2", by: "Rafael (promotion)", operationId: "op1", release: 1 })]));
});

test("changes made outside Vigie are named by their field manager, and told once even by a second worker", async () => {
  fill("staging");
  fill("prod");
  const one = observer("one");
  one.start();
  await soon(() => release("prod")).toMatchObject({ settled: true });
  putBigPod(feed.of("prod"), "core", coreImages("v2"), { generation: 2, suffix: "b", managedFields: spec("kubectl-set", 30), annotations: { "vigie.dev/operation": "gone" } });
  await soon(() => changes("prod")).toEqual(expect.arrayContaining([expect.objectContaining({ kind: "rollout", bigPod: "core", summary: "Core v1 → v2", by: "kubectl-set, not through Vigie" })]));
  await one.idle();
  await one.stop();
  // Nobody looks: scaled meanwhile.
  putBigPod(feed.of("prod"), "core", coreImages("v2"), { generation: 3, suffix: "b", replicas: 4, managedFields: spec("kubectl-scale", 40) });
  const two = observer("two");
  two.start();
  await soon(async () => (await changes("prod")).filter((c) => c.kind !== "release").map((c) => [c.kind, c.summary, c.by])).toEqual([
    ["scale", "Core 2 → 4 replicas", "kubectl-scale, not through Vigie"],
    ["rollout", "Core v1 → v2", "kubectl-set, not through Vigie"],
  ]);
});

test("a change carries the time at which it was written, and a Service that leads elsewhere is a change of its own kind", async () => {
  fill("prod");
  const service = (selector: Record<string, string>, version: string, managedFields: unknown[] = []) => ({ metadata: { name: "core", uid: "svc", resourceVersion: version, managedFields }, spec: { selector } }) as ClusterObject;
  feed.of("prod").surroundings({ services: [service({ app: "core" }, "1")] });
  const one = observer("one");
  one.start();
  await soon(() => release("prod")).toMatchObject({ settled: true });
  // Whole seconds, as servers write them: the second after the one in which it was last looked at.
  const writtenAt = new Date(Math.ceil(Date.now() / 1000) * 1000).toISOString();
  await soon(() => Date.now() > Date.parse(writtenAt) + 200).toBe(true);
  const entry = (manager: string, owned: string) => ({ manager, operation: "Update", time: writtenAt, fieldsV1: { "f:spec": { [owned]: {} } } });
  putBigPod(feed.of("prod"), "core", coreImages("v2"), { generation: 2, suffix: "b", managedFields: [entry("kubectl-set", "f:template")] });
  feed.of("prod").surroundings({ services: [service({ app: "core2" }, "2", [entry("kubectl-edit", "f:selector")])] });
  await soon(async () => (await changes("prod")).filter((change) => change.kind !== "release").map((change) => [change.kind, change.bigPod, change.summary, change.by, change.at]).toSorted()).toEqual([
    ["rollout", "core", "Core v1 → v2", "kubectl-set, not through Vigie", writtenAt],
    ["selector", "core", "Core: Service core leads to app=core2 (before: app=core)", "kubectl-edit, not through Vigie", writtenAt],
  ]);
});

test("every position that is taken is told, also to who takes over an environment in the middle of a rollout", async () => {
  const told = new Set<number>();
  listener = new pg.Client({ connectionString: database.url });
  await listener.connect();
  listener.on("notification", ({ payload }) => told.add((JSON.parse(payload ?? "{}") as StreamNotice).position));
  await listener.query(`LISTEN ${streamChannel}`);
  fill("staging");
  fill("prod");
  const one = observer("one");
  one.start();
  await soon(() => release("prod")).toMatchObject({ settled: true });
  await soon(() => release("staging")).toMatchObject({ settled: true });
  putBigPod(feed.of("prod"), "core", coreImages("v2"), { generation: 2, observed: 1, suffix: "b", managedFields: spec("kubectl-set", 30) });
  await soon(() => release("prod")).toMatchObject({ settled: false });
  await one.idle();
  await one.stop();
  const two = observer("two");
  two.start();
  await soon(() => two.lease()?.epoch).toBe(2n);
  await two.idle();
  putBigPod(feed.of("prod"), "core", coreImages("v2"), { generation: 2, suffix: "b", managedFields: spec("kubectl-set", 30) });
  await soon(() => release("prod")).toMatchObject({ release: 2, settled: true });
  await two.idle();
  const position = await readPosition(database.db);
  await soon(() => told.size).toBe(position);
  expect(Math.max(...told)).toBe(position);
});

test("a broken release is recorded too once its rollout is complete, without a moment of health", async () => {
  fill("prod");
  const d = deployment("experience", experienceImages("v1"), { uid: "x" });
  const set = replicaSet(d, "a", experienceImages("v1"));
  feed.of("prod").clear();
  putBigPod(feed.of("prod"), "core", coreImages("v1"));
  feed.of("prod").put("replicaSets", set);
  feed.of("prod").put("pods", pod(set, "1", experienceImages("v1"), { ready: false, containers: { experience: crashing(1) } }));
  feed.of("prod").put("deployments", d);
  const one = observer();
  one.start();
  await soon(() => release("prod")).toMatchObject({ release: 1, settled: true });
  expect(await readCurrentRelease(database.db, "prod")).toMatchObject({ healthyAt: null });
});

test("a second worker watches nothing until it takes over; a worker that stops gives everything up", async () => {
  fill("prod");
  const one = observer("one");
  const two = observer("two");
  one.start();
  await soon(() => feed.of("prod").open()).toBe(1);
  two.start();
  await soon(async () => (await readStates(database.db, { environment: "prod" })).length).toBe(2);
  expect(two.lease()).toBeNull();
  await one.stop();
  await soon(() => two.lease()?.epoch).toBe(2n);
  await soon(() => feed.of("prod").open()).toBe(1);
  await two.stop();
  expect(feed.of("prod").open()).toBe(0);
});

test("since when a status holds survives a new worker", async () => {
  fill("prod");
  const bad = deployment("experience", experienceImages("v1"), { uid: "x" });
  feed.of("prod").put("deployments", bad);
  const one = observer("one");
  one.start();
  await soon(async () => (await readStates(database.db, { environment: "prod", bigPod: "core" })).length).toBe(1);
  await one.idle();
  const since = async () => (await readStates(database.db, { environment: "prod" })).map(({ state }) => `${state.bigPod} ${state.status} ${state.since}`).sort();
  const before = await since();
  await one.stop();
  const two = observer("two");
  two.start();
  await soon(() => two.lease()?.epoch).toBe(2n);
  await two.idle();
  feed.of("prod").put("events", { metadata: { name: "e", uid: "e" } });
  await two.idle();
  expect(await since()).toEqual(before);
});

test("what the database has lost under a lease that goes on is written again", async () => {
  fill("prod");
  const one = observer("one");
  one.start();
  await soon(async () => (await readStates(database.db, { environment: "prod" })).map(({ state }) => state.status)).toEqual(["healthy", "healthy"]);
  await one.idle();
  const epoch = one.lease()?.epoch;
  // The last commits are gone: one row is as it was before, another was never written.
  await database.db.$executeRaw`UPDATE big_pod_state SET position = position - 1, status = 'unknown', state = jsonb_set(state, '{status}', '"unknown"') WHERE environment = 'prod' AND big_pod = 'core'`;
  await database.db.$executeRaw`DELETE FROM big_pod_state WHERE environment = 'prod' AND big_pod = 'experience'`;
  await soon(async () => (await readStates(database.db, { environment: "prod" })).map(({ state }) => `${state.bigPod} ${state.status}`).toSorted()).toEqual(["core healthy", "experience healthy"]);
  expect(one.lease()?.epoch).toBe(epoch);
});
