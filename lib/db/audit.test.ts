import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHash } from "node:crypto";
import { appendAudit } from "#lib/db/audit.ts";
import { createDatabase } from "#lib/db/client.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { AuditBody } from "#lib/contracts/audit.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ mayLeaveOut: true });
});
afterAll(() => database.drop());

const body: AuditBody = { action: "drift.adopt", outcome: "succeeded", actor: { kind: "system", id: "worker", name: "worker" }, environment: null, bigPods: [], operationId: null, summary: "é € 😀 \"quoted\"", reason: null, before: null, after: { mark: 1, differences: [true, null] } };

test("32 writers at once leave a chain without gap or fork, over the exact bytes", async () => {
  // A connection for each: none has to wait for a place in the pool, on however slow a machine.
  const db = createDatabase(database.url, { poolSize: 32 });
  await Promise.all(Array.from({ length: 32 }, () => db.$transaction((tx) => appendAudit(tx, body), { maxWait: 20_000, timeout: 20_000 })));
  await db.$disconnect();
  const rows = await database.db.auditEntryRow.findMany({ orderBy: { sequence: "asc" } });
  let previous = "0".repeat(64);
  rows.forEach((row, index) => {
    expect(Number(row.sequence)).toBe(index + 1);
    expect(createHash("sha256").update(row.bytes, "utf8").digest("hex")).toBe(row.hash);
    const parsed = JSON.parse(row.bytes);
    expect(parsed.previous).toBe(previous);
    expect(parsed.body).toEqual(body);
    previous = row.hash;
  });
  expect(rows).toHaveLength(32);
});

test.each(["UPDATE audit_entry SET actor_name = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry", "INSERT INTO audit_entry SELECT * FROM audit_entry", "ALTER TABLE audit_entry DISABLE TRIGGER ALL", "DROP TABLE audit_entry"])("the application's role may not: %s", async (sql) => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await expect(client.query(sql)).rejects.toThrow(/permission denied|must be owner/);
  await client.end();
});

test("a transaction that fails leaves no entry", async () => {
  const before = await database.db.auditEntryRow.count();
  await expect(database.db.$transaction(async (tx) => {
    await appendAudit(tx, body);
    throw new Error("no");
  })).rejects.toThrow("no");
  expect(await database.db.auditEntryRow.count()).toBe(before);
});

test("a field that is not listed for the action does not get into the log, which says so", async () => {
  const { sequence } = await database.db.$transaction((tx) => appendAudit(tx, { ...body, after: { mark: 1, password: "hunter2" } }));
  const { bytes } = await database.db.auditEntryRow.findUniqueOrThrow({ where: { sequence: BigInt(sequence) } });
  expect(bytes).not.toContain("hunter2");
  expect(JSON.parse(bytes).body.after).toEqual({ leftOut: ["password"], mark: 1 });
});
