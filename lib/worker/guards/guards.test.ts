import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { configSchema } from "#lib/contracts/config.ts";
import type { Config } from "#lib/contracts/config.ts";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import { streamChannel } from "#lib/db/channels.ts";
import { readSoakFacts } from "#lib/db/repositories/gate-facts.ts";
import { readGuards } from "#lib/db/repositories/guard.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { testConfig } from "#lib/services/test-context.ts";
import { bigPodState } from "#lib/services/plan/test-platform.ts";
import { acquireLease, releaseLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { createGuards } from "#lib/worker/guards/guards.ts";
import type { GuardExtras } from "#lib/worker/guards/guards.ts";
import { recordUnwatched } from "#lib/worker/guards/unwatched.ts";
import { silentLog } from "#lib/worker/test-parts.ts";

let database: TestDatabase;
let listener: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  listener = new pg.Client({ connectionString: database.url });
  await listener.connect();
  await listener.query(`LISTEN ${streamChannel}`);
});
afterAll(async () => {
  await listener.end();
  await database.drop();
});

const prodWith = (policy: unknown): Config => ({ ...testConfig, environments: configSchema.shape.environments.parse([{ name: "prod", cluster: { kubeconfig: "k" }, namespace: "test-prod", policy }]) });

async function running(config: Config, options: { extras?: GuardExtras; lease?: LeaseToken | null } = {}) {
  const token = options.lease === undefined ? await acquireLease(database.db, "observer", "test", 60_000) : options.lease;
  const guards = createGuards({ config, db: database.db, lease: () => token, log: silentLog, ...(options.extras === undefined ? {} : { extras: options.extras }) });
  guards.start();
  onTestFinished(async () => {
    await guards.stop();
    if (token !== null) await releaseLease(database.db, token);
    await database.db.environmentGuardRow.deleteMany();
  });
  return { guards, token };
}

async function guardWhere(wanted: (guard: EnvironmentGuard) => boolean): Promise<EnvironmentGuard> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const moved = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 300);
      listener.once("notification", () => {
        clearTimeout(timer);
        resolve();
      });
    });
    const [found] = await readGuards(database.db, ["prod"]);
    if (found !== undefined && wanted(found.guard)) return found.guard;
    if (performance.now() > deadline) throw new Error(`the guard never came: ${JSON.stringify(found?.guard)}`);
    await moved;
  }
}

test("windows, freezes, approvals and strategy of the configuration, now", async () => {
  await running(
    prodWith({
      approvals: { required: 2 },
      strategy: { kind: "blue-green" },
      windows: [{ name: "always", every: "day", from: "00:00", to: "00:00", timeZone: "Europe/Paris" }],
      freezes: [{ name: "old", from: "2020-01-01T00:00", to: "2020-01-02T00:00", timeZone: "Europe/Paris", reason: "long over" }],
    }),
  );
  expect(await guardWhere(() => true)).toEqual({
    environment: "prod", strategy: "blue-green", approvalsRequired: 2,
    window: { open: true, name: "always", opensAt: null, closesAt: null, timeZone: "Europe/Paris" },
    freeze: null, rollback: null, proposal: null, breakGlass: null, openReviews: [], quarantined: [], drift: [],
  });
});

test("a freeze that holds shuts the window until it is over", async () => {
  const year = new Date().getUTCFullYear();
  await running(prodWith({ windows: [{ name: "always", every: "day", from: "00:00", to: "00:00", timeZone: "UTC" }], freezes: [{ name: "holidays", from: `${year - 1}-01-01T00:00`, to: `${year + 3}-01-01T00:00`, timeZone: "UTC", reason: "nobody is there" }] }));
  const guard = await guardWhere(() => true);
  expect(guard.window).toEqual({ open: false, name: "always", opensAt: null, closesAt: null, timeZone: "UTC" });
  expect(guard.freeze).toEqual({ name: "holidays", reason: "nobody is there", until: `${year + 3}-01-01T00:00:00.000Z`, timeZone: "UTC" });
});

test("break-glass, open reviews and quarantine come and go; an unchanged guard is not written again", async () => {
  await running(prodWith({}));
  await guardWhere((guard) => guard.breakGlass === null);
  const now = Date.now();
  await database.db.breakGlassRow.create({ data: { id: "b1", environment: "prod", actor: { kind: "person", id: "u1", name: "Rafael" }, actorId: "u1", reason: "the shop is down", openedAt: new Date(now), expiresAt: new Date(now + 900_000) } });
  await database.db.quarantineRow.create({ data: { id: "q1", imagesHash: "h", release: 7, environment: "prod", reason: "it was returned", at: new Date(now) } });
  const open = await guardWhere((guard) => guard.breakGlass !== null);
  expect(open).toMatchObject({ breakGlass: { id: "b1", by: "Rafael", reason: "the shop is down" }, openReviews: [{ id: "b1", operations: 0 }], quarantined: [{ release: 7, reason: "it was returned" }] });
  const [row] = await database.db.environmentGuardRow.findMany();
  await database.db.breakGlassRow.update({ where: { id: "b1" }, data: { expiresAt: new Date(now - 1) } });
  expect(await guardWhere((guard) => guard.breakGlass === null)).toMatchObject({ openReviews: [{ id: "b1" }] });
  await database.db.breakGlassRow.update({ where: { id: "b1" }, data: { reviewedAt: new Date(), reviewedById: "u2" } });
  await guardWhere((guard) => guard.openReviews.length === 0);
  // Four changes were made one after the other: had every look been written, there would be more positions between them.
  const [last] = await database.db.environmentGuardRow.findMany();
  expect(Number((last?.position ?? 0n) - (row?.position ?? 0n))).toBe(2);
});

test("the way back and proposals come from whoever knows them", async () => {
  const rollback = { release: 3, verdict: "ready" as const, sentence: "ready to roll back to R-3", checkedAt: "2026-11-21T12:00:00.000Z", proven: null };
  await running(prodWith({}), { extras: async () => ({ rollback, proposal: null }) });
  expect((await guardWhere(() => true)).rollback).toEqual(rollback);
});

test("who does not hold the lease writes nothing, and who lost it neither", async () => {
  const { guards } = await running(prodWith({}), { lease: null });
  await guards.stop();
  const stale = await acquireLease(database.db, "observer", "old", 60_000);
  if (stale === null) throw new Error("the lease is free");
  await releaseLease(database.db, stale);
  const lost = await running(prodWith({}), { lease: stale });
  await lost.guards.stop();
  expect(await database.db.environmentGuardRow.count()).toBe(0);
});

test("hours without a worker break the soak, seconds do not", async () => {
  const { db } = database;
  const token = await acquireLease(db, "observer", "soak", 60_000);
  if (token === null) throw new Error("the lease is free");
  const hourAgo = new Date(Date.now() - 3_600_000);
  const state = bigPodState("staging", "core", { tag: "v1", digest: `sha256:${"a".repeat(64)}` });
  await db.stateHistory.create({ data: { environment: "staging", bigPod: "core", status: "healthy", at: hourAgo } });
  const source = (contactAt: Date) => ({ key: "k", environment: "staging", title: "Pods", status: "live" as const, since: hourAgo.toISOString(), contactAt: contactAt.toISOString(), reason: null, required: true });
  await recordUnwatched(db, token, { states: [state], sources: [source(new Date(Date.now() - 5_000))] });
  expect((await readSoakFacts(db, "staging", ["core"])).healthySince.get("core")).toEqual(hourAgo);
  await recordUnwatched(db, token, { states: [state], sources: [source(new Date(Date.now() - 600_000))] });
  expect((await readSoakFacts(db, "staging", ["core"])).healthySince.get("core")?.getTime()).toBeGreaterThan(Date.now() - 10_000);
  await releaseLease(db, token);
});
