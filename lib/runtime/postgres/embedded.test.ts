import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "#lib/runtime/home.ts";
import { startEmbeddedPostgres } from "#lib/runtime/postgres/embedded.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vigie-postgres-"));
  chmodSync(folder, 0o711);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows;
}

test("after its parent was killed, a new start stops the orphan and finds what was committed", async () => {
  const place = join(folder, "postgres");
  const script = `import { startEmbeddedPostgres } from "#lib/runtime/postgres/embedded.ts"; const server = await startEmbeddedPostgres(${JSON.stringify(place)}); process.stdout.write(server.ownerUrl);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const [chunk] = await once(parent.stdout, "data");
  await query(String(chunk), "CREATE TABLE kept AS SELECT 42 AS n");
  parent.kill("SIGKILL");
  await once(parent, "exit");
  const again = await startEmbeddedPostgres(place);
  try {
    expect(await query(again.ownerUrl, "SELECT n FROM kept")).toEqual([{ n: 42 }]);
    await expect(query(String(chunk), "SELECT 1")).rejects.toThrow(/ECONNREFUSED/);
  } finally {
    await again.stop();
  }
  await expect(query(again.ownerUrl, "SELECT 1")).rejects.toThrow(/ECONNREFUSED/);
});

test("it wants a password, and listens on loopback alone", async () => {
  const server = await startEmbeddedPostgres(join(folder, "postgres"));
  try {
    const url = new URL(server.ownerUrl);
    url.password = "wrong";
    await expect(query(url.toString(), "SELECT 1")).rejects.toThrow(/password authentication failed/);
    expect(await query(server.ownerUrl, "SHOW listen_addresses")).toEqual([{ listen_addresses: "127.0.0.1" }]);
  } finally {
    await server.stop();
  }
});

test("a server that is killed comes back by itself on the same port, with what was committed", async () => {
  const place = join(folder, "postgres");
  const server = await startEmbeddedPostgres(place);
  try {
    await query(server.ownerUrl, "CREATE TABLE kept AS SELECT 42 AS n");
    const pid = Number(readFileSync(join(place, "data", "postmaster.pid"), "utf8").split("\n")[0]);
    process.kill(pid, "SIGKILL");
    await expect.poll(() => query(server.ownerUrl, "SELECT n FROM kept").catch((error: unknown) => error), { timeout: 60_000 }).toEqual([{ n: 42 }]);
    expect(Number(readFileSync(join(place, "data", "postmaster.pid"), "utf8").split("\n")[0])).not.toBe(pid);
  } finally {
    await server.stop();
  }
  await expect(query(server.ownerUrl, "SELECT 1")).rejects.toThrow(/ECONNREFUSED/);
});
