import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { migrate } from "#lib/db/migrate.ts";
import { root } from "#lib/runtime/home.ts";

const entry = JSON.stringify({ action: "plan.create", actor: { id: "u", kind: "person", name: "u" }, after: null, before: null, bigPods: [], environment: null, operationId: null, outcome: "allowed", reason: null, summary: "kept" });

async function as<Value>(url: string, work: (client: pg.Client) => Promise<Value>): Promise<Value> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

test("a log from before the partitions goes over whole: entries, chain, owner and rights", async () => {
  const { adminUrl, appRole, appPassword } = inject("testDatabase");
  const name = `t_${randomBytes(6).toString("hex")}`;
  const ownerUrl = adminUrl.replace(/\/postgres$/, `/${name}`);
  const at = new URL(ownerUrl);
  [at.username, at.password] = [appRole, appPassword];
  const earlier = mkdtempSync(join(tmpdir(), "vigie-migrations-"));
  await as(adminUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  try {
    for (const folder of readdirSync(join(root, "prisma/migrations")).filter((migration) => migration < "20261121170000")) cpSync(join(root, "prisma/migrations", folder), join(earlier, folder), { recursive: true });
    await migrate(ownerUrl, earlier);
    await as(ownerUrl, (client) => client.query(`GRANT USAGE ON SCHEMA public TO ${appRole}; ALTER TABLE audit_entry OWNER TO vigie_audit; ALTER FUNCTION audit_append(text) OWNER TO vigie_audit; GRANT SELECT ON audit_entry TO ${appRole}`));
    await as(ownerUrl, async (client) => {
      for (let index = 0; index < 3; index++) await client.query("SELECT audit_append($1)", [entry]);
    });
    const before = await as(ownerUrl, async (client) => (await client.query("SELECT sequence, bytes, hash FROM audit_entry ORDER BY sequence")).rows);

    await migrate(ownerUrl, join(root, "prisma/migrations"));
    await as(at.toString(), async (client) => {
      await client.query("SELECT audit_append($1)", [entry]);
      expect((await client.query("SELECT sequence, bytes, hash FROM audit_entry WHERE sequence <= 3 ORDER BY sequence")).rows).toEqual(before);
      expect((await client.query("SELECT audit_partition_roll() AS next")).rows).toEqual([{ next: null }]);
      for (const sql of ["DELETE FROM audit_entry", "DELETE FROM audit_log.entries_1", "SELECT audit_partition_close()"]) await expect(client.query(sql)).rejects.toThrow("permission denied");
    });
    const { rows } = await as(ownerUrl, (client) => client.query("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'audit_log' OR tablename = 'audit_entry'"));
    expect(rows).toEqual([{ tableowner: "vigie_audit" }]);
  } finally {
    rmSync(earlier, { recursive: true, force: true });
    await as(adminUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  }
});
