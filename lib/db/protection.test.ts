import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { appendAudit } from "#lib/db/audit.ts";
import { createDatabase } from "#lib/db/client.ts";
import { migrate } from "#lib/db/migrate.ts";
import { assertAuditProtected, auditProtection } from "#lib/db/protection.ts";
import { grantRights } from "#lib/db/roles.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { AuditBody } from "#lib/contracts/audit.ts";
import { root } from "#lib/runtime/home.ts";

const body: AuditBody = { action: "config.loaded", outcome: "succeeded", actor: { kind: "system", id: "worker", name: "worker" }, environment: null, bigPods: [], operationId: null, summary: "something", reason: null, before: null, after: null };

/** One connection for one statement or several; what it answers. */
async function ask(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const sql of statements) await client.query(sql);
  } finally {
    await client.end();
  }
}

/** A server that somebody else runs: an empty database, and the roles of the documented script, with passwords. */
async function givenServer(): Promise<{ migrationUrl: string; appUrl: string; drop(): Promise<void> }> {
  const { adminUrl } = inject("testDatabase");
  const name = `t_${randomBytes(6).toString("hex")}`;
  const password = randomBytes(12).toString("hex");
  const at = new URL(adminUrl);
  at.pathname = `/${name}`;
  // Roles belong to the whole server, which other tests use at the same time: an application's role of its own, made like the script's.
  const app = `app_${name}`;
  const script = readFileSync(join(root, "deploy/database-roles.sql"), "utf8").replaceAll("vigie_app", app).replaceAll("vigie_migration", `migration_${name}`);
  await ask(adminUrl, `CREATE DATABASE ${name}`);
  await ask(at.toString(), script, script, `ALTER ROLE migration_${name} PASSWORD '${password}'`, `ALTER ROLE ${app} PASSWORD '${password}'`);
  const as = (role: string): string => Object.assign(new URL(at), { username: role, password }).toString();
  return {
    migrationUrl: as(`migration_${name}`),
    appUrl: as(app),
    async drop() {
      await ask(adminUrl, `DROP DATABASE ${name} WITH (FORCE)`, `DROP ROLE ${app}`, `DROP ROLE migration_${name}`);
    },
  };
}

const forbidden = [
  "INSERT INTO audit_entry SELECT * FROM audit_entry",
  "UPDATE audit_entry SET actor_name = 'x'",
  "DELETE FROM audit_entry",
  "TRUNCATE audit_entry",
  "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
  "ALTER TABLE audit_entry ADD COLUMN x text",
  "DROP TABLE audit_entry",
  "CREATE TRIGGER t BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_entry_is_append_only()",
  "DROP TRIGGER audit_entry_append_only ON audit_entry",
  "CREATE RULE r AS ON INSERT TO audit_entry DO INSTEAD NOTHING",
  "SET session_replication_role = replica",
  "CREATE OR REPLACE FUNCTION public.audit_append(body text) RETURNS TABLE (sequence bigint, hash text) LANGUAGE sql AS $$ SELECT 1::bigint, 'x' $$",
  "ALTER FUNCTION audit_append(text) SECURITY INVOKER",
  "ALTER FUNCTION audit_append(text) SET search_path = pg_temp",
  "DROP FUNCTION audit_append(text)",
  "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
  "DROP SCHEMA public CASCADE",
  "SET ROLE vigie_audit",
  "ALTER TABLE audit_entry OWNER TO CURRENT_USER",
  "UPDATE audit_checkpoint SET head = 'x'",
  "DELETE FROM audit_checkpoint",
  "DELETE FROM audit_key",
];

describe("on a given server, with the roles of deploy/database-roles.sql", () => {
  let server: Awaited<ReturnType<typeof givenServer>>;
  beforeAll(async () => {
    server = await givenServer();
    await migrate(server.migrationUrl, join(root, "prisma/migrations"));
    await grantRights(server.migrationUrl, new URL(server.appUrl).username);
    // An upgrade does it again.
    await grantRights(server.migrationUrl, new URL(server.appUrl).username);
  });
  afterAll(() => server.drop());

  test("the application may append and read, and Vigie starts", async () => {
    const db = createDatabase(server.appUrl, { poolSize: 2 });
    try {
      expect(await auditProtection(db)).toEqual({ role: new URL(server.appUrl).username, could: [], lacks: [] });
      await assertAuditProtected(db, false);
      expect(await db.$transaction((tx) => appendAudit(tx, body))).toMatchObject({ sequence: 1 });
    } finally {
      await db.$disconnect();
    }
  });

  test.each(forbidden)("the server refuses the application: %s", async (sql) => {
    await expect(ask(server.appUrl, sql)).rejects.toThrow(/permission denied|must be owner|must be able to SET ROLE/);
  });

  test("a temporary type in the place of jsonb gains nothing", async () => {
    const evil = `CREATE FUNCTION pg_temp.evil(v pg_catalog.jsonb) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$`;
    await ask(server.appUrl, evil, "CREATE DOMAIN pg_temp.jsonb AS pg_catalog.jsonb CHECK (pg_temp.evil(VALUE))", `SELECT * FROM audit_append('${JSON.stringify(body)}')`);
  });

  test("the migrating role is refused as the application's, with a sentence that says why and what to do", async () => {
    const db = createDatabase(server.migrationUrl, { poolSize: 1 });
    try {
      await expect(assertAuditProtected(db, false)).rejects.toMatchObject({ code: "invalid", message: expect.stringMatching(/^Vigie does not start, because its database role migration_\w+ could change the audit log: it owns the database; .*owns the table audit_entry; .*deploy\/database-roles\.sql.*audit\.allowUnprotected: true/) });
      await assertAuditProtected(db, true);
    } finally {
      await db.$disconnect();
    }
  });
});

describe("Vigie does not start", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());
  const undo: string[] = [];
  afterEach(() => ask(database.ownerUrl, ...undo.splice(0)));

  test("as a superuser, unless the configuration allows it", async () => {
    const db = createDatabase(database.ownerUrl, { poolSize: 1 });
    try {
      await expect(assertAuditProtected(db, false)).rejects.toMatchObject({ message: expect.stringContaining("it is a superuser") });
      await assertAuditProtected(db, true);
    } finally {
      await db.$disconnect();
    }
  });

  test.each<[string, string, RegExp]>([
    ["GRANT UPDATE ON audit_entry TO vigie_app", "REVOKE UPDATE ON audit_entry FROM vigie_app", /it may update on audit_entry/],
    ["GRANT UPDATE (actor_name) ON audit_entry TO vigie_app", "REVOKE UPDATE (actor_name) ON audit_entry FROM vigie_app", /it may update on audit_entry/],
    ["GRANT INSERT, DELETE, TRUNCATE, TRIGGER ON audit_entry TO PUBLIC", "REVOKE ALL ON audit_entry FROM PUBLIC", /it may insert, delete, truncate, trigger on audit_entry/],
    ["GRANT CREATE ON SCHEMA public TO vigie_app", "REVOKE CREATE ON SCHEMA public FROM vigie_app", /may create objects in the schema public/],
    ["ALTER FUNCTION audit_append(text) SET search_path = pg_catalog, public", "ALTER FUNCTION audit_append(text) SET search_path = pg_catalog, public, pg_temp", /finds temporary objects before its own/],
    ["ALTER FUNCTION audit_append(text) SECURITY INVOKER", "ALTER FUNCTION audit_append(text) SECURITY DEFINER", /does not run with its owner's rights/],
    ["ALTER FUNCTION audit_append(text) OWNER TO vigie_app", "ALTER FUNCTION audit_append(text) OWNER TO vigie_audit; GRANT EXECUTE ON FUNCTION audit_append(text) TO vigie_app", /it owns the function audit_append/],
    ["ALTER TABLE audit_entry OWNER TO vigie_app", "ALTER TABLE audit_entry OWNER TO vigie_audit; REVOKE ALL ON audit_entry FROM vigie_app; GRANT SELECT ON audit_entry TO vigie_app", /it owns the table audit_entry/],
    ["ALTER TABLE audit_entry DISABLE TRIGGER ALL", "ALTER TABLE audit_entry ENABLE TRIGGER ALL", /append-only is switched off/],
    ["GRANT UPDATE ON audit_log.entries_1 TO vigie_app", "REVOKE UPDATE ON audit_log.entries_1 FROM vigie_app", /it may write to a partition of the log/],
    ["GRANT CREATE ON SCHEMA audit_log TO vigie_app", "REVOKE CREATE ON SCHEMA audit_log FROM vigie_app", /it owns a partition of the log, or their schema/],
    ["ALTER TABLE audit_log.entries_1 DISABLE TRIGGER ALL", "ALTER TABLE audit_log.entries_1 ENABLE TRIGGER ALL", /a partition of the log append-only is missing or switched off/],
    ["GRANT EXECUTE ON FUNCTION audit_partition_drop(bigint, bigint) TO vigie_app", "REVOKE EXECUTE ON FUNCTION audit_partition_drop(bigint, bigint) FROM vigie_app", /it may execute audit_partition_drop/],
    ["REVOKE EXECUTE ON FUNCTION audit_append(text) FROM vigie_app", "GRANT EXECUTE ON FUNCTION audit_append(text) TO vigie_app", /lacks EXECUTE on audit_append/],
    ["REVOKE SELECT ON audit_entry FROM vigie_app", "GRANT SELECT ON audit_entry TO vigie_app", /lacks SELECT on audit_entry/],
  ])("after %s", async (sql, back, sentence) => {
    undo.push(back);
    await ask(database.ownerUrl, sql);
    await expect(assertAuditProtected(database.db, false)).rejects.toMatchObject({ code: "invalid", message: expect.stringMatching(sentence) });
  });

  test("and starts once all is as it should be", async () => {
    await assertAuditProtected(database.db, false);
  });
});
