/** vitest global set-up: one throw-away PostgreSQL for the run, with a migrated template that each test file copies. */
import { mkdtempSync, rmSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { migrate } from "#lib/db/migrate.ts";
import { setUpRoles } from "#lib/db/roles.ts";
import { root } from "#lib/runtime/home.ts";
import { startEmbeddedPostgres } from "#lib/runtime/postgres/embedded.ts";

declare module "vitest" {
  interface ProvidedContext {
    testDatabase: { adminUrl: string; template: string; appRole: string; appPassword: string };
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "vigie-test-"));
  chmodSync(folder, 0o711);
  const server = await startEmbeddedPostgres(join(folder, "postgres"), { durable: false });
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const app = { role: "vigie_app", password: "test-only" };
  try {
    await migrate(server.ownerUrl, join(root, "prisma/migrations"));
    await setUpRoles(server.ownerUrl, app);
  } catch (error) {
    await stop();
    throw error;
  }
  const adminUrl = server.ownerUrl.replace(/\/vigie$/, "/postgres");
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query("ALTER DATABASE vigie WITH IS_TEMPLATE true");
  await admin.end();
  project.provide("testDatabase", { adminUrl, template: "vigie", appRole: app.role, appPassword: app.password });
  return stop;
}
