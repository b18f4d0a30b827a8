import fc from "fast-check";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { auditExportLineSchema } from "#lib/contracts/api.ts";
import type { AuditBody } from "#lib/contracts/audit.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { hashOfBytes } from "#lib/domain/audit-chain.ts";
import { exportAudit } from "#lib/services/audit/export.ts";
import { listAudit } from "#lib/services/audit/list.ts";
import { readAuditEntry } from "#lib/services/audit/read.ts";
import { verifyAudit, verifyAuditStepwise, verifyChain } from "#lib/services/audit/verify.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { actorWith, createTestContext } from "#lib/services/test-context.ts";

let database: TestDatabase;
let context: ServiceContext;

async function fill(): Promise<void> {
  for (const [index, environment] of ["dev", "staging", "prod", null, "prod", "dev"].entries()) await append({ environment, summary: `entry ${index + 1}`, bigPods: index % 2 ? ["core"] : ["experience"] });
}

async function append(change: Partial<AuditBody>): Promise<void> {
  const body: AuditBody = { action: "plan.create", outcome: "allowed", actor: { kind: "person", id: "u1", name: "Ada" }, environment: null, bigPods: [], operationId: null, summary: "something", reason: null, before: null, after: null, ...change };
  await context.db.$transaction((tx) => appendAudit(tx, body));
}

describe("reading the log", () => {
  beforeAll(async () => {
    database = await createTestDatabase();
    context = createTestContext(database.db);
    await fill();
  });
  afterAll(() => database.drop());

  const admin = actorWith("admin");

  test("pages by keyset, newest first, without gap or repetition", async () => {
    const seen: number[] = [];
    let before: number | undefined;
    for (let page = 0; page < 10; page++) {
      const { entries, next } = await listAudit(context, admin, { limit: 4, before });
      seen.push(...entries.map((entry) => entry.sequence));
      if (next === null) break;
      before = next;
    }
    expect(seen).toEqual([6, 5, 4, 3, 2, 1]);
  });

  test.each([
    [{ environment: "prod" }, [5, 3]],
    [{ bigPod: "core" }, [6, 4, 2]],
    [{ bigPod: "core", environment: "dev" }, [6]],
    [{ text: "ENTRY 4" }, [4]],
    [{ text: "ada" }, [6, 5, 4, 3, 2, 1]],
    [{ text: "100%_" }, []],
    [{ text: "try_4" }, []],
    [{ actor: "u1", limit: 2 }, [6, 5]],
    [{ actor: "nobody" }, []],
    [{ outcome: "denied" as const }, []],
    [{ action: "token.create" as const }, []],
    [{ from: "2000-01-01T00:00:00Z", to: "2000-01-02T00:00:00Z" }, []],
    [{ from: "2000-01-01T00:00:00Z", before: 3 }, [2, 1]],
    [{ to: "2000-01-01T00:00:00Z" }, []],
    [{ from: "2999-01-01T00:00:00Z" }, []],
  ])("filters by %o", async (query, expected) => {
    const { entries } = await listAudit(context, admin, query);
    expect(entries.map((entry) => entry.sequence)).toEqual(expected);
  });

  test("finds a person by name or e-mail address", async () => {
    await context.db.userRow.create({ data: { id: "u1", name: "Ada L", email: "ada@example.org" } });
    expect((await listAudit(context, admin, { actor: "ADA l" })).entries).toHaveLength(6);
    expect((await listAudit(context, admin, { actor: "ada@EXAMPLE.org" })).entries).toHaveLength(6);
  });

  test("entries of environments one may not see do not exist", async () => {
    const viewer = actorWith("viewer", ["dev"]);
    expect((await listAudit(context, viewer, {})).entries.map((entry) => entry.sequence)).toEqual([6, 4, 1]);
    expect((await listAudit(context, viewer, { environment: "prod" })).entries).toEqual([]);
    await expect(readAuditEntry(context, viewer, 3)).rejects.toMatchObject({ code: "not-found" });
    await expect(readAuditEntry(context, viewer, 999)).rejects.toMatchObject({ code: "not-found" });
    expect(await readAuditEntry(context, viewer, 4)).toMatchObject({ summary: "entry 4", environment: null });
    expect(await readAuditEntry(context, admin, 3)).toMatchObject({ summary: "entry 3", previousHash: (await readAuditEntry(context, admin, 2)).hash });
  });

  test("no right, no log; and that is an entry", async () => {
    const nobody = { ...admin, grants: [] };
    await expect(listAudit(context, nobody, {})).rejects.toMatchObject({ code: "denied" });
    expect((await listAudit(context, admin, { limit: 1 })).entries[0]).toMatchObject({ action: "access.denied", outcome: "denied" });
  });

  test("an export verifies offline, is itself an entry, and takes the right for the whole log", async () => {
    const { lines, to } = await exportAudit(context, admin, {});
    const text: string[] = [];
    for await (const chunk of lines) text.push(chunk);
    const rows = text.join("").trimEnd().split("\n").map((line) => auditExportLineSchema.parse(JSON.parse(line)));
    expect(rows).toHaveLength(to);
    rows.forEach((row, index) => {
      expect(hashOfBytes(row.bytes)).toBe(row.hash);
      expect(JSON.parse(row.bytes)).toMatchObject({ sequence: index + 1, previous: rows[index - 1]?.hash ?? "0".repeat(64) });
    });
    expect((await listAudit(context, admin, { action: "audit.export" })).entries).toHaveLength(1);
    await expect(exportAudit(context, actorWith("approver", ["dev"]), {})).rejects.toMatchObject({ code: "denied" });
    await expect(exportAudit(context, admin, { from: 3, to: 2 })).rejects.toMatchObject({ code: "invalid" });
  });

  test.each([
    ["a NUL in the reason", { reason: `x${String.fromCharCode(0)}` }],
    ["half a surrogate pair in an id", { operationId: "\ud800" }],
    ["an integer past 2^53", { action: "audit.export" as const, after: { from: 2 ** 53 + 2 } }],
    ["more than 1 MiB", { action: "incident.note" as const, after: { text: "x".repeat(1_100_000) } }],
    ["an infinite number", { action: "audit.export" as const, after: { from: Number.POSITIVE_INFINITY } }],
    ["half a surrogate pair in a name", { actor: { kind: "person" as const, id: "u1", name: "A\udc00da" } }],
  ])("ACCEPTANCE 35: %s is refused clearly", async (_, change) => {
    await expect(append(change)).rejects.toMatchObject({ code: "invalid", message: expect.stringContaining("audit") });
  });

  test("ACCEPTANCE 35: texts that are huge and odd, numbers at the edge: kept or refused clearly, and everything verifies", async () => {
    await append({ action: "incident.note", after: { text: "é".repeat(450_000), number: Number.MAX_SAFE_INTEGER } });
    const text = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ maxLength: 6, unit: fc.constantFrom("\u0000", "\ud800", "\udc00", "\u2028", "\u001b[31m", '"', "\\", "😀", "\ufeff", "\ufffe", "=1+1") }));
    const number = fc.oneof(fc.double(), fc.maxSafeInteger(), fc.constantFrom(2 ** 53, 2 ** 53 + 2, -0, 1e21, 5e-324, Number.NaN));
    await fc.assert(
      fc.asyncProperty(text, text, fc.oneof(text, number, fc.array(number, { maxLength: 3 }), fc.dictionary(text, text, { maxKeys: 3 })), async (reason, summary, value) => {
        const change: Partial<AuditBody> = { action: "incident.note", reason, summary, after: { text: value } };
        const refused = await append(change).then(() => null, (error: unknown) => error);
        if (refused !== null) expect(refused).toMatchObject({ code: "invalid", message: expect.stringContaining("The audit log cannot keep this") });
        else expect((await listAudit(context, admin, { limit: 1 })).entries[0]).toMatchObject({ reason, action: "incident.note" });
      }),
      { numRuns: 25 },
    );
    expect(await verifyChain(context)).toMatchObject({ valid: true });
  }, 120_000);

  test("ACCEPTANCE 35: odd texts from outside are kept and verify", async () => {
    await append({ summary: `log said ${String.fromCharCode(0)}\ud800 \\u0000 "é😀"`, action: "drift.adopt", after: { differences: { [`k${String.fromCharCode(0)}`]: ["\udc00", "<script>", "=1+1", "\u001b[31m"] } } });
    const { entries } = await listAudit(context, admin, { limit: 1 });
    expect(entries[0]).toMatchObject({ summary: `log said \u2400\ufffd \\u0000 "é😀"`, after: { differences: { "k\u2400": ["\ufffd", "<script>", "=1+1", "\u001b[31m"] } } });
    expect(await verifyChain(context)).toMatchObject({ valid: true });
  });
});

describe("verifying the log", () => {
  beforeEach(async () => {
    database = await createTestDatabase();
    context = createTestContext(database.db);
    await fill();
  });
  afterEach(() => database.drop());

  /** What somebody with the owner's rights could do behind Vigie's back. */
  async function tamper(sql: string): Promise<void> {
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query("ALTER TABLE audit_entry DISABLE TRIGGER ALL");
    await owner.query(sql);
    await owner.end();
  }

  test("an untouched log is right, from any entry, and tells how far it got", async () => {
    const whole = { valid: true, entries: 6, head: { sequence: 6 }, firstBad: null };
    expect(await verifyAudit(context, actorWith("viewer"))).toMatchObject(whole);
    const steps: object[] = [];
    for await (const step of verifyAuditStepwise(context, actorWith("viewer"), {})) steps.push(step);
    // The first verification is an entry itself.
    expect(steps).toMatchObject([{ checked: 0, of: 7 }, { checked: 7, of: 7 }, { valid: true, entries: 7 }]);
    expect((await listAudit(context, actorWith("admin"), { action: "audit.verify" })).entries).toMatchObject([{ outcome: "succeeded", after: { entries: 7 } }, { outcome: "succeeded", after: { valid: true, entries: 6 } }]);
    expect(await verifyChain(context, { from: 4 })).toMatchObject({ valid: true, entries: 5 });
    await expect(verifyChain(context, { from: 99 })).rejects.toMatchObject({ code: "not-found" });
  });

  test.each([
    ["edited", "UPDATE audit_entry SET bytes = replace(bytes, 'entry 3', 'entry X') WHERE sequence = 3", 3, "edited"],
    ["edited in a column", "UPDATE audit_entry SET environment = 'dev' WHERE sequence = 3", 3, "edited"],
    ["edited and hashed anew", "UPDATE audit_entry SET bytes = replace(bytes, 'entry 3', 'entry X'), hash = encode(sha256(convert_to(replace(bytes, 'entry 3', 'entry X'), 'UTF8')), 'hex') WHERE sequence = 3", 3, "replaced"],
    ["deleted", "DELETE FROM audit_entry WHERE sequence = 3", 3, "deleted"],
    ["deleted and closed up", "DELETE FROM audit_entry WHERE sequence = 3; UPDATE audit_entry SET sequence = 3 WHERE sequence = 4", 3, "reordered"],
    ["swapped", "UPDATE audit_entry SET sequence = 100 WHERE sequence = 3; UPDATE audit_entry SET sequence = 3 WHERE sequence = 4; UPDATE audit_entry SET sequence = 4 WHERE sequence = 100", 3, "reordered"],
    ["put in at the end", "INSERT INTO audit_entry SELECT 7, at, action, outcome, actor_kind, actor_id, actor_name, environment, big_pods, operation_id, bytes, hash FROM audit_entry WHERE sequence = 6", 7, "reordered"],
    ["taken from the beginning", "DELETE FROM audit_entry WHERE sequence < 3", 1, "deleted"],
  ])("names the first entry when one was %s", async (_, sql, sequence, fault) => {
    await tamper(sql);
    expect(await verifyChain(context)).toMatchObject({ valid: false, firstBad: { sequence, fault } });
  });

  test("a cut end shows against a noted head", async () => {
    const { head } = await verifyChain(context);
    await tamper("DELETE FROM audit_entry WHERE sequence > 4");
    expect(await verifyChain(context)).toMatchObject({ valid: true });
    expect(await verifyChain(context, { knownSequence: head.sequence, knownHash: head.hash })).toMatchObject({ valid: false, firstBad: { sequence: 5, fault: "deleted" } });
  });
});
