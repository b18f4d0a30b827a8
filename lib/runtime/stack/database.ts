import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { migrate } from "#lib/db/migrate.ts";
import { setUpRoles } from "#lib/db/roles.ts";
import { root } from "#lib/runtime/home.ts";
import { startEmbeddedPostgres } from "#lib/runtime/postgres/embedded.ts";

export interface ReadyDatabase {
  /** What worker and web connect with. */
  url: string;
  stop(): Promise<void>;
}

/**
 * DATABASE_URL when it is set (migrated with VIGIE_MIGRATION_URL, or with DATABASE_URL itself), else the embedded PostgreSQL
 * of the home folder, where the application gets a role of its own that cannot touch the audit log.
 */
export async function readyDatabase(folder: string, options: { durable?: boolean } = {}): Promise<ReadyDatabase> {
  const migrations = join(root, "prisma/migrations");
  const given = process.env.DATABASE_URL;
  if (given !== undefined && given !== "") {
    await migrate(process.env.VIGIE_MIGRATION_URL ?? given, migrations);
    return { url: given, stop: async () => undefined };
  }
  const server = await startEmbeddedPostgres(join(folder, "postgres"), options);
  try {
    await migrate(server.ownerUrl, migrations);
    const file = join(folder, "database-password");
    if (!existsSync(file)) writeFileSync(file, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
    const password = readFileSync(file, "utf8").trim();
    await setUpRoles(server.ownerUrl, { role: "vigie_app", password });
    return { url: server.urlFor("vigie_app", password), stop: server.stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
