import { expect, test } from "vitest";
import { auditActions } from "#lib/contracts/audit.ts";
import { auditFields, leftOut, listedFields } from "#lib/domain/audit-fields.ts";

test("listed fields stay as they are", () => {
  const values = { status: "succeeded", release: 3, bigPods: { core: { effect: "images", images: { app: "x@sha256:1" }, replicas: 2 } } };
  expect(listedFields("operation.outcome", "after", values)).toEqual(values);
  expect(listedFields("operation.outcome", "after", null)).toBeNull();
  expect(listedFields("token.create", "after", { id: "t1", expiresAt: undefined })).toEqual({ id: "t1" });
  // Names of Big Pods in a list are not objects.
  expect(listedFields("config.loaded", "after", { bigPods: ["core"] })).toEqual({ bigPods: ["core"] });
});

test("what is not listed is left out, and named", () => {
  expect(listedFields("token.create", "after", { id: "t1", secret: "hunter2", hash: "x" })).toEqual({ id: "t1", [leftOut]: ["hash", "secret"] });
  expect(listedFields("session.sign-out", "before", { cookie: "hunter2" })).toEqual({ [leftOut]: ["cookie"] });
  const template = { bigPods: { core: { effect: "restore", template: { env: "hunter2" } }, web: { template: 1 } } };
  expect(listedFields("operation.start", "after", template)).toEqual({ bigPods: { core: { effect: "restore" }, web: {} }, [leftOut]: ["bigPods.*.template"] });
  expect(JSON.stringify(listedFields("operation.start", "after", template))).not.toContain("hunter2");
});

test("nobody lists the name that says what was left out, nor one that no object should have", () => {
  for (const action of auditActions) for (const names of [auditFields[action].before, auditFields[action].after]) for (const name of [leftOut, "__proto__", "constructor"]) expect(names).not.toContain(name);
  expect(listedFields("token.create", "after", JSON.parse('{"__proto__":{"x":1},"constructor":1}') as Record<string, unknown>)).toEqual({ [leftOut]: ["__proto__", "constructor"] });
});
