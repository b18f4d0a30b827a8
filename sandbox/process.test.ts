import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";

const moduleUrl = new URL("process.ts", import.meta.url).href;
const serve = 'import { createServer } from "node:http"; const server = createServer().listen(0, "127.0.0.1");';
const script = `import { runUntilStopped } from "${moduleUrl}"; import { writeFileSync } from "node:fs"; ${serve}
await runUntilStopped(async () => ({ ready: { ready: true }, async stop() { server.close(); writeFileSync(process.env.STOPPED, "in order"); } }));`;

let scratch: string;
let children: ChildProcess[];
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "process-test-"));
  children = [];
  writeFileSync(join(scratch, "main.mts"), script);
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(scratch, { recursive: true });
});

const stopped = () => readFileSync(join(scratch, "stopped"), "utf8");
const environment = () => ({ ...process.env, STOPPED: join(scratch, "stopped") });

function started(child: ChildProcess): ChildProcess {
  children.push(child);
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("no stdout");
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return String(line);
}

test.each(["SIGTERM", "SIGINT"] as const)("says that it is ready, and stops in order on %s", async (signal) => {
  const child = started(spawn(process.execPath, [join(scratch, "main.mts")], { env: environment(), stdio: ["ignore", "pipe", "inherit"] }));
  expect(JSON.parse(await firstLine(child))).toEqual({ ready: true });
  child.kill(signal);
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(stopped()).toBe("in order");
});

test("stops in order when its parent goes away", async () => {
  const child = started(fork(join(scratch, "main.mts"), { env: environment(), stdio: ["ignore", "pipe", "inherit", "ipc"] }));
  await firstLine(child);
  child.disconnect();
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(stopped()).toBe("in order");
});

test("says in one sentence why it could not start", async () => {
  writeFileSync(join(scratch, "main.mts"), `import { runUntilStopped } from "${moduleUrl}"; await runUntilStopped(async () => { throw new Error("Port 1 is taken."); });`);
  const child = started(spawn(process.execPath, [join(scratch, "main.mts")], { env: environment(), stdio: ["ignore", "ignore", "pipe"] }));
  if (child.stderr === null) throw new Error("no stderr");
  const chunks: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
  expect(await once(child, "close")).toEqual([1, null]);
  expect(chunks.join("")).toBe("Port 1 is taken.\n");
});
