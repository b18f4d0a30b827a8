/** `node lib/runtime/commands/audit-archive.ts --months 24 --to FOLDER`: archives partitions of the audit log whose entries are all older, as the owner of the database. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createArchiveFolder } from "#lib/adapters/files/audit-archive.ts";
import { createDatabase } from "#lib/db/client.ts";
import { VigieError } from "#lib/domain/error.ts";
import { home } from "#lib/runtime/home.ts";
import { runningOwnerUrl, startEmbeddedPostgres } from "#lib/runtime/postgres/embedded.ts";
import { printError } from "#lib/runtime/stack/run.ts";
import { archiveAudit } from "#lib/services/audit/archive.ts";

const usage = "Say how many months stay and where older entries go: --months 24 --to /var/lib/vigie/archive";

function readArguments(): { months: number; to: string } {
  let values: { months?: string; to?: string };
  try {
    ({ values } = parseArgs({ options: { months: { type: "string" }, to: { type: "string" } } }));
  } catch (cause) {
    throw new VigieError("invalid", `${cause instanceof Error ? cause.message : String(cause)}. ${usage}`);
  }
  const months = Number(values.months);
  if (!Number.isInteger(months) || months < 1 || months > 1200 || values.to === undefined || values.to === "") throw new VigieError("invalid", usage);
  return { months, to: values.to };
}

/** The owner's connection: of the server that DATABASE_URL names, else of the embedded one, which runs under a portal or is started for this. */
async function ownerConnection(): Promise<{ url: string; stop(): Promise<void> }> {
  const given = process.env.VIGIE_MIGRATION_URL ?? process.env.DATABASE_URL;
  if (given !== undefined && given !== "") return { url: given, stop: async () => undefined };
  const folder = join(home(), "postgres");
  const running = await runningOwnerUrl(folder);
  if (running !== null) return { url: running, stop: async () => undefined };
  const server = await startEmbeddedPostgres(folder);
  return { url: server.ownerUrl, stop: server.stop };
}

try {
  const { months, to } = readArguments();
  const before = new Date();
  before.setUTCMonth(before.getUTCMonth() - months);
  const owner = await ownerConnection();
  const db = createDatabase(owner.url, { poolSize: 2, statementTimeoutMs: 120_000 });
  try {
    const done = await archiveAudit(db, createArchiveFolder(to), before, (line) => void process.stdout.write(`${line}\n`));
    if (done.length === 0) process.stdout.write(`No closed partition is older than ${before.toISOString().slice(0, 10)}: nothing was archived.\n`);
  } finally {
    await db.$disconnect();
    await owner.stop();
  }
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
