import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createArchiveFolder } from "#lib/adapters/files/audit-archive.ts";
import { auditExportLineSchema } from "#lib/contracts/api.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { createDatabase } from "#lib/db/client.ts";
import type { Database } from "#lib/db/client.ts";
import { partitionsOf, rollPartition } from "#lib/db/repositories/audit-partition.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { hashOfBytes } from "#lib/domain/audit-chain.ts";
import { archiveAudit } from "#lib/services/audit/archive.ts";
import { exportAudit } from "#lib/services/audit/export.ts";
import { reviewAudit } from "#lib/services/audit/review.ts";
import { verifyChain } from "#lib/services/audit/verify.ts";
import { actorWith, createTestContext } from "#lib/services/test-context.ts";

let database: TestDatabase;
let ownerDb: Database;
let owner: pg.Client;
let folder: string;
const later = new Date("2999-01-01T00:00:00Z");

beforeEach(async () => {
  database = await createTestDatabase();
  ownerDb = createDatabase(database.ownerUrl, { poolSize: 2 });
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  folder = mkdtempSync(join(tmpdir(), "vigie-archive-"));
});
afterEach(async () => {
  await owner.end();
  await ownerDb.$disconnect();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function append(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await database.db.$transaction((tx) => appendAudit(tx, { action: "plan.create", outcome: "allowed", actor: { kind: "person", id: "u1", name: "Ada" }, environment: "dev", bigPods: [], operationId: null, summary: `entry ${index}`, reason: null, before: null, after: null }));
  }
}
const close = () => owner.query("SELECT audit_partition_close()");
const tamper = async (sql: string): Promise<void> => void (await owner.query(`SET session_replication_role = replica; ${sql}; SET session_replication_role = origin`));

test("closed partitions are archived oldest first, and the chain holds before, after and in the files", async () => {
  const context = createTestContext(database.db);
  await append(3);
  await close();
  await append(2);
  await close();
  await append(1);
  const known = await verifyChain(context);
  const done = await archiveAudit(ownerDb, createArchiveFolder(folder), later);
  expect(done.map(({ from, to }) => [from, to])).toEqual([[1, 3], [4, 5]]);
  expect(await verifyChain(context)).toMatchObject({ valid: true, entries: 3, head: { sequence: 8 } });
  expect(await verifyChain(context, { knownSequence: known.head.sequence, knownHash: known.head.hash })).toMatchObject({ valid: true });

  // Files and export, one after the other, are the whole log.
  const { lines, from } = await exportAudit(context, actorWith("admin"), {});
  expect(from).toBe(6);
  let text = readdirSync(folder).sort().map((name) => readFileSync(join(folder, name), "utf8")).join("");
  for await (const chunk of lines) text += chunk;
  let previous = "0".repeat(64);
  const rows = text.trimEnd().split("\n").map((line) => auditExportLineSchema.parse(JSON.parse(line)));
  rows.forEach((row, index) => {
    expect(hashOfBytes(row.bytes)).toBe(row.hash);
    expect(JSON.parse(row.bytes)).toMatchObject({ sequence: index + 1, previous });
    previous = row.hash;
  });
  expect(rows).toHaveLength(8);
  expect((await reviewAudit(context, actorWith("admin"), {})).archived).toMatchObject({ from: 4, to: 5, file: "vigie-audit-4-5.jsonl" });
  await append(1);
  expect(await verifyChain(context)).toMatchObject({ valid: true });
});

test("what is young, and what is open, stays", async () => {
  await append(2);
  expect(await archiveAudit(ownerDb, createArchiveFolder(folder), later)).toEqual([]);
  await close();
  expect(await archiveAudit(ownerDb, createArchiveFolder(folder), new Date("2000-01-01T00:00:00Z"))).toEqual([]);
  expect(await database.db.auditEntryRow.count()).toBe(2);
});

test("a chain that does not hold is not archived: no file, nothing dropped", async () => {
  await append(3);
  await close();
  await tamper("UPDATE audit_entry SET actor_name = 'Eve' WHERE sequence = 2");
  await expect(archiveAudit(ownerDb, createArchiveFolder(folder), later)).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("entry 2") });
  expect(readdirSync(folder)).toEqual([]);
  expect(await database.db.auditEntryRow.count()).toBe(3);
});

test("a beginning that was cut off without an archive shows, also when an entry claims one for another head", async () => {
  const context = createTestContext(database.db);
  await append(3);
  await close();
  await append(2);
  await expect(owner.query("SELECT audit_partition_drop(1, 3)")).rejects.toThrow("has no entry that says where");
  await database.db.$transaction((tx) => appendAudit(tx, { action: "audit.archive", outcome: "succeeded", actor: { kind: "system", id: "retention", name: "Vigie" }, environment: null, bigPods: [], operationId: null, summary: "claimed", reason: null, before: null, after: { from: 1, to: 3, head: "f".repeat(64), file: "x", sha256: "x" } }));
  await expect(owner.query("SELECT audit_partition_drop(1, 3)")).rejects.toThrow("has no entry that says where");
  await tamper("DELETE FROM audit_entry WHERE sequence <= 3");
  expect(await verifyChain(context)).toMatchObject({ valid: false, firstBad: { sequence: 4 } });
});

test.each(["SELECT audit_partition_close()", "SELECT audit_partition_drop(1, 3)", "DELETE FROM audit_log.entries_1", "SELECT * FROM audit_log.entries_1", "TRUNCATE audit_log.entries_1", "ALTER TABLE audit_entry DETACH PARTITION audit_log.entries_1", "CREATE TABLE audit_log.mine (n int)", "DROP TABLE audit_log.entries_1"])("the application's role may not: %s", async (sql) => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await expect(client.query(sql)).rejects.toThrow(/permission denied|must be owner/);
  await client.end();
});

test("the application has the next partition opened when a quarter is over, and only then; the trigger holds in it", async () => {
  expect(await rollPartition(database.db)).toBeNull();
  await append(2);
  expect(await rollPartition(database.db)).toBeNull();
  await tamper("UPDATE audit_entry SET at = at - interval '100 days'");
  expect(await rollPartition(database.db)).toBe(3);
  expect(await rollPartition(database.db)).toBeNull();
  expect(await partitionsOf(database.db)).toMatchObject([{ low: 3, open: true }, { low: 1, high: 2, open: false }]);
  await append(1);
  await expect(owner.query("DELETE FROM audit_log.entries_3")).rejects.toThrow("append-only");
  await expect(owner.query("DELETE FROM audit_entry WHERE sequence = 3")).rejects.toThrow("append-only");
});

test("appends go on while partitions are opened: no gap, no fork, no failure", async () => {
  const context = createTestContext(database.db);
  let going = true;
  const closing = (async () => {
    let opened = 0;
    // Its lock may time out beside writers, as it may in life: the next turn tries again.
    while (going) opened += await close().then(({ rows }) => (rows[0]?.audit_partition_close === null ? 0 : 1), () => 0);
    return opened;
  })();
  await Promise.all(Array.from({ length: 4 }, () => append(15)));
  going = false;
  expect(await closing).toBeGreaterThan(0);
  expect(await verifyChain(context)).toMatchObject({ valid: true, entries: 60 });
});

test.each(["../vigie-audit-1-2.jsonl", "vigie-audit-1-2.jsonl/../../x", "/etc/passwd", "vigie-audit-1-2.jsonl\u0000.txt", "vigie-audit-0-2.jsonl", "..", "VIGIE-AUDIT-1-2.jsonl", "vigie-audit-1-2.jsonl\n"])("ACCEPTANCE 47: an archive named %j is refused", async (name) => {
  await expect(createArchiveFolder(folder).write(name, (async function* () {})())).rejects.toMatchObject({ code: "invalid" });
  expect(readdirSync(folder)).toEqual([]);
});

test("ACCEPTANCE 47: an archive follows no link and overwrites nothing", async () => {
  const outside = join(folder, "outside");
  writeFileSync(outside, "precious");
  symlinkSync(outside, join(folder, "vigie-audit-1-2.jsonl.part"));
  writeFileSync(join(folder, "vigie-audit-3-4.jsonl"), "of another log");
  const some = async function* () {
    yield "line\n";
  };
  const archive = createArchiveFolder(folder);
  await archive.write("vigie-audit-1-2.jsonl", some());
  expect(readFileSync(outside, "utf8")).toBe("precious");
  expect(await archive.write("vigie-audit-1-2.jsonl", some())).toMatchObject({ bytes: 5 });
  await expect(archive.write("vigie-audit-3-4.jsonl", some())).rejects.toMatchObject({ code: "conflict" });
  expect(readFileSync(join(folder, "vigie-audit-3-4.jsonl"), "utf8")).toBe("of another log");
});
