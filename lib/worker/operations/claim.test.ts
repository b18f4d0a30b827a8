import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { claimNext, releaseClaim, renewClaim } from "#lib/worker/operations/claim.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => database.db.operationRow.deleteMany());

let made = 0;
async function operation(change: { id?: string; environment?: string; status?: string; priority?: number; secondsAgo?: number } = {}): Promise<string> {
  made += 1;
  const { id = `o${made}`, environment = "prod", status = "queued", priority = 0, secondsAgo = 0 } = change;
  await database.db.operationRow.create({
    data: { id, kind: "restart", environment, status, priority, title: id, reason: "why not", planHash: "h", plan: {}, targets: [], actor: {}, actorId: "rafael", idempotencyKey: id, requestedAt: new Date(Date.now() - secondsAgo * 1000), position: 0n },
  });
  return id;
}
const claimed = async (worker = "w") => (await claimNext(database.db, worker))?.operationId ?? null;
const end = (id: string | null) => database.db.operationRow.update({ where: { id: id ?? "" }, data: { status: "succeeded", leaseExpiresAt: null } });
const leaseOut = (id: string) => database.db.$executeRaw`UPDATE operation SET lease_expires_at = clock_timestamp() - interval '1 second' WHERE id = ${id}`;

test("one at a time, rollbacks first, then who asked first", async () => {
  const [late, early] = [await operation({ secondsAgo: 10 }), await operation({ secondsAgo: 20 })];
  expect(await claimed()).toBe(early);
  const rollback = await operation({ priority: 10 });
  expect(await claimed()).toBeNull();
  await end(early);
  expect(await claimed()).toBe(rollback);
  await end(rollback);
  expect([await claimed(), await claimed()]).toEqual([late, null]);
});

test("what awaits approvals or a window is not claimed, and holds nobody up", async () => {
  await operation({ status: "awaiting", secondsAgo: 50 });
  await operation({ status: "scheduled", secondsAgo: 40, priority: 10 });
  const queued = await operation();
  expect([await claimed(), await claimed()]).toEqual([queued, null]);
});

test("environments do not wait for each other", async () => {
  const [prod, staging] = [await operation(), await operation({ environment: "staging" })];
  expect(new Set([await claimed(), await claimed()])).toEqual(new Set([prod, staging]));
});

test("ten workers at once: one gets it, and the second in line waits", async () => {
  const [first] = [await operation({ secondsAgo: 9 }), await operation({ secondsAgo: 8 })];
  const all = await Promise.all(Array.from({ length: 10 }, (_, index) => claimNext(database.db, `w${index}`)));
  expect(all.filter((claim) => claim !== null).map((claim) => [claim.operationId, claim.epoch])).toEqual([[first, 1n]]);
});

test("ten workers over many operations: every turn in order, none twice", async () => {
  const ids: string[] = [];
  for (let count = 0; count < 12; count += 1) ids.push(await operation({ secondsAgo: 100 - count }));
  const order: string[] = [];
  while (order.length < ids.length) {
    const claims = (await Promise.all(Array.from({ length: 10 }, (_, index) => claimNext(database.db, `w${index}`)))).flatMap((claim) => claim ?? []);
    expect(claims).toHaveLength(1);
    for (const claim of claims) {
      order.push(claim.operationId);
      await end(claim.operationId);
    }
  }
  expect(order).toEqual(ids);
});

test("what a dead worker left running is taken over before anything else begins there, with a higher epoch; its late renewal is refused", async () => {
  const first = await operation({ secondsAgo: 9 });
  await operation({ secondsAgo: 99, priority: 10 });
  await database.db.operationRow.updateMany({ where: { id: { not: first } }, data: { status: "awaiting" } });
  const dead = await claimNext(database.db, "dead");
  await database.db.operationRow.updateMany({ where: { id: { not: first } }, data: { status: "queued" } });
  expect(await claimed("heir")).toBeNull();
  await leaseOut(first);
  const heir = await claimNext(database.db, "heir");
  expect(heir).toMatchObject({ operationId: first, epoch: 2n });
  if (dead === null || heir === null) throw new Error("both claimed");
  expect([await renewClaim(database.db, dead), await renewClaim(database.db, heir)]).toEqual([null, { abortRequestedBy: null }]);
  await releaseClaim(database.db, dead);
  expect(await claimed()).toBeNull();
});

test("the database itself holds a second running one off", async () => {
  await operation({ status: "running" });
  await expect(operation({ status: "running" })).rejects.toMatchObject({ code: "P2002" });
});
