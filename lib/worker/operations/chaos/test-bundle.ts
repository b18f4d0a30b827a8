import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

let made: Promise<{ script: string; remove(): void }> | null = null;

/** The worker that is struck, as one file: hundreds of them are started, and each would read a thousand otherwise. Made once a process. */
export function chaosWorker(): Promise<{ script: string; remove(): void }> {
  made ??= bundle();
  return made;
}

async function bundle(): Promise<{ script: string; remove(): void }> {
  const outdir = mkdtempSync(join(tmpdir(), "vigie-chaos-worker-"));
  const { build } = await import("esbuild");
  await build({
    entryPoints: [{ in: fileURLToPath(new URL("test-chaos-worker.ts", import.meta.url)), out: "worker" }],
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    keepNames: true,
    platform: "node",
    target: "node24",
    format: "esm",
    logLevel: "silent",
    external: ["pg-native"],
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; import { fileURLToPath as __toPath } from 'node:url'; import { dirname as __dir } from 'node:path'; const require = __createRequire(import.meta.url); const __filename = __toPath(import.meta.url); const __dirname = __dir(__filename);" },
  });
  return { script: join(outdir, "worker.mjs"), remove: () => rmSync(outdir, { recursive: true, force: true }) };
}
