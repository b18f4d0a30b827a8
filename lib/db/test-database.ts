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
export async function createTestDatabase(): Promise<TestDatabase> {
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
      await db.$disconnect();
      const client = new pg.Client({ connectionString: given.adminUrl });
      await client.connect();
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await client.end();
    },
  };
}
