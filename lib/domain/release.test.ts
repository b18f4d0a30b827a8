import fc from "fast-check";
import { expect, test } from "vitest";
import { releaseContentSchema } from "#lib/contracts/release.ts";
import type { ReleaseContent } from "#lib/contracts/release.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { foldBigPod } from "#lib/domain/fold.ts";
import { chooseNumber, configMapNames, contentHash, hashOf, imagesHash, isSettled, normaliseTemplate, sealBigPod } from "#lib/domain/release.ts";
import { core, coreImages, deployment, digestOf, health, pod, replicaSet, testNow } from "#lib/domain/test-objects.ts";

function running(images: Record<string, string>, change: { uid?: string; templateAnnotations?: Record<string, string>; replicas?: number; digest?: string } = {}): { workload: RawObject; state: BigPodState } {
  const workload = deployment("core", images, change);
  const set = replicaSet(workload, "a", images);
  const state = foldBigPod({ environment: "prod", namespace: "n", bigPod: core, deployments: [workload], replicaSets: [set], pods: [pod(set, "1", images, change), pod(set, "2", images, change)], events: new Map(), health: health({}, { status: "unsupported" }), sources: [], previous: null, now: testNow });
  return { workload, state };
}
const maps = (level: string) => (name: string): RawObject | undefined => (name === "core-config" ? { metadata: { name, uid: "cm" }, data: { LOG_LEVEL: level } } : undefined);
function seal(images: Record<string, string>, change: Parameters<typeof running>[1] & { level?: string; environment?: string } = {}): ReleaseContent {
  const { workload, state } = running(images, change);
  return releaseContentSchema.parse({ environment: change.environment ?? "prod", bigPods: { core: sealBigPod(workload, state, maps(change.level ?? "info")) } });
}

const v1 = coreImages("v1");
const pinned = Object.fromEntries(Object.entries(v1).map(([name, image]) => [name, `${image}@${digestOf(image)}`]));
const untagged = Object.fromEntries(Object.entries(v1).map(([name, image]) => [name, `${image.replace(/:[^:/]*$/, "")}@${digestOf(image)}`]));

test("a sealed template names every image by tag and digest and holds the ConfigMaps it reads", () => {
  const sealed = seal(v1).bigPods["core"];
  expect(sealed?.template).toMatchObject({ spec: { containers: Object.values(pinned).map((image) => ({ image })) } });
  expect(sealed?.configMaps).toEqual([{ name: "core-config", data: { LOG_LEVEL: "info" }, binaryData: {} }]);
});

test.each<[string, ReleaseContent]>([
  ["the same images written by tag and digest", seal(pinned)],
  ["the same images written by digest alone", seal(untagged)],
  ["a restart", seal(v1, { templateAnnotations: { "kubectl.kubernetes.io/restartedAt": "2026-11-21T10:00:00Z" } })],
  ["an operation's mark", seal(v1, { templateAnnotations: { "vigie.dev/operation": "op" } })],
  ["a workload that was created again", seal(v1, { uid: "another" })],
])("content stays the same release: %s", (_name, content) => {
  expect(contentHash(content)).toBe(contentHash(seal(v1)));
  expect(imagesHash(content)).toBe(imagesHash(seal(v1)));
});

test.each<[string, ReleaseContent, boolean]>([
  ["another image", seal(coreImages("v2")), false],
  ["another configuration", seal(v1, { level: "debug" }), true],
  ["another annotation of the template", seal(v1, { templateAnnotations: { "prometheus.io/scrape": "true" } }), true],
  ["another environment", seal(v1, { environment: "staging" }), true],
])("another release: %s", (_name, content, sameImages) => {
  expect(contentHash(content)).not.toBe(contentHash(seal(v1)));
  expect(imagesHash(content) === imagesHash(seal(v1))).toBe(sameImages);
});

test("what the registry knows is no part of the identity", () => {
  const content = seal(v1);
  const before = contentHash(content);
  for (const image of content.bigPods["core"]?.images ?? []) image.revision = "abc";
  expect(contentHash(content)).toBe(before);
});

test("the hash is that of RFC 8785: the order of keys does not matter, what JSON cannot hold is refused", () => {
  expect(hashOf({ b: 1, a: [1, { d: 2, c: 3 }] })).toBe(hashOf({ a: [1, { c: 3, d: 2 }], b: 1 }));
  expect(hashOf({})).toBe("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  expect(() => hashOf({ a: Number.NaN })).toThrow();
  expect(() => hashOf({ a: "\ud800" })).toThrow();
});

test("settled: complete with all digests known, broken or not; never while rolling or with an unknown digest", () => {
  const { state } = running(v1);
  expect(isSettled(state)).toBe(true);
  expect(isSettled({ ...state, status: "broken" })).toBe(true);
  expect(isSettled({ ...state, rollout: { done: 1, total: 2 } })).toBe(false);
  expect(isSettled({ ...state, replicas: { ...state.replicas, updated: 1 } })).toBe(false);
  expect(isSettled({ ...state, images: state.images.map((i, n) => (n === 1 ? { ...i, digest: null } : i)) })).toBe(false);
  expect(isSettled({ ...state, workload: null, status: "broken" })).toBe(false);
  expect(isSettled({ ...state, workload: null, status: "unknown" })).toBe(true);
});

test("ConfigMaps are found wherever a template can refer to them", () => {
  expect(
    configMapNames({
      spec: {
        initContainers: [{ envFrom: [{ configMapRef: { name: "e" } }] }],
        containers: [{ envFrom: [{ configMapRef: { name: "b" } }, { secretRef: { name: "secret" } }], env: [{ name: "X", valueFrom: { configMapKeyRef: { name: "a", key: "k" } } }, { name: "Y", valueFrom: { secretKeyRef: { name: "s2", key: "k" } } }] }],
        volumes: [{ name: "v", configMap: { name: "c" } }, { name: "p", projected: { sources: [{ configMap: { name: "d" } }, { secret: { name: "s3" } }] } }, { name: "q", secret: { secretName: "s4" } }],
      },
    }),
  ).toEqual(["a", "b", "c", "d", "e"]);
});

test("normalising twice is normalising once, whatever the template", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (template) => {
      const once = normaliseTemplate(template);
      expect(normaliseTemplate(once)).toEqual(once);
    }),
  );
});

test.each([
  ["back at what ran before", 7, [9], 9, 7],
  ["the number an operation brings", null, [3, 9, 5], 5, 5],
  ["an operation's number that has other images", null, [3, 9], 5, 9],
  ["the newest with these images", null, [3, 9, 5], null, 9],
  ["nothing known: a new one", null, [], 5, null],
] as const)("numbering: %s", (_name, recorded, same, preferred, expected) => {
  expect(chooseNumber(recorded, same, preferred)).toBe(expected);
});
