/** `npm run worker`, `npm run web`, `npm run sandbox`: one process alone, in the foreground. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { home, root } from "#lib/runtime/home.ts";
import { listenAddress } from "#lib/runtime/listen-address.ts";
import { configPath, preflight } from "#lib/runtime/preflight.ts";
import { refuseUnprotected } from "#lib/runtime/stack/database.ts";
import { bundleSandbox, bundleWorker, webBuild } from "#lib/runtime/stack/build.ts";
import { smallHeap, smallMalloc } from "#lib/runtime/stack/child.ts";
import { printError } from "#lib/runtime/stack/run.ts";

const what = process.argv[2];
const folder = home();

async function script(): Promise<string> {
  switch (what) {
    case "worker":
      return bundleWorker(folder);
    case "sandbox":
      return bundleSandbox(folder);
    case "web":
      return webBuild((line) => void process.stdout.write(`${line}\n`));
    default:
      throw new Error(`single.ts takes worker, web or sandbox, not "${what}"`);
  }
}

try {
  const { host, port } = listenAddress();
  if (what === "worker" || what === "web") await refuseUnprotected(process.env.DATABASE_URL ?? "", preflight(configPath(root), what).config);
  mkdirSync(folder, { recursive: true });
  const file = await script();
  const config = process.env.VIGIE_CONFIG;
  const env: NodeJS.ProcessEnv = { ...smallMalloc, ...process.env, VIGIE_ROOT: root, VIGIE_HOME: folder, HOST: host, HOSTNAME: host, PORT: String(port), NODE_ENV: "production", NEXTAUTH_URL: process.env.NEXTAUTH_URL ?? `http://${host}:${port}`, ...(config === undefined ? {} : { VIGIE_CONFIG: resolve(config) }) };
  // The migrating role may become the owner of the audit log: no part that runs may know it.
  delete env.VIGIE_MIGRATION_URL;
  const child = spawn(process.execPath, [...smallHeap, file], { cwd: root, env, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal === "SIGHUP" ? "SIGTERM" : signal));
  child.once("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 0));
} catch (error) {
  printError(error);
  process.exit(1);
}
