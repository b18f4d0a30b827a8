import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Config } from "#lib/contracts/config.ts";
import { createDatabase } from "#lib/db/client.ts";
import { migrate } from "#lib/db/migrate.ts";
import { assertAuditProtected } from "#lib/db/protection.ts";
import { grantRights, setUpRoles } from "#lib/db/roles.ts";
import { isDatabaseAway } from "#lib/domain/database-away.ts";
import { VigieError, isVigieError } from "#lib/domain/error.ts";
import { root } from "#lib/runtime/home.ts";
import { startEmbeddedPostgres } from "#lib/runtime/postgres/embedded.ts";

export interface ReadyDatabase {
  /** What worker and web connect with. */
  url: string;
  stop(): Promise<void>;
}

/**
 * DATABASE_URL when it is set (migrated with VIGIE_MIGRATION_URL, which also gives DATABASE_URL's role its rights, or with DATABASE_URL itself), else the embedded PostgreSQL
 * of the home folder, where the application gets a role of its own that cannot touch the audit log.
 */
export async function readyDatabase(folder: string, options: { durable?: boolean } = {}): Promise<ReadyDatabase> {
  const migrations = join(root, "prisma/migrations");
  const given = process.env.DATABASE_URL;
  if (given !== undefined && given !== "") {
    const url = process.env.VIGIE_MIGRATION_URL ?? given;
    const app = URL.parse(given)?.username ?? "";
    try {
      await migrate(url, migrations);
      // One role for everything is given nothing: the worker says what is wrong with it.
      if (app !== "" && app !== URL.parse(url)?.username) await grantRights(url, decodeURIComponent(app));
    } catch (cause) {
      throw unusable(cause, url, process.env.VIGIE_MIGRATION_URL === undefined ? "DATABASE_URL" : "VIGIE_MIGRATION_URL") ?? cause;
    }
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

/** Throws VigieError "invalid" when the role of this URL could change the audit log and the configuration does not allow that. What cannot be asked now is left to the process itself. */
export async function refuseUnprotected(url: string, config: Pick<Config, "audit">): Promise<void> {
  if (url === "") return;
  const db = createDatabase(url, { poolSize: 1 });
  try {
    await assertAuditProtected(db, config.audit.allowUnprotected);
  } catch (error) {
    if (isVigieError(error)) throw error;
  } finally {
    await db.$disconnect();
  }
}

/** A sentence for what PostgreSQL or the network said, without the password that stands in the URL. Null: something else is wrong. */
function unusable(cause: unknown, url: string, variable: string): VigieError | null {
  const at = URL.parse(url);
  if (at === null || !/^postgres(ql)?:$/.test(at.protocol)) return new VigieError("invalid", `${variable} is not a URL such as postgresql://user:password@host:5432/database.`);
  const code = cause instanceof AggregateError ? codeOf(cause.errors[0]) : codeOf(cause);
  const where = `The database ${decodeURIComponent(at.pathname.slice(1))} at ${at.host}`;
  if (code === "28P01" || code === "28000") return new VigieError("invalid", `${where} refuses the user ${decodeURIComponent(at.username)} or the password. Check ${variable}.`, { cause });
  if (code === "3D000") return new VigieError("invalid", `${where} does not exist. Create it, or check ${variable}.`, { cause });
  if (code === "42704") return new VigieError("invalid", `${where} lacks a role that Vigie needs (${cause instanceof Error ? cause.message : "42704"}). Run deploy/database-roles.sql once as an administrator of the server.`, { cause });
  if (code === "42501") return new VigieError("invalid", `${where}: the user ${decodeURIComponent(at.username)} may not make tables. Run deploy/database-roles.sql, and name the role vigie_migration in VIGIE_MIGRATION_URL.`, { cause });
  return isDatabaseAway(cause) || ["ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ECONNREFUSED"].includes(code) ? new VigieError("unavailable", `${where} cannot be reached (${code === "" ? "no answer" : code}). Check ${variable} and the server.`, { cause }) : null;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
