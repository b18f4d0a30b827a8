import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { createDatabase } from "#lib/db/client.ts";
import type { Database } from "#lib/db/client.ts";

export interface TestDatabase {
  /** As the application's role: what production uses. */
  url: string;
  /** As the owner, to do what the application may not (tampering tests). */
  ownerUrl: string;
  db: Database;
  drop(): Promise<void>;
}

/** A fresh, migrated database for one test file (or one test). Call drop() in afterAll. */
export async function createTestDatabase({ mayLeaveOut = false }: { mayLeaveOut?: boolean } = {}): Promise<TestDatabase> {
  const given = inject("testDatabase");
  const name = `t_${randomBytes(6).toString("hex")}`;
  const admin = new pg.Client({ connectionString: given.adminUrl });
  await admin.connect();
  // Copying a template needs that nobody else copies it in the same moment.
  await admin.query("SELECT pg_advisory_lock(1)");
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${given.template}`);
  await admin.query(`GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${name} TO ${given.appRole}`);
  await admin.end();
  const ownerUrl = given.adminUrl.replace(/\/postgres$/, `/${name}`);
  const at = new URL(ownerUrl);
  at.username = given.appRole;
  at.password = given.appPassword;
  const url = at.toString();
  const db = createDatabase(url, { poolSize: 10 });
  return {
    url,
    ownerUrl,
    db,
    async drop() {
      const unlisted = await db.$queryRaw<{ bytes: string }[]>`SELECT bytes FROM audit_entry WHERE bytes LIKE '%"leftOut":[%' LIMIT 1`.catch(() => []);
      await db.$disconnect();
      const client = new pg.Client({ connectionString: given.adminUrl });
      await client.connect();
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await client.end();
      // What an entry says is listed by action (lib/domain/audit-fields.ts): a test in which something was left out has found a field that is missing there.
      if (unlisted[0] !== undefined && !mayLeaveOut) throw new Error(`An audit entry has fields that are not listed for its action: ${unlisted[0].bytes.slice(0, 2_000)}`);
    },
  };
}
