import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { VigieError } from "#lib/domain/error.ts";

/**
 * Applies prisma/migrations in order, each in one transaction, under an advisory lock, recorded in `_prisma_migrations`
 * with the checksum Prisma uses (SHA-256 of the file), so that Prisma's own CLI agrees where it can run.
 * Throws VigieError "conflict" when an applied migration was edited or is unknown to this version.
 */
export async function migrate(ownerUrl: string, folder: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: "vigie-migrate" });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock(72707369)");
    await client.query(`CREATE TABLE IF NOT EXISTS _prisma_migrations (
      id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
      logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`);
    const { rows } = await client.query<{ migration_name: string; checksum: string }>("SELECT migration_name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL");
    const applied = new Map(rows.map((row) => [row.migration_name, row.checksum]));
    const present = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
    const unknown = [...applied.keys()].filter((name) => !present.includes(name));
    if (unknown.length > 0) throw new VigieError("conflict", `The database was already migrated by a newer version of Vigie (${unknown.join(", ")}). Start that version, or restore a backup made before it.`);
    const done: string[] = [];
    for (const name of present) {
      const sql = readFileSync(join(folder, name, "migration.sql"), "utf8");
      const checksum = createHash("sha256").update(sql).digest("hex");
      const known = applied.get(name);
      if (known === checksum) continue;
      if (known !== undefined) throw new VigieError("conflict", `The migration ${name} was edited after it had been applied to this database. Restore the file, or start from a new database.`);
      await client.query("BEGIN");
      try {
        await client.query(sql);
        await client.query("INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count) VALUES ($1, $2, now(), $3, 1)", [randomUUID(), checksum, name]);
        await client.query("COMMIT");
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      }
      done.push(name);
    }
    return done;
  } finally {
    await client.end();
  }
}
