import fc from "fast-check";
import { expect, test } from "vitest";
import { bigPodStateSchema } from "#lib/contracts/state.ts";
import { conclude } from "#lib/domain/fold-finding.ts";
import { findingKinds } from "#lib/domain/fold-order.ts";
import { digestOfImageId, parseImage, pinnedImage } from "#lib/domain/fold-image.ts";
import { clean } from "#lib/domain/fold-read.ts";
import { rolloutOf, sameJson } from "#lib/domain/fold-rollout.ts";
import { eventsByObject, foldBigPod } from "#lib/domain/fold.ts";
import { ago, allUp, core, coreImages, deployment, digestOf, experience, experienceImages, health, pod, replicaSet, testNow } from "#lib/domain/test-objects.ts";
import { healthStatuses } from "#lib/domain/status.ts";

const images = experienceImages("v1");
const serviceStatus = fc.constantFrom("up", "down", "degraded", "starting", "unknown");
const container = fc.record({
  ready: fc.boolean(),
  restartCount: fc.integer({ min: 0, max: 5 }),
  state: fc.oneof(
    fc.record({ running: fc.record({ startedAt: fc.integer({ min: 0, max: 5000 }).map(ago) }) }),
    fc.record({ waiting: fc.record({ reason: fc.constantFrom("ContainerCreating", "CrashLoopBackOff", "ImagePullBackOff", "CreateContainerConfigError") }) }),
    fc.record({ terminated: fc.record({ exitCode: fc.integer({ min: 0, max: 255 }) }) }),
  ),
});
const counts = fc.record({ replicas: fc.nat(4), updatedReplicas: fc.nat(4), readyReplicas: fc.nat(4), availableReplicas: fc.nat(4) });

test("healthy only when the rollout is complete and every service is up in every pod, whatever the cluster says", () => {
  let healthy = 0;
  const aPod = fc.record({ ready: fc.boolean(), container, services: fc.record({ voyage: serviceStatus, ai: serviceStatus, panorama: serviceStatus }) });
  const good = fc.constant({ ready: true, container: { ready: true, restartCount: 0, state: { running: { startedAt: ago(900) } } }, services: { voyage: "up", ai: "up", panorama: "up" } } as const);
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: aPod }), { maxLength: 4 }), fc.integer({ min: 0, max: 4 }), fc.option(counts, { nil: undefined, freq: 2 }), fc.boolean(), fc.constantFrom("live", "down", "stale", "connecting", "unsupported"), (pods, replicas, status, seen, source) => {
      const ready = pods.filter((p) => p.ready).length;
      const d = deployment("experience", images, { replicas, generation: 2, observed: seen ? 2 : 1, status: status ?? { replicas: pods.length, updatedReplicas: pods.length, readyReplicas: ready, availableReplicas: ready } });
      const set = replicaSet(d, "a", images);
      const objects = pods.map((p, index) => pod(set, `p${index}`, images, { ready: p.ready, containers: { experience: p.container } }));
      const answers = Object.fromEntries(pods.map((p, index) => [`experience-a-p${index}`, Object.fromEntries(Object.entries(p.services).map(([name, s]) => [name, { status: s, detail: null }]))]));
      const state = foldBigPod({ environment: "prod", namespace: "n", bigPod: experience, deployments: [d], replicaSets: [set], pods: objects, events: new Map(), health: health(answers, { status: source }), sources: ["s"], previous: null, now: testNow });
      bigPodStateSchema.parse(state);
      if (state.status !== "healthy") {
        expect(state.cause).toBeTruthy();
        return;
      }
      healthy += 1;
      expect(rolloutOf(d).phase).toBe("complete");
      expect(state.pods.filter((p) => p.ready).length).toBeGreaterThanOrEqual(replicas);
      expect(state.pods.every((p) => p.ready)).toBe(true);
      expect(replicas).toBeGreaterThan(0);
      expect(state.services.every((s) => s.status === "up")).toBe(true);
      if (source !== "unsupported") expect(pods.every((p) => Object.values(p.services).every((s) => s === "up"))).toBe(true);
    }),
    { numRuns: 2000 },
  );
  // The rule must be able to say yes, or it proves nothing.
  expect(healthy).toBeGreaterThan(50);
});

test("the fold never throws and always fits its schema, whatever stands in spec and status", () => {
  const v = coreImages("v1");
  fc.assert(
    fc.property(fc.anything(), fc.anything(), fc.anything(), fc.anything(), (spec, status, podSpec, podStatus) => {
      const base = deployment("core", v);
      const set = replicaSet(base, "a", v);
      const one = pod(set, "p", v);
      const state = foldBigPod({
        environment: "prod", namespace: "n", bigPod: core,
        deployments: [{ ...base, spec, status }], replicaSets: [{ ...set, spec }], pods: [{ ...one, spec: podSpec, status: podStatus }, { ...one, status: podStatus }],
        events: eventsByObject([{ metadata: { name: "e", uid: "e" }, involvedObject: spec, reason: status, message: podStatus }]),
        health: health({ "core-a-p": allUp }), sources: [], previous: null, now: testNow,
      });
      bigPodStateSchema.parse(state);
    }),
    { numRuns: 500 },
  );
});

test("worst wins: no finding can make another one's status better", () => {
  const finding = fc.record({ status: fc.constantFrom("broken", "warning", "progressing", "paused", "unknown"), kind: fc.constantFrom(...findingKinds), group: fc.string(), on: fc.string() });
  fc.assert(
    fc.property(fc.array(finding, { minLength: 1 }), finding, (some, more) => {
      const full = (f: typeof more) => ({ ...f, tell: () => "x", evidence: [], remedy: "y" });
      const before = healthStatuses.indexOf(conclude(some.map(full)).status);
      expect(healthStatuses.indexOf(conclude([...some, more].map(full)).status)).toBeLessThanOrEqual(before);
    }),
  );
});

test.each([
  ["nginx", { repository: "nginx", tag: null, digest: null }],
  ["localhost:5000/a/b", { repository: "localhost:5000/a/b", tag: null, digest: null }],
  ["localhost:5000/a/b:v1", { repository: "localhost:5000/a/b", tag: "v1", digest: null }],
  [`ghcr.io/x/y:v1@${digestOf("q")}`, { repository: "ghcr.io/x/y", tag: "v1", digest: digestOf("q") }],
  [`ghcr.io/x/y@${digestOf("q")}`, { repository: "ghcr.io/x/y", tag: null, digest: digestOf("q") }],
  ["ghcr.io/x/y@sha256:short", { repository: "ghcr.io/x/y", tag: null, digest: null }],
])("image reference %s", (reference, expected) => {
  expect(parseImage(reference)).toEqual(expected);
  const { digest } = expected;
  if (digest !== null) expect(pinnedImage({ ...expected, digest })).toBe(reference);
});

test.each([
  [`ghcr.io/x/y@${digestOf("q")}`, digestOf("q")],
  [`docker-pullable://ghcr.io/x/y@${digestOf("q")}`, digestOf("q")],
  [digestOf("q"), null],
  ["", null],
])("digest that ran, from imageID %s", (imageId, digest) => expect(digestOfImageId(imageId)).toBe(digest));

test("clean is idempotent and leaves nothing that cannot be stored or would steer a terminal", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const once = clean(text);
      expect(clean(once)).toBe(once);
      expect(once.isWellFormed()).toBe(true);
      // eslint-disable-next-line no-control-regex -- looked for on purpose
      expect(once).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    }),
  );
});

test("sameJson ignores the order of keys and nothing else", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    expect(sameJson(value, JSON.parse(JSON.stringify(value)))).toBe(true);
  }));
  expect(sameJson({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
  expect(sameJson({ a: 1 }, { a: 1, b: null })).toBe(false);
  expect(sameJson([1, 2], [2, 1])).toBe(false);
});
