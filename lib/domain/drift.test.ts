import { describe, expect, test } from "vitest";
import { contentDifferences, driftOf, intendedTemplate, isSteady, markOfSeen, seenOf } from "#lib/domain/drift.ts";
import type { Seen, Wanted } from "#lib/domain/drift.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { coreImages, deployment, digestOf } from "#lib/domain/test-objects.ts";
import type { DeploymentOptions } from "#lib/domain/test-objects.ts";

const v1 = coreImages("v1");
const map = (data: Record<string, string>): RawObject => ({ metadata: { name: "core-config", uid: "cm" }, data });
const maps = (data: Record<string, string>) => (name: string) => (name === "core-config" ? map(data) : undefined);

/** Digests follow from the reference, as if each tag had one image. */
function state(images: Record<string, string>, overrides: Partial<BigPodState> = {}): BigPodState {
  const told = Object.entries(images).map(([container, reference]) => ({ container, reference, repository: reference.split(":")[0] ?? "", tag: reference.split(":")[1]?.split("@")[0] ?? null, digest: digestOf(reference.split("@")[0] ?? "") }));
  return { workload: { kind: "Deployment", name: "core", uid: "uid-core", generation: 1 }, images: told, replicas: { desired: 2, updated: 2, ready: 2, available: 2, total: 2 }, rollout: null, status: "healthy", ...overrides } as BigPodState; // what the rules read of it
}
const look = (images = v1, options: DeploymentOptions = {}, data = { LOG_LEVEL: "info" } as Record<string, string>, autoscaled: boolean | null = false): Seen =>
  seenOf(deployment("core", images, options), state(images, { replicas: { ...state(images).replicas, desired: options.replicas ?? 2 } }), maps(data), autoscaled);
const wanted: Wanted = { content: look().content, replicas: 2 };

const edited = (change: (container: Record<string, unknown>) => Record<string, unknown>): Seen => {
  const object = deployment("core", v1);
  const { template } = object.spec as { template: { spec: { containers: Record<string, unknown>[] } } };
  template.spec.containers = template.spec.containers.map((container) => (container["name"] === "auth" ? change(container) : container));
  return seenOf(object, state(v1), maps({ LOG_LEVEL: "info" }), false);
};

describe("drift: what differs between what Vigie applied and what runs", () => {
  test.each<[string, Seen, string[]]>([
    ["nothing", look(), []],
    ["another image", look({ ...v1, auth: "ghcr.io/dreamscape-ai/auth:v2" }), ["auth v1 → v2"]],
    ["the same image, written by its digest", look(Object.fromEntries(Object.entries(v1).map(([name, image]) => [name, `${image}@${digestOf(image)}`]))), []],
    ["a tag that means another image now", seenOf(deployment("core", v1), state(v1, { images: state(v1).images.map((image) => (image.container === "user" ? { ...image, digest: digestOf("moved") } : image)) }), maps({ LOG_LEVEL: "info" }), false), ["user v1, another image under the same tag"]],
    ["an image whose digest no pod tells yet", seenOf(deployment("core", v1), state(v1, { images: state(v1).images.map((image) => ({ ...image, digest: null })) }), maps({ LOG_LEVEL: "info" }), false), []],
    ["a limit", edited((container) => ({ ...container, resources: { limits: { memory: "1Gi" } } })), ["containers[auth].resources.limits.memory 512Mi → 1Gi"]],
    ["a variable, whose value is nobody's business", edited((container) => ({ ...container, env: [{ name: "TOKEN", value: "hunter2" }] })), ["containers[auth].env added"]],
    ["a ConfigMap's key", look(v1, {}, { LOG_LEVEL: "debug", NEW: "1" }), ["core-config: LOG_LEVEL", "core-config: NEW"]],
    ["a ConfigMap that is gone", seenOf(deployment("core", v1), state(v1), () => undefined, false), ["core-config: gone"]],
    ["the number of pods", look(v1, { replicas: 5 }), ["2 → 5 replicas"]],
    ["the number of pods, which an autoscaler decides", look(v1, { replicas: 5 }, undefined, true), []],
    ["the number of pods, and nobody can say whether an autoscaler decides it", look(v1, { replicas: 5 }, undefined, null), []],
    ["a restart", look(v1, { templateAnnotations: { "kubectl.kubernetes.io/restartedAt": "2026-11-21T14:00:00Z" } }), []],
    ["the mark of an operation", look(v1, { templateAnnotations: { "vigie.dev/operation": "x" } }), []],
    ["another annotation", look(v1, { templateAnnotations: { note: "secret words" } }), ["metadata.annotations added"]],
  ])("%s", (_name, seen, expected) => {
    const found = driftOf(wanted, seen);
    expect(found).toEqual(expected);
    expect(found.join()).not.toMatch(/hunter2|secret words/);
  });

  test("what Vigie never applied cannot drift", () => {
    const seen = look({ ...v1, auth: "ghcr.io/dreamscape-ai/auth:v9" }, { replicas: 7 });
    expect(driftOf({ content: null, replicas: null }, seen)).toEqual([]);
    expect(driftOf({ content: null, replicas: 2 }, seen)).toEqual(["2 → 7 replicas"]);
    expect(driftOf({ content: wanted.content, replicas: null }, look(v1, { replicas: 7 }))).toEqual([]);
  });

  test("a long list is cut, and says so", () => {
    const many = look(v1, {}, Object.fromEntries(Array.from({ length: 40 }, (_, key) => [`KEY_${key}`, "x"])));
    const found = driftOf(wanted, many);
    expect(found).toHaveLength(12);
    expect(found.at(-1)).toBe("and 30 more");
  });

  test("its mark is another as soon as anything else runs, and the same otherwise", () => {
    expect(markOfSeen(look())).toBe(markOfSeen(look()));
    expect(markOfSeen(look())).not.toBe(markOfSeen(look(v1, { replicas: 3 })));
    expect(markOfSeen(look())).not.toBe(markOfSeen(look(v1, {}, { LOG_LEVEL: "debug" })));
  });

  test("a record leads back when it holds what is wanted, whatever the number of pods", () => {
    expect(contentDifferences(look().content, look(v1, { replicas: 9 }).content)).toEqual([]);
  });
});

test.each<[string, Partial<BigPodState>, DeploymentOptions, boolean]>([
  ["settled", {}, {}, true],
  ["rolling out", { rollout: { done: 1, total: 2 } }, {}, false],
  ["a rollout that has failed stays as it is", { rollout: { done: 1, total: 2 }, status: "broken" }, {}, true],
  ["a generation that was not folded yet", {}, { generation: 2 }, false],
  ["another object", {}, { uid: "other" }, false],
  ["no workload", { workload: null }, {}, false],
])("whether it can be said what runs: %s", (_name, overrides, options, expected) => {
  expect(isSteady(state(v1, overrides), deployment("core", v1, options))).toBe(expected);
});

test("what an operation intended is known from its plan, whoever wrote in the meantime", () => {
  const { template } = deployment("core", v1).spec as { template: Record<string, unknown> };
  const base = { bigPod: "core", workload: { name: "core", uid: "u", generation: 1 }, before: { template, configMaps: [], replicas: 2 }, colour: null };
  const images = intendedTemplate({ ...base, write: { effect: "images", images: { auth: "ghcr.io/dreamscape-ai/auth:v2" } } });
  expect(contentDifferences({ template, configMaps: [] }, { template: images ?? {}, configMaps: [] })).toEqual(["auth v1 → v2"]);
  expect(intendedTemplate({ ...base, write: { effect: "restart" } })).toBeNull();
  expect(intendedTemplate({ ...base, write: { effect: "scale", replicas: 3 } })).toBeNull();
});
