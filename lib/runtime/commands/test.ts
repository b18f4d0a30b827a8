/**
 * `npm test`: types, lint, then unit, service and contract tests (import directions among them), then the browser tests.
 * `npm test -- path` runs what is named, alone: a path below e2e/ goes to the browser tests, any other to vitest.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { home, root } from "#lib/runtime/home.ts";
import { webBuild } from "#lib/runtime/stack/build.ts";
import { findBrowser } from "#lib/runtime/stack/browser.ts";
import { printError } from "#lib/runtime/stack/run.ts";

const require = createRequire(import.meta.url);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const results = join(home(), "test-results");
mkdirSync(results, { recursive: true });

interface Part {
  name: string;
  ok: boolean;
  seconds: number;
  note: string;
}
const parts: Part[] = [];
const notRun: string[] = [];

function run(script: string, args: string[], env: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
    const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
    process.on("SIGINT", forward).on("SIGTERM", forward);
    child.once("close", (code) => {
      process.off("SIGINT", forward).off("SIGTERM", forward);
      resolve(code ?? 1);
    });
  });
}

async function part(name: string, work: () => Promise<number>, note: () => string = () => ""): Promise<void> {
  say(`\n— ${name}`);
  const started = Date.now();
  const code = await work();
  parts.push({ name, ok: code === 0, seconds: (Date.now() - started) / 1000, note: note() });
}

function bin(name: string, file: string): string {
  return join(root, "node_modules", name, file);
}

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { name: string; assertionResults: { status: string; fullName: string }[] }[];
}

async function unit(paths: string[]): Promise<void> {
  const report = join(results, "vitest.json");
  rmSync(report, { force: true });
  await part("unit, service and contract tests", () => run(bin("vitest", "vitest.mjs"), ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...paths]), () => {
    try {
      const parsed: VitestReport = JSON.parse(readFileSync(report, "utf8"));
      for (const file of parsed.testResults) for (const one of file.assertionResults) if (one.status === "skipped" || one.status === "pending") notRun.push(one.fullName);
      return `${parsed.numPassedTests} passed, ${parsed.numFailedTests} failed`;
    } catch {
      return "no report";
    }
  });
}

async function browser(paths: string[]): Promise<void> {
  const found = await findBrowser(say);
  if ("missing" in found) {
    parts.push({ name: "browser tests", ok: false, seconds: 0, note: found.missing });
    return;
  }
  const report = join(results, "playwright.json");
  rmSync(report, { force: true });
  await part(
    "browser tests",
    async () => {
      await webBuild(say);
      return run(bin("@playwright/test", "cli.js"), ["test", "--config", "e2e/playwright.config.ts", ...paths], { VIGIE_BROWSER: found.path, PLAYWRIGHT_JSON_OUTPUT_FILE: report });
    },
    () => {
      try {
        const { stats } = JSON.parse(readFileSync(report, "utf8"));
        return `${stats.expected} passed, ${stats.unexpected} failed${stats.skipped > 0 ? `, ${stats.skipped} not run` : ""}`;
      } catch {
        return "no report";
      }
    },
  );
}

async function main(): Promise<void> {
  const given = process.argv.slice(2);
  const paths = given.includes("--real") ? ["lib/adapters/kubernetes/contract.real.test.ts", "e2e/story.real.test.ts"] : given;
  const forBrowser = paths.filter((path) => path.startsWith("e2e"));
  const forVitest = paths.filter((path) => !path.startsWith("e2e"));
  if (paths.length === 0) {
    await part("types", () => run(require.resolve("typescript/lib/tsc.js"), ["--noEmit"]));
    await part("lint", () => run(bin("oxlint", "bin/oxlint"), ["--quiet"]));
  }
  if (paths.length === 0 || forVitest.length > 0) await unit(forVitest);
  if (paths.length === 0 || forBrowser.length > 0) await browser(forBrowser);
  say("\n— summary");
  for (const one of parts) say(`${one.ok ? "ok    " : "FAILED"}  ${one.name}, ${one.seconds.toFixed(1)} s${one.note === "" ? "" : `: ${one.note}`}`);
  if (notRun.length > 0) {
    say(`\nNot run (${notRun.length}):`);
    for (const name of notRun) say(`  ${name}`);
  }
  process.exitCode = parts.every((one) => one.ok) ? 0 : 1;
}

await main().catch((error: unknown) => {
  printError(error);
  process.exitCode = 1;
});
