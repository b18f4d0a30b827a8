import { afterAll, beforeAll, expect, test } from "vitest";
import { fixtureState } from "#components/query/fixtures.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import { createTestContext } from "#lib/services/test-context.ts";
import { createLeaseKeeper } from "#lib/worker/lease.ts";
import { createEventRecorder } from "#lib/worker/watchers/event-recorder.ts";
import type { ObservedView } from "#lib/worker/watchers/environment-view.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const event = (uid: string, resourceVersion: string, involvedObject: object, more: object = {}): ClusterObject => ({
  metadata: { name: uid, uid, resourceVersion }, involvedObject, type: "Warning", reason: "BackOff", message: "Back-off restarting", count: 1,
  firstTimestamp: "2026-11-21T10:00:00Z", lastTimestamp: "2026-11-21T10:00:00Z", ...more,
});

test("events are kept with their Big Pod, once known, and counted on; what is of no Big Pod is kept without", async () => {
  const { log } = createTestContext(database.db);
  const acquired = Promise.withResolvers<void>();
  const keeper = createLeaseKeeper({ db: database.db, name: "observer", holder: "test", log, onAcquired: () => acquired.resolve(), onLost: () => undefined });
  keeper.start();
  await acquired.promise;
  const recorder = createEventRecorder({ db: database.db, lease: () => keeper.current(), log });
  let states: BigPodState[] = [];
  let events: ClusterObject[] = [event("a", "1", { kind: "Pod", name: "core-7d9f-gone1", uid: "gone" }), event("b", "1", { kind: "Node", name: "a1-1" }), event("c", "1", { kind: "ReplicaSet", name: "core-7d9f" })];
  // Of a view only this is asked.
  const view = { environment: { name: "prod" }, events: () => events, states: () => states } as unknown as ObservedView;
  const look = async () => {
    recorder.look(view);
    await recorder.idle();
    return (await database.db.clusterEventRow.findMany({ orderBy: { uid: "asc" } })).map((row) => [row.uid, row.bigPod, row.count]);
  };
  expect(await look()).toEqual([]);
  states = [fixtureState("prod", "core", "v1")];
  expect(await look()).toEqual([["a", "core", 1], ["b", null, 1], ["c", "core", 1]]);
  events = [event("a", "2", { kind: "Pod", name: "core-7d9f-gone1", uid: "gone" }, { count: 5, lastTimestamp: "2026-11-21T10:04:00Z" })];
  expect(await look()).toEqual([["a", "core", 5], ["b", null, 1], ["c", "core", 1]]);
  await keeper.stop();
});
