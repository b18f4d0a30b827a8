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
