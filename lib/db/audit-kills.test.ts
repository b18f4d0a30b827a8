import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { auditRows } from "#lib/db/repositories/audit.ts";
import { chainStart, createChainVerifier } from "#lib/domain/audit-chain.ts";

let database: TestDatabase;
let owner: pg.Client;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await owner.query("CREATE TABLE effect (id text PRIMARY KEY, done boolean NOT NULL DEFAULT false); GRANT ALL ON effect TO vigie_app");
});
afterAll(async () => {
  await Promise.all([...children].map(kill));
  await owner.end();
  await database.drop();
});

async function kill(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

function start(): ChildProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL("test-audit-writer.ts", import.meta.url))], { env: { ...process.env, DATABASE_URL: database.url }, stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  return child;
}

/** Numbers that look random and come again with the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test("ACCEPTANCE 34: 32 writers, killed at random as processes and as connections: no gap, no fork, every effect has its entry and every entry its effect", { timeout: 180_000 }, async () => {
  const random = randomFrom(34);
  const told = new Set<string>();
  const listen = (child: ChildProcess): ChildProcess => child.on("error", () => undefined) && (child.stdout?.on("data", (chunk: Buffer) => chunk.toString().split("\n").filter((line) => line.length === 36).forEach((id) => told.add(id))), child);
  for (let index = 0; index < 4; index++) listen(start());
  for (let strike = 0; strike < 8; strike++) {
    const victims = [...children];
    const victim = victims[Math.floor(random() * victims.length)];
    if (victim === undefined) throw new Error("nobody writes");
    // Struck in the midst of its work: once it has told of one commit, and a little later.
    if (victim.stdout !== null) await once(victim.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, random() * 40));
    if (strike % 2 === 0) {
      await kill(victim);
      listen(start());
    } else {
      await owner.query("SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'vigie' AND state <> 'idle' ORDER BY md5(pid::text || $1) LIMIT 3) victim", [String(strike)]);
    }
  }
  await Promise.all([...children].map(kill));
  // Transactions of the dead end on the server by themselves.
  for (;;) {
    const { rows } = await owner.query<{ busy: string }>("SELECT count(*) AS busy FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'vigie' AND pid <> pg_backend_pid() AND state <> 'idle'");
    if (rows[0]?.busy === "0") break;
    await owner.query("SELECT pg_sleep(0.05)");
  }
  const verifier = createChainVerifier(chainStart);
  const operations: string[] = [];
  for await (const rows of auditRows(database.db, 0, Number.MAX_SAFE_INTEGER)) {
    for (const row of rows) {
      expect(verifier.push(row)).toBeNull();
      operations.push(row.operationId ?? "");
    }
  }
  expect(verifier.end()).toBeNull();
  const { rows: effects } = await owner.query<{ id: string; done: boolean }>("SELECT id, done FROM effect");
  expect(effects.every(({ done }) => done)).toBe(true);
  expect(operations.toSorted()).toEqual(effects.map(({ id }) => id).toSorted());
  // What a writer was told is there is there.
  const written = new Set(operations);
  expect([...told].filter((id) => !written.has(id))).toEqual([]);
  expect(told.size).toBeGreaterThanOrEqual(8);
});
