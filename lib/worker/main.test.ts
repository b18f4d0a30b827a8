import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from "vitest";
import { migrate } from "#lib/db/migrate.ts";
import { setUpRoles } from "#lib/db/roles.ts";
import { root } from "#lib/runtime/home.ts";
import { startEmbeddedPostgres } from "#lib/runtime/postgres/embedded.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

/** The worker as a process: signals, freezing, and what is left behind. */

let stage: Stage;
const home = mkdtempSync(join(tmpdir(), "vigie-worker-"));
const children: ChildProcess[] = [];
const output = new Map<ChildProcess, string>();

beforeAll(async () => {
  stage = await openStage();
}, 240_000);
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
});
afterAll(async () => {
  await stage.stop();
  rmSync(home, { recursive: true, force: true });
});

function start(change: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, ["lib/worker/main.ts"], { cwd: root, env: { ...process.env, DATABASE_URL: stage.database.url, VIGIE_CONFIG: stage.configFile, VIGIE_HOME: home, ...change }, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data: Buffer) => output.set(child, (output.get(child) ?? "") + data.toString()));
  return child;
}
const lease = () => stage.database.db.lease.findUnique({ where: { name: "observer" } });
const held = (by: ChildProcess) =>
  stage.until(`process ${by.pid} observes`, async () => {
    const row = await lease();
    return row?.holder.includes(`/${by.pid}/`) && row.expiresAt > row.heartbeatAt ? row : undefined;
  });

test("SIGTERM: the lease is given up at once and the process ends well, in a few seconds", async () => {
  const child = start();
  await held(child);
  const startedAt = performance.now();
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  expect((await exited)[0], output.get(child)).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  const [row] = await stage.database.db.$queryRaw<{ free: boolean }[]>`SELECT expires_at <= clock_timestamp() AS free FROM lease WHERE name = 'observer'`;
  expect(row?.free).toBe(true);
});

test("frozen past its lease and continued, a worker leaves observing to the one that took over", async () => {
  const first = start();
  const before = await held(first);
  first.kill("SIGSTOP");
  const second = start();
  const after = await held(second);
  expect(after.epoch).toBe(before.epoch + 1n);
  // Its lease holds for certain while the first wakes, however slow the machine: nobody may take it.
  second.kill("SIGSTOP");
  await stage.database.db.lease.update({ where: { name: "observer" }, data: { expiresAt: new Date(Date.now() + 3_600_000) } });
  onTestFinished(async () => void (await stage.database.db.lease.update({ where: { name: "observer" }, data: { expiresAt: new Date() } })));
  first.kill("SIGCONT");
  await stage.until("the first knows that it lost the lease", async () => (/the lease ran out/.test(output.get(first) ?? "") ? true : undefined));
  expect(await lease()).toMatchObject({ holder: after.holder, epoch: after.epoch });
});

test.each(["SIGKILL", "SIGSTOP"] as const)("%s: a second worker that waits takes over within five seconds", async (signal) => {
  const first = start();
  await held(first);
  const second = start();
  await stage.until("the second waits", async () => (output.get(second)?.includes("worker started") ? true : undefined));
  const startedAt = performance.now();
  first.kill(signal);
  await held(second);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  // It observes: what changes now is written by it.
  const [row] = await stage.database.db.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
  await stage.until("the second writes", async () => ((await stage.database.db.sourceRow.count({ where: { updatedAt: { gt: row?.now ?? new Date() } } })) > 0 ? true : undefined));
});

test("without a database address it says what to do and ends", async () => {
  const child = start({ DATABASE_URL: "" });
  expect((await once(child, "exit"))[0]).toBe(1);
  expect(output.get(child)).toMatch(/DATABASE_URL is not set/);
});

test("its configuration is in the audit log, by hash and without contents", async () => {
  const child = start();
  await held(child);
  const entry = await stage.database.db.auditEntryRow.findFirstOrThrow({ where: { action: "config.loaded" }, orderBy: { sequence: "desc" } });
  const text = readFileSync(stage.configFile, "utf8");
  expect(entry).toMatchObject({ outcome: "succeeded", actorKind: "system" });
  expect(entry.bytes).toContain(createHash("sha256").update(text).digest("hex"));
  expect(entry.bytes).not.toMatch(/kubeconfig|clientSecret|issuer/);
});

test("a database that cannot be reached is one sentence, without its password", async () => {
  const child = start({ DATABASE_URL: "postgresql://vigie:very-secret@127.0.0.1:1/vigie" });
  expect((await once(child, "exit"))[0]).toBe(1);
  expect(output.get(child)).toMatch(/The database at 127\.0\.0\.1:1 cannot be reached/);
  expect(output.get(child)).not.toMatch(/very-secret|\n\s+at /);
});

test("the database is killed and comes back: the same process observes again and its states are written", async () => {
  const place = mkdtempSync(join(tmpdir(), "vigie-worker-db-"));
  chmodSync(place, 0o711);
  // Durable: what a killed server had only in memory would be gone, and a worker that saw its commit does not write it again.
  const server = await startEmbeddedPostgres(join(place, "postgres"));
  try {
    await migrate(server.ownerUrl, join(root, "prisma/migrations"));
    const app = { role: "vigie_app", password: randomBytes(16).toString("hex") };
    await setUpRoles(server.ownerUrl, app);
    const child = start({ DATABASE_URL: server.urlFor(app.role, app.password) });
    const seen = async (): Promise<Date | null> => {
      const client = new pg.Client({ connectionString: server.ownerUrl });
      try {
        await client.connect();
        const { rows } = await client.query<{ seen: Date }>("SELECT heartbeat_at AS seen FROM lease WHERE name = 'observer' AND expires_at > now() AND (SELECT count(*) FROM big_pod_state) > 0");
        return rows[0]?.seen ?? null;
      } catch {
        return null; // away
      } finally {
        await client.end().catch(() => undefined);
      }
    };
    await expect.poll(seen, { timeout: 60_000 }).not.toBeNull();
    process.kill(Number(readFileSync(join(place, "postgres", "data", "postmaster.pid"), "utf8").split("\n")[0]), "SIGKILL");
    const killedAt = new Date();
    await expect.poll(seen, { timeout: 60_000 }).toSatisfy((at: Date | null) => at !== null && at > killedAt);
    expect(child.exitCode).toBeNull();
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    expect((await exited)[0], output.get(child)).toBe(0);
  } finally {
    await server.stop();
    rmSync(place, { recursive: true, force: true });
  }
}, 240_000);
