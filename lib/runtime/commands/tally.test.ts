import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canaryMark, holdsCanary, playwrightTally, vitestTally } from "#lib/runtime/commands/tally.ts";
import { root } from "#lib/runtime/home.ts";

/** A project of a few tests of its own, run by the very tools: what their reports look like is theirs to change. */
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vigie-not-run-"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function report(script: string, args: string[], file: string): Promise<unknown> {
  const child = spawn(process.execPath, [join(root, "node_modules", script), ...args], { cwd: folder, stdio: "ignore", env: { NODE_ENV: "test", PATH: process.env.PATH ?? "", HOME: folder } });
  await once(child, "close");
  return JSON.parse(readFileSync(join(folder, file), "utf8"));
}

test("vitest: what cannot run here is named with its reason, also one whose group could not begin", { timeout: 240_000 }, async () => {
  mkdirSync(join(folder, "unit"));
  writeFileSync(
    join(folder, "unit", "a.test.js"),
    `import { beforeAll, describe, expect, test } from "vitest";
    test("runs", () => expect(1).toBe(1));
    describe("real (not run: X is not set)", () => { test.skip("the contract", () => undefined); });
    test.skip("only here (not run: no (real) clock)", () => undefined);
    describe("broken", () => { beforeAll(() => { throw new Error("no"); }); test("never begins", () => undefined); });`,
  );
  writeFileSync(join(folder, "unit", "b.test.js"), `import { expect, test } from "vitest"; test("fails", () => expect(1).toBe(2));`);
  const found = vitestTally(await report("vitest/vitest.mjs", ["run", "--root", folder, "--reporter=json", "--outputFile.json=unit.json", "unit"], "unit.json"), folder);
  expect(found.notRun).toEqual([
    "unit/a.test.js > real > the contract (X is not set)",
    "unit/a.test.js > only here (no (real) clock)",
    "unit/a.test.js > broken > never begins (it gives no reason, or what comes before it failed)",
  ]);
  expect(found.note).toMatch(/^1 passed, \d failed, 3 not run$/);
  expect(found.failed).toEqual([expect.stringContaining("unit/a.test.js"), "unit/b.test.js > fails: AssertionError: expected 1 to be 2 // Object.is equality"]);
});

test("Playwright: what is skipped is named with its reason, and what a failure before it kept from running", { timeout: 240_000 }, async () => {
  mkdirSync(join(folder, "e2e"));
  writeFileSync(join(folder, "e2e", "playwright.config.js"), 'export default { testDir: ".", workers: 1, reporter: [["json", { outputFile: "../browser.json" }]] };');
  writeFileSync(
    join(folder, "e2e", "a.spec.js"),
    `import { expect, test } from "@playwright/test";
    test("runs", () => expect(1).toBe(1));
    test.skip("left out", () => undefined);
    test("needs a camera", () => { test.skip(true, "there is no camera"); });
    test.describe.serial("a story", () => { test("begins", () => expect(1).toBe(2)); test("goes on", () => undefined); });`,
  );
  const found = playwrightTally(await report("@playwright/test/cli.js", ["test", "--config", "e2e/playwright.config.js"], "browser.json"), folder);
  expect(found).toEqual({
    note: "1 passed, 1 failed, 3 not run",
    failed: [expect.stringMatching(/^e2e\/a\.spec\.js > a story > begins: Error: expect\(received\)\.toBe\(expected\)/)],
    notRun: ["e2e/a.spec.js > left out (it gives no reason)", "e2e/a.spec.js > needs a camera (there is no camera)", "e2e/a.spec.js > a story > goes on (a test before it failed)"],
  });
});

test("a report that holds a planted secret is found", () => {
  expect(holdsCanary(`{"message":"expected '${canaryMark}${"0f".repeat(12)}' to be…"}`)).toBe(true);
  expect(holdsCanary(`{"title":"${canaryMark} is the mark"}`)).toBe(false);
});
