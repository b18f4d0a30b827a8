import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BigPodState, PlatformSnapshot } from "#lib/contracts/state.ts";
import { platformSnapshotSchema } from "#lib/contracts/state.ts";
import { streamEventSchema } from "#lib/contracts/stream.ts";
import { addChange } from "#lib/db/repositories/change.ts";
import { publishIncidents } from "#lib/db/repositories/incident.ts";
import { writeSource, writeState } from "#lib/db/repositories/state.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { blindState } from "#lib/domain/fold-blind.ts";
import { core, testNow } from "#lib/domain/test-objects.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import type { Frame } from "#lib/services/state/frame.ts";
import { createLive } from "#lib/services/state/live.ts";
import type { Live, LiveSubscription } from "#lib/services/state/live.ts";
import { readSnapshot } from "#lib/services/state/read.ts";
import { nothingOutside } from "#lib/services/test-context.ts";
import { bufferLimit } from "#lib/services/state/subscriber.ts";
import { registryWith, silentLog, testConfig } from "#lib/worker/test-parts.ts";

const source = { key: "lab/prod/pods", environment: "prod", title: "Pods", status: "live" as const, since: testNow.toISOString(), contactAt: testNow.toISOString(), reason: null, required: true };
const state = (environment: string, change: Partial<BigPodState> = {}): BigPodState => ({ ...blindState(environment, core, source, [source.key], testNow), ...change });

let database: TestDatabase;
let live: Live;
const context = () => ({ db: database.db, config: testConfig, clock: systemClock, log: silentLog, registry: registryWith({}), outside: nothingOutside });
const both = ["staging", "prod"];

async function write(value: BigPodState): Promise<number> {
  return await database.db.$transaction(async (tx) => {
    const position = await nextPosition(tx);
    await writeState(tx, value, position);
    await publish(tx, "state", `${value.environment}/${value.bigPod}`, position);
    return Number(position);
  });
}

/** Reads frames until one satisfies `wanted`; heartbeats are left out. */
async function readUntil(reader: AsyncIterator<Frame>, wanted: (frame: Frame) => boolean): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (;;) {
    const next = await reader.next();
    if (next.done) throw new Error("the stream ended");
    if (next.value.event.type === "beat") continue;
    frames.push(next.value);
    if (wanted(next.value)) return frames;
  }
}
const reading = (subscription: LiveSubscription): AsyncIterator<Frame> => subscription.frames[Symbol.asyncIterator]();
const isReady = (frame: Frame): boolean => frame.event.type === "ready";
const hasRestarts = (n: number) => (frame: Frame) => frame.event.type === "state" && frame.event.data.restarts === n;
const snapshotIn = (frames: Frame[]): PlatformSnapshot | undefined => frames.flatMap((f) => (f.event.type === "snapshot" ? [f.event.data] : []))[0];

beforeEach(async () => {
  database = await createTestDatabase();
  await write(state("prod"));
  live = createLive(context(), database.url);
});
afterEach(async () => {
  await live.close();
  await database.drop();
});

test("a snapshot, its end mark, then what changes, each with its position as id", async () => {
  const reader = reading(live.subscribe(both, null));
  const first = await readUntil(reader, isReady);
  expect(first.map((f) => f.event.type)).toEqual(["snapshot", "ready"]);
  const snapshot = platformSnapshotSchema.parse(snapshotIn(first));
  expect(snapshot).toMatchObject({ position: 1, states: [{ environment: "prod", bigPod: "core" }], environments: [{ name: "staging", promotesFrom: null }, { name: "prod", promotesFrom: "staging" }] });
  const position = await write(state("prod", { restarts: 7 }));
  const [delta] = await readUntil(reader, hasRestarts(7));
  expect(delta?.text).toMatch(new RegExp(`^id: ${position}\nevent: state\ndata: \\{.*\\}\n\n$`));
  streamEventSchema.parse(delta?.event);
});

test("an incident is told when it opens, and again when it ends", async () => {
  await live.ready();
  const reader = reading(live.subscribe(both, null));
  await readUntil(reader, isReady);
  const at = new Date();
  await database.db.$transaction(async (tx) => {
    await tx.incidentRow.create({ data: { id: "i-1", environment: "prod", bigPod: "core", title: "auth is down", severity: "critical", status: "open", onsetAt: at, openedAt: at, position: 0n } });
    await publishIncidents(tx, ["i-1"]);
  });
  const [opened] = await readUntil(reader, (frame) => frame.event.type === "incident");
  streamEventSchema.parse(opened?.event);
  expect(opened?.event.data).toMatchObject({ number: 1, bigPod: "core", status: "open", suspect: null });
  await database.db.$transaction(async (tx) => {
    await tx.incidentRow.update({ where: { id: "i-1" }, data: { status: "resolved", resolvedAt: at, resolvedBy: "Vigie" } });
    await publishIncidents(tx, ["i-1"]);
  });
  const [ended] = await readUntil(reader, (frame) => frame.event.type === "incident");
  expect(ended?.event.data).toMatchObject({ number: 1, status: "resolved", resolved: { by: "Vigie" } });
  expect(snapshotIn(await readUntil(reading(live.subscribe(both, null)), isReady))?.incidents).toMatchObject([{ number: 1 }]);
  expect(snapshotIn(await readUntil(reading(live.subscribe(["staging"], null)), isReady))?.incidents).toEqual([]);
});

test("a reader that comes back with an id gets what changed since, and no snapshot", async () => {
  const from = await write(state("staging"));
  await live.ready();
  await write(state("prod", { restarts: 1 }));
  const last = await write(state("prod", { restarts: 2 }));
  // A second reader proves that the model has arrived at the last position.
  await readUntil(reading(live.subscribe(both, null)), (f) => hasRestarts(2)(f) || (f.event.type === "ready" && f.event.data.position === last));
  const frames = await readUntil(reading(live.subscribe(both, from)), isReady);
  // The one it stopped at comes again: its transaction may have held more.
  expect(frames.map((f) => (f.event.type === "state" ? `${f.event.data.environment} ${f.event.data.restarts}` : f.event.type))).toEqual(["staging 0", "prod 2", "ready"]);
  expect(snapshotIn(await readUntil(reading(live.subscribe(both, last + 1000)), isReady))).toBeDefined();
});

test("who may see one environment hears of no other", async () => {
  await write(state("staging"));
  const reader = reading(live.subscribe(["staging"], null));
  const snapshot = snapshotIn(await readUntil(reader, isReady));
  expect(snapshot?.states.map((s) => s.environment)).toEqual(["staging"]);
  expect(snapshot?.environments.map((e) => e.name)).toEqual(["staging"]);
  await write(state("prod", { restarts: 1 }));
  await write(state("staging", { restarts: 2 }));
  expect((await readUntil(reader, hasRestarts(2))).map((f) => f.environment)).toEqual(["staging"]);
});

test("everything of one transaction is told, and told again to who stopped in the middle of it", async () => {
  const reader = reading(live.subscribe(both, null));
  await readUntil(reader, isReady);
  const change = { id: "c1", environment: "prod", bigPod: "core", kind: "scale" as const, at: testNow.toISOString(), summary: "Core 2 → 3", by: "x", operationId: null, release: null };
  const position = await database.db.$transaction(async (tx) => {
    const at = await nextPosition(tx);
    await writeState(tx, state("prod", { restarts: 3 }), at);
    await writeSource(tx, source, at);
    await addChange(tx, change, at);
    await publish(tx, "state", "prod/core", at);
    await publish(tx, "source", source.key, at);
    await publish(tx, "change", "c1", at);
    return Number(at);
  });
  const wanted = new Set(["change", "source", "state"]);
  const frames = await readUntil(reader, (f) => wanted.delete(f.event.type) && wanted.size === 0);
  expect(frames.every((f) => f.text.startsWith(`id: ${position}\n`))).toBe(true);
  const again = await readUntil(reading(live.subscribe(both, position)), isReady);
  expect(again.map((f) => f.event.type).sort()).toEqual(["change", "ready", "source", "state"]);
});

test("a reader that falls behind gets one fresh snapshot; others are not slowed", async () => {
  const slow = reading(live.subscribe(both, null));
  const quick = reading(live.subscribe(both, null));
  await readUntil(slow, isReady);
  await readUntil(quick, isReady);
  const total = bufferLimit + 20;
  for (let n = 1; n <= total; n += 1) {
    await write(state("prod", { restarts: n }));
    // The quick one keeps up, so every position is told on its own.
    await readUntil(quick, hasRestarts(n));
  }
  const frames = await readUntil(slow, (f) => hasRestarts(total)(f) || isReady(f));
  expect(frames.map((f) => f.event.type)).toEqual(["snapshot", "ready"]);
  expect(snapshotIn(frames)?.states[0]?.restarts).toBe(total);
});

test("two hundred readers share one written event and one snapshot", async () => {
  await live.ready();
  const readers = Array.from({ length: 200 }, () => reading(live.subscribe(both, null)));
  const first = await Promise.all(readers.map((reader) => readUntil(reader, isReady)));
  expect(new Set(first.map((frames) => frames[0])).size).toBe(1);
  await write(state("prod", { restarts: 9 }));
  const deltas = await Promise.all(readers.map((reader) => readUntil(reader, hasRestarts(9))));
  expect(new Set(deltas.map((frames) => frames[0])).size).toBe(1);
  expect(live.subscribers()).toBe(200);
});

test("when the listening connection is cut, nothing is missed", async () => {
  const reader = reading(live.subscribe(both, null));
  await readUntil(reader, isReady);
  const admin = new pg.Client({ connectionString: database.ownerUrl });
  await admin.connect();
  await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vigie-listen' AND datname = current_database()");
  await write(state("prod", { restarts: 4 }));
  await admin.end();
  expect((await readUntil(reader, hasRestarts(4))).at(-1)?.event.type).toBe("state");
});

test("rows that were written anew under positions that were told before are told, as after a crash that lost commits", async () => {
  const reader = reading(live.subscribe(both, null));
  await readUntil(reader, isReady);
  await write(state("staging", { restarts: 1 }));
  await write(state("prod", { restarts: 2 }));
  await readUntil(reader, hasRestarts(2));
  const admin = new pg.Client({ connectionString: database.ownerUrl });
  await admin.connect();
  // Another value under an old position, and the clock where it was.
  await admin.query("UPDATE big_pod_state SET state = jsonb_set(state, '{restarts}', '7') WHERE environment = 'staging'");
  await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vigie-listen' AND datname = current_database()");
  await admin.end();
  const told = await readUntil(reader, hasRestarts(7));
  expect(told.at(-1)?.environment).toBe("staging");
});

test("a heartbeat tells the database's time and when a worker was last seen", async () => {
  await database.db.$executeRaw`INSERT INTO lease VALUES ('observer', 'w', 1, now(), now(), now() + interval '1 hour')`;
  const reader = reading(live.subscribe(both, null));
  for (;;) {
    const next = await reader.next();
    if (next.done) throw new Error("the stream ended");
    const { event } = next.value;
    if (event.type !== "beat") continue;
    expect(event.data.workerSeenAt).not.toBeNull();
    expect(Math.abs(Date.parse(event.data.now) - Date.now())).toBeLessThan(5_000);
    return;
  }
});

test("closing ends every reader", async () => {
  const reader = reading(live.subscribe(both, null));
  await readUntil(reader, isReady);
  const next = reader.next();
  await live.close();
  expect((await next).done).toBe(true);
  expect(live.subscribers()).toBe(0);
});

test("readSnapshot is limited to what the actor may see, and refuses who may see nothing", async () => {
  await write(state("staging"));
  const actor = (environments: string[]) => ({ kind: "person" as const, id: "u", name: "U", grants: [{ role: "viewer" as const, environments }] });
  const seen = platformSnapshotSchema.parse(await readSnapshot(context(), actor(["prod"])));
  expect(seen.states.map((s) => s.environment)).toEqual(["prod"]);
  expect(seen.environments).toEqual([{ name: "prod", title: "prod", promotesFrom: null }]);
  await expect(readSnapshot(context(), { ...actor([]), grants: [] })).rejects.toMatchObject({ code: "denied" });
  expect(await database.db.auditEntryRow.count({ where: { action: "access.denied" } })).toBe(1);
});
