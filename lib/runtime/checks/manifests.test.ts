import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allNeeds, rightsDocument } from "#lib/adapters/kubernetes/test-rights.ts";
import { manifestsIn, mustNotStand, rightsOf } from "#lib/runtime/checks/manifests.ts";
import { root } from "#lib/runtime/home.ts";
import { ROLES } from "#sandbox/kube/http/authorize.ts";

const manifests = manifestsIn(join(root, "deploy"));
const rights = rightsOf(manifests);
const text = ({ role, group, resource, verb }: { role: string; group: string; resource: string; verb: string }): string => `${role}: ${verb} ${resource}${group === "" ? "" : `.${group}`}`;

test("no role has a wildcard, a secret, a way into a pod, or a way to more rights", () => {
  expect(rights.length).toBeGreaterThan(30);
  expect(rights.flatMap((right) => mustNotStand(right) ?? [])).toEqual([]);
});

test.each([
  ["", "secrets", "get"],
  ["", "pods/exec", "create"],
  ["", "pods/portforward", "create"],
  ["", "pods", "delete"],
  ["*", "pods", "get"],
  ["", "*", "get"],
  ["apps", "deployments", "*"],
  ["apps", "deployments", "deletecollection"],
  ["", "users", "impersonate"],
  ["rbac.authorization.k8s.io", "roles", "escalate"],
  ["rbac.authorization.k8s.io", "rolebindings", "create"],
  ["", "serviceaccounts/token", "create"],
])("would be found: %s %s %s", (group, resource, verb) => {
  expect(mustNotStand({ file: "x.yaml", role: "x", group, resource, verb })).not.toBeNull();
});

test("rights in the whole cluster are those to see nodes, and no other; every role is Vigie's own", () => {
  expect(rights.filter(({ role }) => manifests.some(({ kind, metadata }) => kind === "ClusterRole" && metadata.name === role)).map(text)).toEqual(["vigie-nodes: list nodes", "vigie-nodes: watch nodes"]);
  for (const { roleRef, file } of manifests.filter(({ kind }) => kind.endsWith("RoleBinding"))) {
    expect(rights.map(({ role }) => role), file).toContain((roleRef as { name: string }).name); // an object of RBAC
  }
});

test("reading and writing are roles of their own, and the web process may write nothing", () => {
  const writes = ["create", "update", "patch", "delete"];
  const writing = new Set(rights.filter(({ verb }) => writes.includes(verb)).map(({ role }) => role));
  expect([...writing].sort()).toEqual(["vigie-colours-writer", "vigie-supervisor", "vigie-writer"]);
  // What a writer has besides writing is the read before the write of what only it may touch.
  expect(rights.filter(({ role, verb }) => writing.has(role) && !writes.includes(verb)).map(text)).toEqual(["vigie-writer: get networkpolicies.networking.k8s.io"]);
  const bound = manifests.filter(({ kind, subjects }) => kind.endsWith("RoleBinding") && JSON.stringify(subjects).includes("vigie-web")).map(({ roleRef }) => (roleRef as { name: string }).name); // an object of RBAC
  expect(bound).toEqual(["vigie-logs"]);
});

test("every right has its need and no need is without its right", () => {
  expect(allNeeds.map(text).sort()).toEqual(rights.map(text).sort());
});

test("the test that each need names is there", () => {
  const sources = ["e2e", "lib"].flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).filter((file) => /(\.(test|spec)\.tsx?|contract[^/]*\.ts)$/.test(file)).map((file) => [join(folder, file), readFileSync(join(root, folder, file), "utf8")] as const));
  const missing = allNeeds.filter(({ test: [file, title] }) => !sources.some(([path, source]) => path === file && source.includes(title)));
  expect(missing.map((need) => `${text(need)} → ${need.test.join(": ")}`)).toEqual([]);
});

test("docs/rights.md says the same", async () => {
  await expect(rightsDocument()).toMatchFileSnapshot(join(root, "docs/rights.md"));
});

test("the stand-in of the API server gives Vigie these rights and no others, but for seeing whether a namespace exists", () => {
  const given = ROLES.writer.filter(({ apiGroups }) => !apiGroups.includes("authorization.k8s.io")).flatMap(({ verbs, apiGroups, resources }) => apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => text({ role: "", group, resource, verb })))));
  const granted = [": get namespaces", ...rights.map((right) => text({ ...right, role: "" }))];
  expect([...new Set(given)].sort()).toEqual([...new Set(granted)].sort());
});
