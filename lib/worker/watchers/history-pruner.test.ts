import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { silentLog } from "#lib/worker/test-parts.ts";
import { createHistoryPruner } from "#lib/worker/watchers/history-pruner.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => database.db.stateHistory.deleteMany());

const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000);
const add = (bigPod: string, days: number) => database.db.stateHistory.create({ data: { environment: "prod", bigPod, status: "healthy", cause: `${days} days ago`, at: daysAgo(days) } });
const left = async () => (await database.db.stateHistory.findMany({ orderBy: { at: "asc" } })).map((row) => `${row.bigPod} ${row.cause}`);
const token = { name: "observer", holder: "me", epoch: 1n };

test("what is older than 90 days is forgotten, but for the status that held then", async () => {
  for (const days of [200, 120, 100, 80, 1]) await add("core", days);
  await add("calm", 300);
  const pruner = createHistoryPruner({ db: database.db, lease: () => token, clock: { now: () => new Date() }, log: silentLog });
  pruner.look();
  await pruner.idle();
  expect(await left()).toEqual(["calm 300 days ago", "core 100 days ago", "core 80 days ago", "core 1 days ago"]);
});

test("more than a batch, once an hour, and only by who observes", async () => {
  const rows = Array.from({ length: 2_500 }, (_, index) => ({ environment: "prod", bigPod: "core", status: "healthy", at: daysAgo(91 + index / 1_000) }));
  await database.db.stateHistory.createMany({ data: rows });
  let now = new Date();
  let lease: typeof token | null = null;
  const pruner = createHistoryPruner({ db: database.db, lease: () => lease, clock: { now: () => now }, log: silentLog });
  const look = async () => {
    pruner.look();
    await pruner.idle();
    return database.db.stateHistory.count();
  };
  expect(await look()).toBe(2_500);
  lease = token;
  expect(await look()).toBe(1);
  await add("core", 200);
  expect(await look()).toBe(2);
  now = new Date(now.getTime() + 3_600_000);
  expect(await look()).toBe(1);
});
