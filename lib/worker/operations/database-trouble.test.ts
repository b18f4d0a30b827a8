import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Plan } from "#lib/contracts/operation.ts";
import { createDatabase } from "#lib/db/client.ts";
import type { Database } from "#lib/db/client.ts";
import { listenForOperations } from "#lib/db/queue.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { isDatabaseAway } from "#lib/domain/database-away.ts";
import { VigieError } from "#lib/domain/error.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { createLog } from "#lib/runtime/log.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { requestOperation } from "#lib/services/operation/request.ts";
import { createPlan } from "#lib/services/plan/create.ts";
import { bigPodState, person, recordRelease, sealed, testConfig, watched, writeState } from "#lib/services/plan/test-platform.ts";
import { nothingOutside } from "#lib/services/test-context.ts";
import { startDatabaseProxy } from "#lib/worker/operations/chaos/test-database-proxy.ts";
import type { DatabaseProxy } from "#lib/worker/operations/chaos/test-database-proxy.ts";

const build = { tag: "v1", digest: `sha256:${"a".repeat(64)}` };
const auditLock = 7_310_113;
let database: TestDatabase;
let owner: pg.Client;
let proxy: DatabaseProxy;
/** By way of the proxy. */
let db: Database;
let context: ServiceContext;
let plan: Plan;

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startDatabaseProxy(database.url);
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  const log = createLog("worker");
  await (await listenForOperations(database.url, log, () => undefined)).stop();
  db = createDatabase(proxy.url(database.url), { poolSize: 5 });
  const registry = { inspect: () => Promise.reject(new VigieError("upstream", "There is no registry in this test.")) };
  context = { db, config: testConfig("http://127.0.0.1:1"), clock: systemClock, log, registry, outside: nothingOutside };
  for (const bigPod of ["experience", "commerce"]) await writeState(database.db, bigPodState("prod", bigPod, build));
  await recordRelease(database.db, "prod", { experience: sealed("experience", "prod", build), commerce: sealed("commerce", "prod", build) });
});
beforeEach(async () => {
  await watched(database.db);
  plan = await createPlan(context, person, { kind: "restart", environment: "prod", bigPods: ["commerce"] });
});
afterEach(async () => {
  proxy.set("open");
  proxy.cut();
  await database.db.operationStepRow.deleteMany();
  await database.db.operationRow.deleteMany();
  await owner.query("DELETE FROM pgboss.job");
});
afterAll(async () => {
  await db.$disconnect();
  await proxy.stop();
  await owner.end();
  await database.drop();
});

const request = (key: string) => requestOperation(context, person, { planHash: plan.hash, reason: "a test of the database" }, key);
const failure = (attempt: Promise<unknown>): Promise<unknown> => attempt.then(() => "it was accepted", (error: unknown) => error);
/** What there is of an intent: operation, job, audit entry. */
async function traces(): Promise<number[]> {
  const { rows } = await owner.query<{ n: number }>("SELECT count(*)::int AS n FROM operation UNION ALL SELECT count(*)::int FROM pgboss.job UNION ALL SELECT count(*)::int FROM audit_entry WHERE action = 'operation.request' AND operation_id IN (SELECT id FROM operation)");
  return rows.map((row) => row.n);
}
const entries = async () => (await owner.query<{ n: number }>("SELECT count(*)::int AS n FROM audit_entry WHERE action = 'operation.request'")).rows[0]?.n;
/** Another connection that waits for a lock of this database. */
const somebodyWaits = () => expect.poll(async () => (await owner.query("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")).rowCount, { timeout: 60_000, interval: 50 });

test("ACCEPTANCE 1: whoever writes an intent is killed before its COMMIT: no effect, no row", async () => {
  const before = await entries();
  await owner.query("SELECT pg_advisory_lock($1)", [auditLock]);
  const child = spawn(process.execPath, [fileURLToPath(new URL("test-request-process.ts", import.meta.url))], { env: { ...process.env, DATABASE_URL: database.url, PLAN_HASH: plan.hash, KEY: "killed", VIGIE_LOG: "error" }, stdio: "inherit" });
  await somebodyWaits().toBe(1);
  child.kill("SIGKILL");
  await once(child, "exit");
  await owner.query("SELECT pg_advisory_unlock($1)", [auditLock]);
  // The transaction of the dead ends with its connection.
  await expect.poll(async () => (await owner.query("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%' OR (datname = current_database() AND state = 'active' AND pid <> pg_backend_pid())")).rowCount, { timeout: 60_000 }).toBe(0);
  expect([await traces(), await entries()]).toEqual([[0, 0, 0], before]);
}, 240_000);

test("ACCEPTANCE 19: the audit log is locked by somebody: the action fails in bounded time, and nothing of it is there; then the same goes", async () => {
  await owner.query("SELECT pg_advisory_lock($1)", [auditLock]);
  const beganAt = performance.now();
  const error = await failure(request("locked"));
  const tookMs = performance.now() - beganAt;
  await owner.query("SELECT pg_advisory_unlock($1)", [auditLock]);
  expect(isDatabaseAway(error) || (error instanceof VigieError && error.code === "unavailable"), String(error)).toBe(true);
  expect(tookMs).toBeLessThan(25_000);
  await expect.poll(traces).toEqual([0, 0, 0]);
  expect(await request("locked")).toMatchObject({ status: "queued" });
}, 240_000);

test("ACCEPTANCE 15: every answer comes five seconds late: thirty calls end in bounded time, and the pool serves at once when that is over", async () => {
  await db.$queryRaw`SELECT 1`;
  proxy.set("late");
  const beganAt = performance.now();
  const ends = await Promise.allSettled(Array.from({ length: 30 }, (_, index) => request(`late-${index}`)));
  expect(performance.now() - beganAt).toBeLessThan(60_000);
  for (const end of ends) if (end.status === "rejected") expect(isDatabaseAway(end.reason) || end.reason instanceof VigieError, String(end.reason)).toBe(true);
  proxy.set("open");
  proxy.cut();
  const againAt = performance.now();
  await expect.poll(() => db.$queryRaw`SELECT 1`.then(() => true, () => false), { timeout: 60_000, interval: 50 }).toBe(true);
  expect(await request("after")).toMatchObject({ status: "queued" });
  expect(performance.now() - againAt).toBeLessThan(10_000);
  const [operations, jobs, written] = await traces();
  expect([jobs, written]).toEqual([operations, operations]);
}, 240_000);

test("ACCEPTANCE 16: a database that is read-only, as while it fails over, refuses; once it writes again the same process goes on", async () => {
  const { rows } = await owner.query<{ name: string }>("SELECT current_database() AS name");
  const name = owner.escapeIdentifier(rows[0]?.name ?? "");
  const before = await entries();
  await owner.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  proxy.cut(); // A failover ends every connection.
  const error = await failure(request("read-only"));
  expect(isDatabaseAway(error), String(error)).toBe(true);
  await owner.query("SET default_transaction_read_only = off");
  await owner.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
  expect([await traces(), await entries()]).toEqual([[0, 0, 0], before]);
  proxy.cut();
  await expect.poll(() => request("read-only").then(({ status }) => status, () => "refused"), { timeout: 60_000, interval: 100 }).toBe("queued");
}, 240_000);

test("ACCEPTANCE 17: no room on the disk: refused as when the database is down, nothing half-written; with room again the same goes", async () => {
  // PostgreSQL's own error for a full disk (disk_full, 53100), raised in the middle of writing an intent.
  await owner.query("CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$");
  await owner.query("CREATE TRIGGER no_room BEFORE INSERT ON operation_step FOR EACH STATEMENT EXECUTE FUNCTION no_room()");
  const before = await entries();
  const error = await failure(request("full"));
  await owner.query("DROP FUNCTION no_room CASCADE");
  expect(isDatabaseAway(error), String(error)).toBe(true);
  expect([await traces(), await entries()]).toEqual([[0, 0, 0], before]);
  expect(await request("full")).toMatchObject({ status: "queued" });
}, 240_000);

test("ACCEPTANCE 18: the connection is lost at COMMIT: what happened is read back, and the same key is never done twice", async () => {
  proxy.set("lose-commits");
  const first = await request("lost").catch((error: unknown) => error);
  proxy.set("open");
  const [operations] = await traces();
  // Written, and known to be; or nobody claims to know. Never an error that says nothing was done while it was.
  expect(operations).toBe(1);
  if (first instanceof Error) expect(first).toMatchObject({ code: "unavailable", message: expect.stringContaining("not known whether") });
  const again = await request("lost");
  if (!(first instanceof Error)) expect(again).toEqual(first);
  expect(await traces()).toEqual([1, 1, 1]);
}, 240_000);
