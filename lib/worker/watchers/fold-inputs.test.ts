import { expect, test } from "vitest";
import { controllerOf } from "#lib/domain/fold-read.ts";
import { core, coreImages, deployment, health, pod, replicaSet } from "#lib/domain/test-objects.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import { foldInputs, sameInputs, unversioned } from "#lib/worker/watchers/fold-inputs.ts";

// The domain's test objects have every field of a cluster's object but its version.
const versioned = (object: object): ClusterObject => ({ ...(object as ClusterObject), metadata: { ...(object as ClusterObject).metadata, resourceVersion: "1" } });

function world() {
  const images = coreImages("v1");
  const own = deployment("core", images);
  const other = deployment("other", images, { uid: "other" });
  const set = replicaSet(own, "a", images);
  const otherSet = replicaSet(other, "b", images);
  return { deployments: [own, other].map(versioned), replicaSets: [set, otherSet].map(versioned), pods: [pod(set, "1", images), pod(set, "2", images), pod(otherSet, "3", images)].map(versioned) };
}
const owned = (objects: readonly ClusterObject[]) => ({ ownedBy: (uid: string) => objects.filter((object) => controllerOf(object) === uid) });
const inputs = ({ deployments, replicaSets, pods }: ReturnType<typeof world>) => foldInputs({ deployments, replicaSets: owned(replicaSets), pods: owned(pods), events: [], lastLines: new Map(), health: health({}, { status: "unsupported" }) })(core);

test("a Big Pod gets what its own workload owns, and nothing of another", () => {
  const found = inputs(world());
  expect([found.deployments.length, found.replicaSets.length, found.pods.length]).toEqual([1, 1, 2]);
});

test("inputs are the same until one of its own objects is another", () => {
  const before = world();
  const seen = inputs(before).seen;
  expect(sameInputs(seen, inputs(before).seen)).toBe(true);
  const [first, second, foreign] = before.pods;
  if (first === undefined || second === undefined || foreign === undefined) throw new Error("three pods");
  expect(sameInputs(seen, inputs({ ...before, pods: [first, second, versioned(foreign)] }).seen)).toBe(true);
  expect(sameInputs(seen, inputs({ ...before, pods: [first, versioned(second), foreign] }).seen)).toBe(false);
  expect(sameInputs(seen, inputs({ ...before, pods: [first, foreign] }).seen)).toBe(false);
});

test("what Prometheus says of one pod is an input of its Big Pod alone", () => {
  const objects = world();
  const measured = (pod: ClusterObject | undefined, status: "up" | "down") => new Map([[pod?.metadata.name ?? "", { at: "2026-01-01T00:00:00.000Z", services: { auth: { status, detail: null } } }]]);
  const seenWith = (pod: ClusterObject | undefined, status: "up" | "down") => foldInputs({ deployments: objects.deployments, replicaSets: owned(objects.replicaSets), pods: owned(objects.pods), events: [], lastLines: new Map(), health: { ...health({}), metrics: { status: "live", reason: null, byPod: measured(pod, status) } } })(core).seen;
  const [own, , foreign] = objects.pods;
  expect(sameInputs(seenWith(foreign, "up"), seenWith(foreign, "down"))).toBe(true);
  expect(sameInputs(seenWith(own, "up"), seenWith(own, "up"))).toBe(true);
  expect(sameInputs(seenWith(own, "up"), seenWith(own, "down"))).toBe(false);
});

test("a new version with the same contents is the same input", () => {
  const [node] = world().pods;
  if (node === undefined) throw new Error("a pod");
  const next = { ...node, metadata: { ...node.metadata, resourceVersion: "2", managedFields: [{ manager: "kubelet" }] } };
  expect(unversioned(node)).toBe(unversioned(node));
  expect(sameInputs([unversioned(node)], [unversioned(next)])).toBe(true);
  expect(sameInputs([unversioned(node)], [unversioned({ ...next, spec: { unschedulable: true } })])).toBe(false);
  expect(sameInputs([unversioned(node)], [unversioned({ ...next, metadata: { ...next.metadata, labels: { zone: "b" } } })])).toBe(false);
});
