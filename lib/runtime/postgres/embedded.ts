import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { VigieError } from "#lib/domain/error.ts";
import { freePort } from "#lib/runtime/free-port.ts";
import { dataFolder, reachableBinaries, serverAccount } from "#lib/runtime/postgres/account.ts";
import type { Account } from "#lib/runtime/postgres/account.ts";
import { postgresBinaries } from "#lib/runtime/postgres/binaries.ts";

export interface EmbeddedPostgres {
  /** URL of the owning role, for migrations; database "vigie". */
  ownerUrl: string;
  port: number;
  urlFor(role: string, password: string, database?: string): string;
  /** Fast shutdown; resolves when the process is gone. */
  stop(): Promise<void>;
}

const owner = "vigie_owner";

/**
 * Starts (after making it, the first time) a PostgreSQL of our own in `folder`, on loopback with a password.
 * An orphan of a killed parent is stopped first; a server that ends by itself is started again, until stop(). Throws VigieError "unavailable" with the server's last words.
 */
export async function startEmbeddedPostgres(folder: string, options: { durable?: boolean } = {}): Promise<EmbeddedPostgres> {
  const account = serverAccount();
  const place = dataFolder(folder, account);
  const binaries = reachableBinaries(postgresBinaries(), place, account);
  const data = join(place, "data");
  const passwordFile = join(place, "password");
  await stopOrphan(data);
  if (!existsSync(join(data, "PG_VERSION"))) await initialise(binaries, place, passwordFile, account);
  const password = readFileSync(passwordFile, "utf8").trim();
  const port = await freePort();
  const settings = ["listen_addresses=127.0.0.1", `port=${port}`, "shared_buffers=32MB", "max_connections=120", "wal_level=minimal", "max_wal_senders=0", "log_min_messages=warning", ...(options.durable === false ? ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] : [])];
  let words = "";
  let child: ChildProcess | null = null;
  let exited: Promise<void> = Promise.resolve();
  let stopping = false;
  let ready = false;
  let again: NodeJS.Timeout | undefined;
  const gone = (): boolean => child === null || child.exitCode !== null || child.signalCode !== null;

  function launch(failures: number): void {
    const launched = spawn(join(binaries, "bin", "postgres"), ["-D", data, "-k", data, ...settings.flatMap((s) => ["-c", s])], { ...account, cwd: data, stdio: ["ignore", "ignore", "pipe"], detached: true });
    const startedAt = performance.now();
    child = launched;
    launched.stderr.on("data", (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-4000);
    });
    launched.once("error", (error) => {
      words += error.message;
    });
    exited = new Promise<void>((resolve) => launched.once("exit", () => resolve()));
    void exited.then(() => {
      if (stopping || !ready) return;
      // A database that was killed comes back by itself, on the same port; one that cannot is tried less and less often.
      const soFar = performance.now() - startedAt > 60_000 ? 0 : failures + 1;
      again = setTimeout(() => void stopOrphan(data).then(() => (stopping ? undefined : launch(soFar))), Math.min(10_000, 250 * 2 ** soFar));
    });
  }
  launch(0);
  const urlFor = (role: string, secret: string, database = "vigie"): string => `postgresql://${role}:${encodeURIComponent(secret)}@127.0.0.1:${port}/${database}`;
  const stop = async (): Promise<void> => {
    stopping = true;
    clearTimeout(again);
    if (!gone()) child?.kill("SIGINT");
    await exited;
  };
  try {
    await untilReady(urlFor(owner, password, "postgres"), gone);
    ready = true;
  } catch (cause) {
    await stop();
    throw new VigieError("unavailable", `The embedded PostgreSQL in ${folder} did not start: ${words.trim().split("\n").slice(-3).join(" ") || "no word from it"}`, { cause });
  }
  await ensureDatabase(urlFor(owner, password, "postgres"));
  return { ownerUrl: urlFor(owner, password), port, urlFor, stop };
}

/** URL of the owning role at a server of `folder` that is running (under a portal, say); null when none answers. Starts and stops nothing. */
export async function runningOwnerUrl(folder: string): Promise<string | null> {
  const place = dataFolder(folder, serverAccount());
  const [pidFile, passwordFile] = [join(place, "data", "postmaster.pid"), join(place, "password")];
  if (!existsSync(pidFile) || !existsSync(passwordFile)) return null;
  const port = Number(readFileSync(pidFile, "utf8").split("\n")[3]);
  const url = `postgresql://${owner}:${encodeURIComponent(readFileSync(passwordFile, "utf8").trim())}@127.0.0.1:${port}/vigie`;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    return url;
  } catch {
    return null;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** initdb into a folder beside the final one, renamed when whole: a kill in the middle leaves nothing half-made. */
async function initialise(binaries: string, place: string, passwordFile: string, account: Account): Promise<void> {
  const fresh = join(place, "data.new");
  rmSync(fresh, { recursive: true, force: true });
  rmSync(join(place, "data"), { recursive: true, force: true });
  writeFileSync(passwordFile, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  if (account.uid !== undefined && account.gid !== undefined) chownSync(passwordFile, account.uid, account.gid);
  const args = ["-D", fresh, "-U", owner, "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "-E", "UTF8", "--locale=C", "--no-sync"];
  const child = spawn(join(binaries, "bin", "initdb"), args, { ...account, cwd: place, stdio: ["ignore", "ignore", "pipe"] });
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => {
    words += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      words += error.message;
      resolve(null);
    });
    child.once("exit", resolve);
  });
  if (code !== 0) throw new VigieError("unavailable", `The embedded PostgreSQL could not be made in ${place}: ${words.trim()}`);
  renameSync(fresh, join(place, "data"));
}

/** A postmaster left behind by a parent that was killed: stopped by its pid file, if that process is still a postgres of this folder. */
async function stopOrphan(data: string): Promise<void> {
  const file = join(data, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isPostgres(pid, data)) return;
  process.kill(pid, "SIGINT");
  for (let waited = 0; waited < 20_000 && isPostgres(pid, data); waited += 50) await new Promise((resolve) => setTimeout(resolve, 50));
  if (isPostgres(pid, data)) process.kill(pid, "SIGQUIT");
}

function isPostgres(pid: number, data: string): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(data);
  } catch {
    return false;
  }
}

async function untilReady(url: string, gone: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (gone() || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = 'vigie'");
    if (found.rowCount === 0) await client.query("CREATE DATABASE vigie");
  } finally {
    await client.end();
  }
}
