import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { basename, join, relative } from "node:path";
import { VigieError } from "#lib/domain/error.ts";
import { root } from "#lib/runtime/home.ts";

let bundling = 0;

/**
 * Bundles a process entry with esbuild, so that it starts in a fraction of a second; files it reads beside itself are laid there.
 * What was bundled from these very sources is taken as it is. Returns the script.
 */
async function bundle(entry: string, name: string, folder: string, assets: readonly string[] = []): Promise<string> {
  const outdir = join(folder, "build", name);
  const script = join(outdir, `${name}.mjs`);
  const mark = join(outdir, "vigie-build");
  const wanted = fingerprint(bundleSources, notBundled);
  if (existsSync(script) && existsSync(mark) && readFileSync(mark, "utf8") === wanted) return script;
  rmSync(outdir, { recursive: true, force: true });
  const { build, stop } = await import("esbuild");
  bundling += 1;
  await build({
    entryPoints: [{ in: join(root, entry), out: name }],
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    // What is imported late stays apart: a worker without credential plug-ins never loads the client library.
    splitting: true,
    // Libraries that tell classes apart by name (oidc-provider does) must find those names.
    keepNames: true,
    minifySyntax: true,
    minifyWhitespace: true,
    platform: "node",
    target: "node24",
    format: "esm",
    sourcemap: "linked",
    sourcesContent: false,
    logLevel: "silent",
    external: ["pg-native"],
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; import { fileURLToPath as __toPath } from 'node:url'; import { dirname as __dir } from 'node:path'; const require = __createRequire(import.meta.url); const __filename = __toPath(import.meta.url); const __dirname = __dir(__filename);" },
  });
  // Its service process would stay, with all it holds, for as long as we run.
  bundling -= 1;
  if (bundling === 0) await stop();
  for (const asset of assets) cpSync(join(root, asset), join(outdir, basename(asset)));
  writeFileSync(mark, wanted);
  return script;
}

/** What worker and sandbox are made from; this file says how. */
const bundleSources = ["lib", "sandbox", "package.json", "package-lock.json", "tsconfig.json"];
const notBundled = /^lib\/runtime\/(commands|checks)\/|\.test(-support)?\.tsx?$/;

const webSources = ["app", "components", "lib", "public", "prisma", "next.config.ts", "instrumentation.ts", "proxy.ts", "postcss.config.mjs", "package-lock.json", "tsconfig.json"];

/** Parts of lib that the web process never loads. */
const notForWeb = /^\/?(lib\/(worker|runtime\/(commands|stack|checks|postgres))\/|.*\.test\.tsx?$)/;

/** Fingerprint of what something is built from: names and contents of the sources (paths below the checkout), without those left out. */
function fingerprint(sources: readonly string[], leftOut: RegExp): string {
  const hash = createHash("sha256");
  const visit = (path: string): void => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
    else if (!leftOut.test(relative(root, path))) hash.update(relative(root, path)).update("\0").update(readFileSync(path));
  };
  for (const source of sources) visit(join(root, source));
  return hash.digest("hex");
}

/** Server script of the web process; built first when there is no build of these very sources. */
export async function webBuild(say: (line: string) => void): Promise<string> {
  const output = join(root, ".next");
  const server = join(output, "standalone", "server.js");
  const mark = join(output, "vigie-build");
  const wanted = fingerprint(webSources, notForWeb);
  if (existsSync(server) && existsSync(mark) && readFileSync(mark, "utf8") === wanted) return server;
  say("Building the web part (once; about half a minute)…");
  rmSync(mark, { force: true });
  const cli = createRequire(import.meta.url).resolve("next/dist/bin/next");
  const child = spawn(process.execPath, [cli, "build"], { cwd: root, env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" }, stdio: ["ignore", "pipe", "pipe"] });
  let words = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (words = (words + chunk.toString()).slice(-6000)));
  const stop = (): void => void child.kill("SIGTERM");
  process.once("exit", stop);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  process.off("exit", stop);
  if (code !== 0) throw new VigieError("unavailable", `The web part could not be built:\n${words}`);
  const standalone = join(output, "standalone");
  mkdirSync(join(standalone, ".next"), { recursive: true });
  cpSync(join(output, "static"), join(standalone, ".next", "static"), { recursive: true });
  if (existsSync(join(root, "public"))) cpSync(join(root, "public"), join(standalone, "public"), { recursive: true });
  writeFileSync(mark, wanted);
  return server;
}

export const bundleWorker = (folder: string): Promise<string> => bundle("lib/worker/main.ts", "worker", folder);
export const bundleSandbox = (folder: string): Promise<string> => bundle("sandbox/main.ts", "sandbox", folder, ["sandbox/console/console.css", "sandbox/console/console-browser.js"]);
