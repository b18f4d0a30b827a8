import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { controllerOf } from "#lib/domain/fold-read.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import { createBackoff } from "#lib/worker/watchers/reflector-backoff.ts";
import { createReflectorStore, isOlder } from "#lib/worker/watchers/reflector-store.ts";
import { podInBrief, withoutManagedFields } from "#lib/worker/watchers/reflector.ts";

const object = (uid: string, resourceVersion: string): ClusterObject => ({ metadata: { name: uid, uid, resourceVersion } });
const words = (events: readonly ({ type: string; object: ClusterObject } | null)[]) => events.map((event) => (event === null ? null : `${event.type} ${event.object.metadata.uid}@${event.object.metadata.resourceVersion}`));

describe("resource versions", () => {
  it.each([
    ["9", "10", true],
    ["10", "9", false],
    ["10", "10", false],
    ["9007199254740993", "9007199254740994", true],
    ["99999999999999999999", "100000000000000000000", true],
    ["abc", "10", false],
    ["10", "abc", false],
    ["", "1", false],
  ])("%s is older than %s: %s", (a, b, older) => expect(isOlder(a, b)).toBe(older));
});

describe("what a reflector knows", () => {
  it("tells a list against what it knew, deletions first", () => {
    const store = createReflectorStore();
    expect(words(store.replaceAll([object("a", "1"), object("b", "2")], "2"))).toEqual(["ADDED a@1", "ADDED b@2"]);
    expect(words(store.replaceAll([object("b", "5"), object("c", "4")], "5"))).toEqual(["DELETED a@1", "MODIFIED b@5", "ADDED c@4"]);
    expect(store.replaceAll([object("b", "5"), object("c", "4")], "5")).toEqual([]);
  });

  it("believes a list even when its versions went back, as after a restored backup", () => {
    const store = createReflectorStore();
    store.replaceAll([object("a", "50")], "50");
    expect(words(store.replaceAll([object("a", "7")], "7"))).toEqual(["MODIFIED a@7"]);
    expect(words([store.apply("MODIFIED", object("a", "8"))])).toEqual(["MODIFIED a@8"]);
  });

  it("names an event by what it is to the copy", () => {
    const store = createReflectorStore();
    expect(words([store.apply("MODIFIED", object("a", "1"))])).toEqual(["ADDED a@1"]);
    expect(words([store.apply("ADDED", object("a", "2"))])).toEqual(["MODIFIED a@2"]);
    expect(store.apply("DELETED", object("a", "3"))?.previous?.metadata.resourceVersion).toBe("2");
    expect(store.items().size).toBe(0);
  });

  it("ignores echoes: repeated, older, deleted, never known", () => {
    const store = createReflectorStore();
    store.apply("ADDED", object("a", "10"));
    expect([
      store.apply("ADDED", object("a", "10")),
      store.apply("MODIFIED", object("a", "9")),
      store.apply("DELETED", object("a", "8")),
      store.apply("DELETED", object("never", "11")),
    ]).toEqual([null, null, null, null]);
    store.apply("DELETED", object("a", "12"));
    expect(store.apply("ADDED", object("a", "11"))).toBeNull();
    expect(store.apply("ADDED", object("a", "13"))).toBeNull();
    expect(words(store.replaceAll([object("a", "14")], "14"))).toEqual(["ADDED a@14"]);
  });
});

describe("ACCEPTANCE 21: no gap, no duplicate, no ghost", () => {
  it("does not make a ghost of an addition that its own deletion has overtaken", () => {
    const store = createReflectorStore();
    store.replaceAll([], "10");
    expect(store.apply("DELETED", object("a", "12"))).toBeNull();
    expect(store.apply("ADDED", object("a", "11"))).toBeNull();
    expect(store.items().size).toBe(0);
  });

  it("does not believe an echo from before the list", () => {
    const store = createReflectorStore();
    store.replaceAll([object("b", "9")], "10");
    expect(store.apply("ADDED", object("a", "8"))).toBeNull();
    expect(words([store.apply("ADDED", object("c", "11"))])).toEqual(["ADDED c@11"]);
  });

  it("compares contents after the server was put back: the same version may be another object state", () => {
    const store = createReflectorStore();
    const labelled = (label: string): ClusterObject => ({ metadata: { name: "a", uid: "a", resourceVersion: "11", labels: { label } } });
    store.replaceAll([labelled("before")], "20");
    expect(words(store.replaceAll([labelled("after")], "12"))).toEqual(["MODIFIED a@11"]);
    expect(store.replaceAll([labelled("after")], "13")).toEqual([]);
  });
});

describe("waiting", () => {
  it("doubles up to the limit, within its jitter, and starts over", () => {
    const backoff = createBackoff({ minMs: 250, maxMs: 5_000, random: () => 0.999 });
    const waits = Array.from({ length: 8 }, () => Math.round(backoff.next()));
    expect(waits).toEqual([250, 500, 1_000, 1_999, 3_998, 4_998, 4_998, 4_998]);
    backoff.reset();
    expect(Math.round(backoff.next())).toBe(250);
    expect(createBackoff({ minMs: 250, maxMs: 5_000, random: () => 0 }).next()).toBe(125);
  });

  it("never waits less than the server asks for", () => {
    const backoff = createBackoff({ minMs: 250, maxMs: 5_000, random: () => 0 });
    expect(backoff.next(30_000)).toBe(30_000);
    expect(backoff.next(0)).toBe(250);
  });
});

describe("what is kept of an object", () => {
  it("is everything but the field managers", () => {
    const whole: ClusterObject = { metadata: { name: "a", uid: "a", resourceVersion: "1", labels: { x: "y" }, managedFields: [{ manager: "kubectl" }] }, spec: { z: 1 } };
    expect(withoutManagedFields(whole)).toEqual({ metadata: { name: "a", uid: "a", resourceVersion: "1", labels: { x: "y" } }, spec: { z: 1 } });
    expect(whole.metadata.managedFields).toHaveLength(1);
  });

  it("is of a pod what a pod alone can say, and what its findings read of its spec", () => {
    const read = { name: "app", image: "nginx:1", resources: { limits: { memory: "64Mi" } }, readinessProbe: { periodSeconds: 5 }, startupProbe: { failureThreshold: 3 } };
    const container = { ...read, env: [{ name: "A", value: "b" }], volumeMounts: [{ name: "v", mountPath: "/v" }], command: ["run"] };
    const status = { phase: "Running" };
    const pod: ClusterObject = { metadata: { name: "a", uid: "a", resourceVersion: "1", managedFields: [{ manager: "k3s" }] }, spec: { nodeName: "arm-1", volumes: [{ name: "v" }], containers: [container], initContainers: [container] }, status };
    expect(podInBrief(pod)).toEqual({ metadata: { name: "a", uid: "a", resourceVersion: "1" }, spec: { nodeName: "arm-1", containers: [read], initContainers: [read] }, status });
    expect(podInBrief({ metadata: pod.metadata })).toEqual({ metadata: { name: "a", uid: "a", resourceVersion: "1" }, spec: {} });
  });

  it("finds what an owner owns, whatever came and went", () => {
    const owner = fc.constantFrom("x", "y", null);
    const one = fc.record({ uid: fc.constantFrom("a", "b", "c", "d"), owner });
    const step = fc.oneof(
      fc.record({ type: fc.constantFrom("ADDED" as const, "MODIFIED" as const, "DELETED" as const), one }),
      fc.record({ type: fc.constant("LIST" as const), all: fc.uniqueArray(one, { selector: ({ uid }) => uid }) }),
    );
    const owned = (from: { uid: string; owner: string | null }, version: number): ClusterObject => {
      const { metadata } = object(from.uid, String(version));
      return { metadata: from.owner === null ? metadata : { ...metadata, ownerReferences: [{ kind: "ReplicaSet", name: from.owner, uid: from.owner, controller: true }] } };
    };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const store = createReflectorStore();
        for (const [index, taken] of steps.entries()) {
          if (taken.type === "LIST") store.replaceAll(taken.all.map((from) => owned(from, index)), String(index));
          else store.apply(taken.type, owned(taken.one, index));
          for (const name of ["x", "y"]) {
            const found = [...store.ownedBy(name)].map(({ metadata }) => metadata.uid).toSorted();
            expect(found).toEqual([...store.items().values()].filter((each) => controllerOf(each) === name).map(({ metadata }) => metadata.uid).toSorted());
          }
        }
      }),
    );
  });
});
