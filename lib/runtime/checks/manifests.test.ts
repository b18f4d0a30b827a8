import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { PlanTarget } from "#lib/contracts/operation.ts";
import { forwardDecision } from "#lib/domain/operation-write.ts";
import { restartAnnotation } from "#lib/domain/template-diff.ts";
import { allNeeds, rightsDocument } from "#lib/adapters/kubernetes/test-rights.ts";
import { manifestsIn, mustNotStand, rightsOf } from "#lib/runtime/checks/manifests.ts";
import { root } from "#lib/runtime/home.ts";
import { ROLES } from "#sandbox/kube/http/authorize.ts";

const named = z.looseObject({ name: z.string() });
const expressions = z.array(z.looseObject({ expression: z.string() }));
const policySchema = z.looseObject({
  metadata: named,
  spec: z.looseObject({ failurePolicy: z.string(), matchConstraints: z.object({ resourceRules: z.array(z.looseObject({ apiGroups: z.array(z.string()), resources: z.array(z.string()), operations: z.array(z.string()) })) }), matchConditions: expressions, variables: z.array(z.object({ name: z.string(), expression: z.string() })).optional(), validations: expressions }),
});
const bindingSchema = z.looseObject({ spec: z.object({ policyName: z.string(), validationActions: z.tuple([z.literal("Deny"), z.literal("Audit")]), matchResources: z.object({ namespaceSelector: z.object({ matchLabels: z.record(z.string(), z.string()) }) }) }) });
const containerSchema = z.looseObject({ securityContext: z.record(z.string(), z.unknown()), resources: z.object({ limits: z.record(z.string(), z.string()).optional(), requests: z.record(z.string(), z.string()) }), env: z.array(z.object({ name: z.string(), value: z.string().optional(), valueFrom: z.unknown().optional() })) });
const workloadSchema = z.looseObject({ metadata: named, spec: z.looseObject({ template: z.looseObject({ spec: z.looseObject({ securityContext: z.record(z.string(), z.unknown()), containers: z.array(containerSchema) }) }) }) });

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

describe("deploy/admission-policy.yaml", () => {
  const policies = manifests.filter(({ kind }) => kind === "ValidatingAdmissionPolicy").map((manifest) => policySchema.parse(manifest));

  test("everything that a writer may write is limited, for the very account that writes, and what cannot be judged is refused", () => {
    const written = rights.filter(({ role, verb }) => role.endsWith("-writer") && !["get", "list", "watch"].includes(verb));
    const operation = (verb: string): string => (verb === "patch" ? "UPDATE" : verb.toUpperCase());
    const limited = policies.flatMap(({ spec }) => spec.matchConstraints.resourceRules.flatMap(({ apiGroups, resources, operations }) => apiGroups.flatMap((group) => resources.flatMap((resource) => operations.map((one) => `${one} ${resource}.${group}`)))));
    expect(written.map(({ group, resource, verb }) => `${operation(verb)} ${resource}.${group}`).filter((one) => !limited.includes(one))).toEqual([]);
    for (const { spec } of policies) {
      expect(spec.failurePolicy).toBe("Fail");
      expect(spec.matchConditions.map(({ expression }) => expression)).toEqual(["request.userInfo.username == 'system:serviceaccount:vigie:vigie-worker'"]);
    }
    expect(manifests.some(({ kind, metadata }) => kind === "ServiceAccount" && metadata.name === "vigie-worker" && metadata.namespace === "vigie")).toBe(true);
  });

  test("each policy is bound to refuse, in the namespaces that are labelled for it", () => {
    const bindings = manifests.filter(({ kind }) => kind === "ValidatingAdmissionPolicyBinding").map((manifest) => bindingSchema.parse(manifest));
    expect(bindings.map(({ spec }) => spec.policyName).sort()).toEqual(policies.map(({ metadata }) => metadata.name).sort());
    for (const { spec } of bindings) expect(spec.matchResources.namespaceSelector.matchLabels).toEqual({ "vigie.dev/limit-writer": "images" });
  });

  test("every field of a container is held, but its name and its image", () => {
    const held = policies.find(({ metadata }) => metadata.name === "vigie-writer-deployments")?.spec.variables?.find(({ name }) => name === "sameButImages")?.expression ?? "";
    const fields = ["args", "command", "env", "envFrom", "imagePullPolicy", "lifecycle", "livenessProbe", "ports", "readinessProbe", "resizePolicy", "resources", "restartPolicy", "restartPolicyRules", "securityContext", "startupProbe", "stdin", "stdinOnce", "terminationMessagePath", "terminationMessagePolicy", "tty", "volumeDevices", "volumeMounts", "workingDir"];
    for (const field of fields) expect(held).toContain(`has(c.${field}) == has(o.${field}) && (!has(c.${field}) || c.${field} == o.${field})`);
    expect([...held.matchAll(/has\(c\.(\w+)\) ==/g)].map(([, field]) => field).sort()).toEqual(fields);
    expect(held).not.toContain("image ");
  });

  test.each<[string, PlanTarget["write"], string[]]>([
    ["a promotion", { effect: "images", images: { app: "app@sha256:2", prepare: "prepare@sha256:2" } }, ["template.spec.containers.image", "template.spec.containers.name", "template.spec.initContainers.image", "template.spec.initContainers.name"]],
    ["a restart", { effect: "restart" }, [`template.metadata.annotations.${restartAnnotation}`]],
    ["scaling", { effect: "scale", replicas: 3 }, ["replicas"]],
  ])("%s writes only what the policy leaves open", (_name, write, expected) => {
    const template = { metadata: {}, spec: { containers: [{ name: "app", image: "app@sha256:1" }], initContainers: [{ name: "prepare", image: "prepare@sha256:1" }] } };
    const target: PlanTarget = { bigPod: "app", workload: { name: "app", uid: "u", generation: 1 }, before: { template, configMaps: [], replicas: 2 }, write, colour: null };
    const decision = forwardDecision(target, { template, replicas: 2 }, "2026-01-01T00:00:00Z");
    expect(decision.do).toBe("merge");
    expect(decision.do === "merge" ? [...new Set(leaves(decision.spec))].sort() : []).toEqual(expected);
  });
});

test("what runs in the cluster runs without root, without privileges, with limits, and names secrets instead of holding them", () => {
  const workloads = manifests.filter(({ kind, file }) => kind === "Deployment" && file === "vigie.yaml").map((manifest) => workloadSchema.parse(manifest));
  expect(workloads.map(({ metadata }) => metadata.name)).toEqual(["vigie-worker", "vigie-web"]);
  for (const { spec: { template: { spec: pod } } } of workloads) {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(JSON.stringify(pod)).not.toMatch(/hostPath|hostNetwork|hostPID|privileged/);
    for (const container of pod.containers) {
      expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } });
      expect(container.resources.limits?.memory).toMatch(/^[0-9]+Mi$/);
      for (const { name, value } of container.env) if (/SECRET|PASSWORD|TOKEN|DATABASE_URL/.test(name)) expect(value, name).toBeUndefined();
    }
  }
  const names = workloads.map(({ spec }) => spec.template.spec.containers.flatMap(({ env }) => env.map(({ name }) => name)));
  expect(names[0]).not.toContain("NEXTAUTH_SECRET");
  expect(names[0]).not.toContain("OIDC_CLIENT_SECRET");
  // Secrets are made by hand or by a vault: the only ones in a file are those that Kubernetes fills with a token.
  expect(manifests.filter(({ kind }) => kind === "Secret").filter(({ type, data, stringData }) => type !== "kubernetes.io/service-account-token" || data !== undefined || stringData !== undefined)).toEqual([]);
});

/** Paths of the values in a patch; members of lists stand under the list's own name. */
function leaves(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, path));
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, path === "" ? key : `${path}.${key}`));
}
