import { expect, test } from "vitest";
import { changedPaths, configKeys, lastManager, markOf, plausibleTime, selectorChange, workloadChanges } from "#lib/domain/difference-workload.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { coreImages, deployment, digestOf, testNow } from "#lib/domain/test-objects.ts";

const v1 = coreImages("v1");
const selecting = { selector: { matchLabels: { app: "core" } } };
const before = markOf(deployment("core", v1, { spec: selecting }), "v1", testNow);
const withLimit = (memory: string): RawObject => {
  const object = deployment("core", v1, { generation: 2 });
  const { template } = object.spec as { template: { spec: { containers: Record<string, unknown>[] } } };
  template.spec.containers = template.spec.containers.map((c) => (c["name"] === "auth" ? { ...c, resources: { limits: { memory } } } : c));
  return object;
};

test.each<[string, RawObject, string, [string, string][]]>([
  ["a new version", deployment("core", coreImages("v2"), { generation: 2 }), "v2", [["rollout", "v1 → v2"]]],
  ["the same images by digest", deployment("core", Object.fromEntries(Object.entries(v1).map(([n, i]) => [n, `${i}@${digestOf(i)}`])), { generation: 2 }), "v1", [["rollout", Object.entries(v1).map(([n, i]) => `${n} ${i.split(":").at(-1)} written by digest ${digestOf(i).slice(7, 15)}`).join(", ")]]],
  ["scaled", deployment("core", v1, { generation: 2, replicas: 5 }), "v1", [["scale", "2 → 5 replicas"]]],
  ["restarted", deployment("core", v1, { generation: 2, templateAnnotations: { "kubectl.kubernetes.io/restartedAt": "2026-11-21T14:00:00Z" } }), "v1", [["restart", "restarted"]]],
  ["another limit", withLimit("1Gi"), "v1", [["rollout", "containers[auth].resources.limits.memory 512Mi → 1Gi"]]],
  ["version and replicas at once", deployment("core", coreImages("v2"), { generation: 2, replicas: 3 }), "v2", [["rollout", "v1 → v2"], ["scale", "2 → 3 replicas"]]],
  ["nothing (status only)", deployment("core", v1), "v1", []],
  ["an operation's mark only", deployment("core", v1, { generation: 2, templateAnnotations: { "vigie.dev/operation": "x" } }), "v1", []],
  ["created again with another selector", deployment("core", v1, { uid: "other", spec: { selector: { matchLabels: { app: "core2", tier: "web" } } } }), "v1", [["rollout", "was deleted and created again, selecting app=core2, tier=web (before: app=core)"]]],
  ["created again", deployment("core", v1, { uid: "other", spec: selecting }), "v1", [["rollout", "was deleted and created again"]]],
])("a workload's change: %s", (_name, object, version, expected) => {
  expect(workloadChanges(before, markOf(object, version, testNow)).map((c) => [c.kind, c.what])).toEqual(expected);
});

test("values of environment variables and annotations are not told, only that they changed", () => {
  const env = (value: string): unknown => ({ spec: { containers: [{ name: "auth", env: [{ name: "TOKEN", value }] }] }, metadata: { annotations: { note: value } } });
  const paths = changedPaths(env("hunter2"), env("swordfish"));
  expect(paths).toEqual(["spec.containers[auth].env[TOKEN].value", "metadata.annotations.note"]);
});

test("keys of a ConfigMap, never values; keys that look like object members are keys", () => {
  expect(configKeys({ a: "1", b: "2", constructor: "x" }, { b: "3", c: "4", constructor: "x" })).toEqual(["a removed", "b changed", "c added"]);
});

test("the last writer is told from managedFields: not the controller's status, newest first, ours on a tie", () => {
  const entry = (manager: string, time: string, fieldsV1: unknown, subresource?: string) => ({ manager, operation: "Update", time, fieldsV1, ...(subresource ? { subresource } : {}) });
  const object = (managedFields: RawObject["metadata"]["managedFields"]): RawObject => ({ metadata: { name: "core", uid: "u", ...(managedFields ? { managedFields } : {}) } });
  const spec = { "f:spec": {} };
  expect(lastManager(object([entry("helm", "2026-01-01T00:00:00Z", spec), entry("kubectl-set", "2026-01-02T00:00:00Z", spec), entry("kube-controller-manager", "2026-01-03T00:00:00Z", { "f:status": {} })]), ["f:spec"], "vigie")?.manager).toBe("kubectl-set");
  expect(lastManager(object([entry("kubectl", "2026-01-02T00:00:00Z", spec), entry("vigie", "2026-01-02T00:00:00Z", spec)]), ["f:spec"], "vigie")?.manager).toBe("vigie");
  expect(lastManager(object([entry("x", "2026-01-02T00:00:00Z", spec, "status")]), ["f:spec"], "vigie")).toBeNull();
  expect(lastManager(object(undefined), ["f:spec"], "vigie")).toBeNull();
});

test.each<[string, Record<string, string>, Record<string, string>, string | null, string | null]>([
  ["the same", { app: "core" }, { app: "core" }, null, null],
  ["other pods", { app: "core" }, { app: "core2" }, null, "Service core leads to app=core2 (before: app=core)"],
  ["another colour, by hand, where Vigie has none", { app: "core", colour: "blue" }, { colour: "green", app: "core" }, null, "Service core leads to app=core, colour=green (before: app=core, colour=blue)"],
  ["another colour, which is the switch", { app: "core", colour: "blue" }, { app: "core", colour: "green" }, "colour", null],
  ["another colour and more", { app: "core", colour: "blue" }, { colour: "green" }, "colour", "Service core leads to colour=green (before: app=core, colour=blue)"],
  ["nothing any more", { app: "core" }, {}, null, "Service core leads to nothing (before: app=core)"],
])("a Service's selector: %s", (_name, from, to, switched, expected) => {
  expect(selectorChange("core", from, to, switched)).toBe(expected);
});

test.each<[string, string | null, string | null, string]>([
  ["the cluster's own time, between two looks", "2026-11-21T14:03:10Z", "2026-11-21T14:03:00.500Z", "2026-11-21T14:03:10.000Z"],
  ["none told", null, "2026-11-21T14:03:00.500Z", "2026-11-21T14:10:00.000Z"],
  ["no time at all", "yesterday", null, "2026-11-21T14:10:00.000Z"],
  ["a clock that is ahead", "2026-11-21T14:11:00Z", "2026-11-21T14:03:00.500Z", "2026-11-21T14:10:00.000Z"],
  ["before the last look: an entry that was not touched, or a clock that is behind", "2026-11-21T14:02:00Z", "2026-11-21T14:03:00.500Z", "2026-11-21T14:10:00.000Z"],
  ["in the second of the last look", "2026-11-21T14:03:00Z", "2026-11-21T14:03:00.500Z", "2026-11-21T14:03:00.500Z"],
  ["nothing known of before", "2026-11-21T14:02:00Z", null, "2026-11-21T14:02:00.000Z"],
])("when something was written: %s", (_name, told, after, expected) => {
  expect(plausibleTime(told, after === null ? null : new Date(after), testNow).toISOString()).toBe(expected);
});
