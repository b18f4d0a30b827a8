import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { coveredNumbers } from "#lib/runtime/checks/acceptance.ts";
import { root } from "#lib/runtime/home.ts";

/** Lines of the catalogue of faults that Vigie has to survive and that are built: crash and race, database, cluster and its neighbours, and hostile texts. */
const built = Array.from({ length: 52 }, (_, index) => index + 1);

const sources = ["app", "components", "e2e", "lib", "sandbox"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).filter((file) => /\.(test|spec)\.tsx?$/.test(file) && !file.includes("generated") && !file.endsWith("checks/acceptance.test.ts")).map((file) => readFileSync(join(root, folder, file), "utf8")),
);

test("every line of the acceptance catalogue that is built has a test whose title carries its number", () => {
  const covered = new Set(sources.flatMap(coveredNumbers));
  expect(built.filter((number) => !covered.has(number))).toEqual([]);
});

test.each<[string, number[]]>([
  ['test("ACCEPTANCE 18: lost at COMMIT"', [18]],
  ['describe("ACCEPTANCE 20–23, 29: a reflector"', [20, 21, 22, 23, 29]],
  ['])("ACCEPTANCE 3, at %s: another goes on"', [3]],
  ['test("ACCEPTANCE 30, 32: a registry"', [30, 32]],
  ["// ACCEPTANCE 9 in a comment", []],
  ['test("nothing of the kind"', []],
])("numbers of %s", (source, expected) => {
  expect(coveredNumbers(source)).toEqual(expected);
});
