import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { createDatabase } from "#lib/db/client.ts";
import { acquireLease, assertLease, createLeaseKeeper, LeaseLost, releaseLease, renewLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { silentLog } from "#lib/worker/test-parts.ts";

const soon = <T>(look: () => T) => expect.poll(look, { timeout: 60_000, interval: 5 });

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Lets a lease run out as time would. */
const expire = (name: string): Promise<number> => database.db.$executeRaw`UPDATE lease SET expires_at = clock_timestamp() - interval '1 millisecond' WHERE name = ${name}`;
function held(token: LeaseToken | null): LeaseToken {
  if (!token) throw new Error("the lease was not given");
  return token;
}

test("one holder at a time; each taking raises the epoch; a stale holder can neither renew nor write nor give it up", async () => {
  const { db } = database;
  const first = held(await acquireLease(db, "one", "a"));
  expect(await acquireLease(db, "one", "b")).toBeNull();
  expect(await renewLease(db, first)).toBe(true);
  await expire("one");
  const second = held(await acquireLease(db, "one", "b"));
  expect(second.epoch).toBe(first.epoch + 1n);
  expect(await renewLease(db, first)).toBe(false);
  await expect(db.$transaction((tx) => assertLease(tx, first))).rejects.toBeInstanceOf(LeaseLost);
  await releaseLease(db, first);
  await db.$transaction((tx) => assertLease(tx, second));
  await releaseLease(db, second);
  expect(held(await acquireLease(db, "one", "a")).epoch).toBe(second.epoch + 1n);
});

test("a lease that ran out is not renewed, even if nobody took it: the epoch must move", async () => {
  const token = held(await acquireLease(database.db, "late", "a"));
  await expire("late");
  expect(await renewLease(database.db, token)).toBe(false);
  await expect(database.db.$transaction((tx) => assertLease(tx, token))).rejects.toBeInstanceOf(LeaseLost);
});

test("of many that try at once, one gets it", async () => {
  const tokens = await Promise.all(Array.from({ length: 8 }, (_, i) => acquireLease(database.db, "crowd", `w${i}`)));
  expect(tokens.filter((token) => token !== null)).toHaveLength(1);
});

test("renewing passes a write that is under way; taking over waits for it", async () => {
  const { db } = database;
  const token = held(await acquireLease(db, "busy", "a"));
  let finish: () => void = () => undefined;
  let began: () => void = () => undefined;
  const started = new Promise<void>((resolve) => (began = resolve));
  const order: string[] = [];
  const writing = db.$transaction(async (tx) => {
    await assertLease(tx, token);
    began();
    await new Promise<void>((resolve) => (finish = resolve));
    order.push("written");
  });
  await started;
  expect(await renewLease(db, token)).toBe(true);
  await expire("busy");
  const taking = acquireLease(db, "busy", "b").then((taken) => {
    order.push("taken");
    return taken;
  });
  await soon(async () => (await db.$queryRaw<{ n: bigint }[]>`SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)[0]?.n).toBe(1n);
  finish();
  await writing;
  expect(held(await taking).holder).toBe("b");
  expect(order).toEqual(["written", "taken"]);
});

test("a worker frozen in the middle of a write does not hold up its successor for ever", async () => {
  // Its own pool: the server ends that connection.
  const frozen = createDatabase(database.url, { poolSize: 1 });
  const token = held(await acquireLease(database.db, "frozen", "a"));
  let began: () => void = () => undefined;
  const started = new Promise<void>((resolve) => (began = resolve));
  let thaw: () => void = () => undefined;
  const writing = frozen
    .$transaction(
      async (tx) => {
        await assertLease(tx, token);
        began();
        await new Promise<void>((resolve) => (thaw = resolve));
        await tx.$executeRaw`UPDATE stream_clock SET position = position + 1000`;
      },
      { timeout: 60_000 },
    )
    .then(() => "committed", () => "refused");
  await started;
  await expire("frozen");
  expect(held(await acquireLease(database.db, "frozen", "b")).holder).toBe("b");
  thaw();
  expect(await writing).toBe("refused");
  await frozen.$disconnect();
});

test("keepers: the second takes over when the first stops, and the first is told when it lost", async () => {
  const { db } = database;
  const events: string[] = [];
  const keeper = (holder: string) =>
    createLeaseKeeper({ db, name: "kept", holder, log: silentLog, renewMs: 20, durationMs: 3_000, onAcquired: (token) => events.push(`${holder} got ${token.epoch}`), onLost: () => events.push(`${holder} lost`) });
  const a = keeper("a");
  const b = keeper("b");
  a.start();
  await soon(() => a.current()?.epoch).toBe(1n);
  b.start();
  await a.stop();
  await soon(() => b.current()?.epoch).toBe(2n);
  // Somebody else holds it now, as after a long freeze.
  await db.$executeRaw`UPDATE lease SET holder = 'c', epoch = epoch + 1 WHERE name = 'kept'`;
  await soon(() => b.current()).toBeNull();
  await b.stop();
  expect(events).toEqual(["a got 1", "b got 2", "b lost"]);
});
