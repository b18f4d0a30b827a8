import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { accessDocument } from "#lib/domain/access-document.ts";
import { actions, isAllowed, roles, rolesThatMay } from "#lib/domain/access.ts";

test("docs/access.md says what the rules say (else: npm run access)", () => {
  expect(readFileSync(new URL("../../docs/access.md", import.meta.url), "utf8")).toBe(accessDocument());
});

test.each(actions)("%s: nobody without a role, admins everywhere, a role only where it was given", (action) => {
  expect(isAllowed([], action, "prod")).toBe(false);
  expect(isAllowed([{ role: "admin", environments: "*" }], action, "prod")).toBe(true);
  for (const role of roles) expect(isAllowed([{ role, environments: ["dev"] }], action, "prod")).toBe(false);
  expect(rolesThatMay(action)).toContain("admin");
});

test("what changes an environment is never a viewer's or an approver's", () => {
  for (const action of actions.filter((name) => name !== "operation.approve" && /^(operation\.|token\.(create|revoke))/.test(name) && name !== "operation.read")) {
    for (const role of ["viewer", "approver"] as const) expect(isAllowed([{ role, environments: "*" }], action, "prod")).toBe(false);
  }
});

test("role × action × environment: the page's table says exactly what the rules do, wherever the role was given and whatever is asked about", () => {
  const rows = readFileSync(new URL("../../docs/access.md", import.meta.url), "utf8").split("\n").filter((line) => line.startsWith("| `")).map((line) => line.slice(2, -2).split(" | ").map((cell) => cell.trim()));
  expect(rows.map(([name]) => name?.replaceAll("`", ""))).toEqual([...actions]);
  for (const [name, ...cells] of rows) {
    const action = actions.find((one) => `\`${one}\`` === name);
    if (action === undefined) throw new Error(`${name} is no action`);
    roles.forEach((role, column) => {
      const cell = cells[column] ?? "";
      const may = (environments: string[] | "*", asked: string | null): boolean => isAllowed([{ role, environments }], action, asked);
      expect([action, role, may("*", "here"), may("*", "there")]).toEqual([action, role, cell !== "", cell !== ""]);
      expect([action, role, may(["here"], "here"), may(["here"], "there")]).toEqual([action, role, cell !== "", false]);
      if (cell === "for all environments") expect([action, role, may("*", null), may(["here"], null)]).toEqual([action, role, true, false]);
    });
  }
});
