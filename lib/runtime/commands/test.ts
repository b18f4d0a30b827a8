/**
 * `npm test`: types, lint, the web build, then unit, service, contract and API tests (import directions among them), then the browser tests.
 * `npm test -- path` runs what is named, alone: e2e/ or one of its specs goes to the browser tests, any other path to vitest.
 * `npm run test:real`: what also runs against a real API server, against the one that VIGIE_REAL_KUBECONFIG names.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { holdsCanary, playwrightTally, vitestTally } from "#lib/runtime/commands/tally.ts";
import type { Tally } from "#lib/runtime/commands/tally.ts";
import { home, root } from "#lib/runtime/home.ts";
import { webBuild } from "#lib/runtime/stack/build.ts";
import { findBrowser } from "#lib/runtime/stack/browser.ts";
import { printError } from "#lib/runtime/stack/run.ts";

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
const failed: string[] = [];

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
  const seconds = (): number => (Date.now() - started) / 1000;
  try {
    const ok = (await work()) === 0;
    parts.push({ name, ok, seconds: seconds(), note: note() });
  } catch (error) {
    parts.push({ name, ok: false, seconds: seconds(), note: "could not be done, nor what comes after it" });
    throw error;
  }
}

function bin(name: string, file: string): string {
  return join(root, "node_modules", name, file);
}

/** Each against the one cluster, so one after another: the story cordons its nodes for a moment. */
const realTests = ["lib/adapters/kubernetes/contract.real.test.ts", "lib/adapters/kubernetes/rights.real.test.ts", "lib/worker/watchers/twelve-sentences.real.test.ts", "lib/worker/operations/end-to-end.real.test.ts", "lib/worker/operations/colour.real.test.ts", "lib/worker/operations/chaos/chaos.real.test.ts", "e2e/story.real.test.ts"];

/** Counts for the summary, and the names of what failed or was not run. */
function tallied(report: string, read: (report: unknown, root: string) => Tally): string {
  try {
    const tally = read(JSON.parse(readFileSync(report, "utf8")), root);
    notRun.push(...tally.notRun);
    failed.push(...tally.failed);
    return tally.note;
  } catch (error) {
    return `no report that can be read (${error instanceof Error ? error.message : String(error)})`;
  }
}

async function vitest(name: string, given: string[]): Promise<void> {
  const report = join(results, "vitest.json");
  rmSync(report, { force: true });
  await part(name, () => run(bin("vitest", "vitest.mjs"), ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...given]), () => tallied(report, vitestTally));
}

/** Before the tests that start a whole Vigie, so that none of them waits for it, and two never build at once. */
async function build(): Promise<void> {
  await part("web build", async () => {
    await webBuild(say);
    return 0;
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
    () => run(bin("@playwright/test", "cli.js"), ["test", "--config", "e2e/playwright.config.ts", ...paths], { VIGIE_BROWSER: found.path, PLAYWRIGHT_JSON_OUTPUT_FILE: report }),
    () => tallied(report, playwrightTally),
  );
}

async function runAll(): Promise<void> {
  const paths = process.argv.slice(2);
  const forBrowser = paths.filter((path) => path.startsWith("e2e") && !path.endsWith(".test.ts"));
  const forVitest = paths.filter((path) => !forBrowser.includes(path));
  if (paths.includes("--real")) {
    await build();
    await vitest("against a real API server", ["--no-file-parallelism", ...realTests]);
  } else if (paths.length === 0) {
    await part("types", () => run(bin("typescript", "lib/tsc.js"), ["--noEmit"]));
    await part("lint", () => run(bin("oxlint", "bin/oxlint"), ["--quiet"]));
    await build();
    await vitest("unit, service, contract and API tests", ["--exclude", "**/operations/chaos/**"]);
    // Alone: it holds operations to fifteen seconds, and starves whatever runs beside it.
    await vitest("operations under chaos", ["lib/worker/operations/chaos/chaos.test.ts"]);
    await browser([]);
  } else {
    if (forBrowser.length > 0 || forVitest.some((path) => path.startsWith("e2e"))) await build();
    if (forVitest.length > 0) await vitest("tests", forVitest);
    if (forBrowser.length > 0) await browser(forBrowser);
  }
}

/** Reports are kept and sent around: what tests planted as a secret must not stand in them. */
function searchReports(): void {
  const files = existsSync(results) ? readdirSync(results).filter((name) => name.endsWith(".json")) : [];
  for (const name of files.filter((file) => holdsCanary(readFileSync(join(results, file), "utf8")))) {
    parts.push({ name: `secrets in ${name}`, ok: false, seconds: 0, note: "a report holds a secret that a test planted: it must not be printed, not even by a test that fails" });
  }
}

function summary(): void {
  say("\n— summary");
  for (const one of parts) say(`${one.ok ? "ok    " : "FAILED"}  ${one.name}, ${one.seconds.toFixed(1)} s${one.note === "" ? "" : `: ${one.note}`}`);
  if (notRun.length > 0) say("");
  for (const name of notRun) say(`not run: ${name}`);
  if (failed.length > 0) say("");
  for (const one of failed) say(`failed: ${one}`);
}

await runAll().catch((error: unknown) => {
  printError(error);
  process.exitCode = 1;
});
searchReports();
summary();
if (parts.some((one) => !one.ok)) process.exitCode = 1;
