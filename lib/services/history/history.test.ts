import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixtureService, fixtureState } from "#components/query/fixtures.ts";
import { nextPosition } from "#lib/db/publish.ts";
import { keepEvents, pruneEvents } from "#lib/db/repositories/history.ts";
import { writeState } from "#lib/db/repositories/state.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { readHistory } from "#lib/services/history/at.ts";
import { listEvents } from "#lib/services/history/events.ts";
import { readStrips } from "#lib/services/history/strip.ts";
import { actorWith, createTestContext } from "#lib/services/test-context.ts";

let database: TestDatabase;
let context: ServiceContext;
const day = "2026-11-20";
const at = (time: string): string => `${day}T${time}:00.000Z`;
const viewer = actorWith("viewer");

async function write(time: string, change: Partial<BigPodState> = {}, environment = "staging"): Promise<void> {
  const state = fixtureState(environment, "core", "v1.5.1", { since: at(time), observedAt: at(time), ...change });
  await database.db.$transaction(async (tx) => writeState(tx, state, await nextPosition(tx)));
}

beforeAll(async () => {
  database = await createTestDatabase();
  context = createTestContext(database.db);
  await write("08:00");
  // Restarts alone are no new row.
  await write("08:30", { since: at("08:00"), restarts: 3 });
  await write("09:00", { since: at("08:00"), replicas: { desired: 2, updated: 2, ready: 1, available: 1, total: 2 } });
  await write("10:00", { status: "broken", cause: "auth keeps exiting with code 1", services: [fixtureService("nginx"), fixtureService("auth", { status: "down", detail: "exited with code 1" })] });
  await write("11:00", { version: "v1.5.2" });
});
afterAll(() => database.drop());

describe("the overview at a moment", () => {
  test("is what it was then: status, cause, replicas and services", async () => {
    const [early, thinner, broken, later] = await Promise.all(["08:59", "09:30", "10:30", "12:00"].map((time) => readHistory(context, viewer, { at: at(time) })));
    expect(early?.states).toMatchObject([{ environment: "staging", bigPod: "core", status: "healthy", since: at("08:00"), replicas: { ready: 2 } }]);
    expect(thinner?.states).toMatchObject([{ status: "healthy", since: at("08:00"), replicas: { ready: 1 } }]);
    expect(broken?.states).toMatchObject([{ status: "broken", cause: "auth keeps exiting with code 1", since: at("10:00"), services: [{ name: "nginx", status: "up" }, { name: "auth", status: "down" }] }]);
    expect(later?.states).toMatchObject([{ status: "healthy", version: "v1.5.2" }]);
    expect(later?.from).toBe(at("08:00"));
    expect(await database.db.stateHistory.count()).toBe(4);
  });

  test("before anything was seen there is nothing, and what is to come is refused", async () => {
    expect((await readHistory(context, viewer, { at: at("07:00") })).states).toEqual([]);
    await expect(readHistory(context, viewer, { at: new Date(Date.now() + 3_600_000).toISOString() })).rejects.toMatchObject({ code: "invalid", message: "That moment has not come yet. Choose one in the past." });
    await expect(readHistory(context, viewer, { at: "yesterday" })).rejects.toMatchObject({ code: "invalid" });
  });

  test("an environment one may not see does not exist", async () => {
    expect((await readHistory(context, actorWith("viewer", ["dev"]), { at: at("10:30") })).states).toEqual([]);
  });
});

describe("strips", () => {
  test("have the colours over time", async () => {
    const { strips } = await readStrips(context, viewer, { from: at("09:30"), to: at("12:00") });
    expect(strips).toEqual([{ environment: "staging", bigPod: "core", spans: [{ from: at("09:30"), to: at("10:00"), status: "healthy" }, { from: at("10:00"), to: at("11:00"), status: "broken" }, { from: at("11:00"), to: at("12:00"), status: "healthy" }] }]);
  });

  test("must end after they begin, within what is kept", async () => {
    await expect(readStrips(context, viewer, { from: at("12:00"), to: at("09:00") })).rejects.toMatchObject({ code: "invalid", message: "The time must end after it begins, and be at most 92 days long." });
  });
});

test("events are kept once each, counted on, paged, and forgotten after their time", async () => {
  const event = { environment: "staging", uid: "e1", bigPod: "core", object: "Pod core-x1", type: "Warning", reason: "BackOff", message: "Back-off restarting", count: 1, firstAt: at("10:00"), lastAt: at("10:00") };
  const keep = (...events: (typeof event)[]): Promise<void> => database.db.$transaction((tx) => keepEvents(tx, events));
  await keep(event, { ...event, uid: "e2", reason: "Pulled", lastAt: at("10:05") });
  await keep({ ...event, count: 7, lastAt: at("10:30") });
  await keep({ ...event, count: 2, lastAt: at("10:10") });
  const first = await listEvents(context, viewer, { environment: "staging", bigPod: "core", limit: 1 });
  expect(first).toMatchObject({ events: [{ uid: "e1", count: 7, lastAt: at("10:30") }], next: `${at("10:30")}/e1` });
  expect(await listEvents(context, viewer, { environment: "staging", bigPod: "core", before: first.next ?? "" })).toMatchObject({ events: [{ uid: "e2" }], next: null });
  // Several of one moment, with a page that ends between them: none is skipped, none told twice.
  await keep(...["a", "b", "c", "d"].map((uid) => ({ ...event, uid, lastAt: at("10:05") })));
  const paged: string[] = [];
  for (let before: string | undefined, pages = 0; pages < 10; pages += 1) {
    const page = await listEvents(context, viewer, { environment: "staging", bigPod: "core", limit: 2, ...(before === undefined ? {} : { before }) });
    paged.push(...page.events.map(({ uid }) => uid));
    if (page.next === null) break;
    before = page.next;
  }
  expect(paged).toEqual(["e1", "a", "b", "c", "d", "e2"]);
  expect((await listEvents(context, viewer, { environment: "staging", bigPod: "core", before: at("10:05") })).events).toEqual([]);
  await expect(listEvents(context, viewer, { environment: "staging", bigPod: "core", before: "2026-99-99T10:00:00Z/x" })).rejects.toMatchObject({ code: "invalid" });
  await expect(listEvents(context, actorWith("viewer", ["dev"]), { environment: "staging", bigPod: "core" })).rejects.toMatchObject({ code: "not-found" });
  await keep({ ...event, uid: "old", firstAt: "2020-01-01T00:00:00.000Z", lastAt: "2020-01-01T00:00:00.000Z" });
  expect(await pruneEvents(database.db, 90, 10)).toBe(1);
});
