import { afterEach, expect, test } from "vitest";
import { addBuild, createDeployment, createLab, isRolledOut, type Lab } from "#sandbox/controllers/lab.test-support.ts";
import { asNew } from "#sandbox/controllers/object-keys.ts";
import { downAnnotation } from "#sandbox/controllers/node-shape.ts";
import { conditionOf, isReady } from "#sandbox/controllers/pod-shape.ts";

const labs: Lab[] = [];
function lab(): Lab {
  const made = createLab();
  labs.push(made);
  addBuild(made.catalogue, "registry.example/app:v1");
  return made;
}
afterEach(() => {
  for (const made of labs.splice(0)) {
    made.stop();
    expect(made.errors).toEqual([]);
  }
});

function setDown(made: Lab, node: string, down: boolean): void {
  made.store.modify("nodes", undefined, node, { manager: "test" }, (draft) => {
    draft.metadata.annotations = { ...draft.metadata.annotations, [downAnnotation]: String(down) };
  });
}

const ready = (made: Lab, node: string) => conditionOf({ status: made.store.get("nodes", undefined, node)?.status }, "Ready");

test("a node that falls silent is NotReady after the grace, its pods are unready, then evicted and replaced", () => {
  const made = lab();
  createDeployment(made.store, { replicas: 3 });
  made.clock.runUntil(() => isRolledOut(made.deployment("app")));
  const node = "arm-a1-2";
  const lost = made.pods().find((pod) => pod.spec.nodeName === node);
  if (!lost) throw new Error("no pod on the node");
  setDown(made, node, true);
  made.clock.runUntil(() => ready(made, node)?.status === "Unknown", 20_000);
  expect(ready(made, node)).toMatchObject({ reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." });
  expect(isReady(made.pods().find((pod) => pod.metadata.name === lost.metadata.name) ?? lost)).toBe(false);
  expect(made.events("NodeNotReady").map((event) => event.message)).toEqual([`Node ${node} status is now: NodeNotReady`, "Node is not ready"]);
  made.clock.run(35_000);
  expect(made.events("TaintManagerEviction")[0]?.message).toBe(`Marking for deletion Pod test/${lost.metadata.name}`);
  expect(made.pods()).toHaveLength(4);
  expect(made.store.get("pods", "test", lost.metadata.name)?.metadata.deletionTimestamp).toBeDefined();
  made.clock.runUntil(() => isRolledOut(made.deployment("app")), 10_000);
  expect(made.activePods().every((pod) => pod.spec.nodeName !== node)).toBe(true);

  setDown(made, node, false);
  made.clock.run(5_000);
  expect(ready(made, node)?.status).toBe("True");
  expect(made.store.get("nodes", undefined, node)?.spec.taints).toBeUndefined();
  expect(made.store.get("pods", "test", lost.metadata.name)).toBeUndefined();
});

test("a node that comes back before the eviction restarts its pods", () => {
  const made = lab();
  createDeployment(made.store, { replicas: 3 });
  made.clock.runUntil(() => isRolledOut(made.deployment("app")));
  setDown(made, "arm-a1-1", true);
  made.clock.run(20_000);
  expect(made.deployment("app").status.availableReplicas).toBe(2);
  setDown(made, "arm-a1-1", false);
  made.clock.runUntil(() => isRolledOut(made.deployment("app")), 10_000);
  expect(made.pods()).toHaveLength(3);
  const back = made.pods().find((pod) => pod.spec.nodeName === "arm-a1-1");
  expect(back?.status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 255, reason: "Unknown" } } });
});

test("a pod that fits nowhere says why in the scheduler's sentence, and is bound when it fits", () => {
  const made = lab();
  made.store.modify("nodes", undefined, "arm-a1-3", { manager: "test" }, (draft) => {
    draft.spec.unschedulable = true;
  });
  createDeployment(made.store, { replicas: 1, container: { resources: { requests: { cpu: "3", memory: "64Mi" } } } });
  made.clock.run(1_000);
  const sentence = "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
  expect(made.events("FailedScheduling")[0]).toMatchObject({ message: sentence, type: "Warning", source: { component: "default-scheduler" } });
  expect(conditionOf(made.pods()[0] ?? {}, "PodScheduled")).toMatchObject({ status: "False", reason: "Unschedulable", message: sentence });
  made.store.modify("nodes", undefined, "arm-a1-3", { manager: "test", subresource: "status" }, (draft) => {
    draft.status.allocatable = { ...draft.status.allocatable, cpu: "8" };
  });
  made.store.modify("nodes", undefined, "arm-a1-3", { manager: "test" }, (draft) => {
    delete draft.spec.unschedulable;
  });
  made.clock.runUntil(() => isRolledOut(made.deployment("app")), 10_000);
  expect(made.pods()[0]?.spec.nodeName).toBe("arm-a1-3");
});

test("a node selector nothing matches is named as such", () => {
  const made = lab();
  createDeployment(made.store, { replicas: 1, spec: { nodeSelector: { "kubernetes.io/arch": "amd64" } } });
  made.clock.run(1_000);
  expect(made.events("FailedScheduling")[0]?.message).toBe("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.");
});

test("a disruption budget allows what its pods can spare, and nothing while one of them is away", () => {
  const made = lab();
  createDeployment(made.store, { replicas: 3 });
  made.clock.runUntil(() => isRolledOut(made.deployment("app")));
  made.store.create("poddisruptionbudgets.policy", asNew({ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "app", namespace: "test" }, spec: { minAvailable: "50%", selector: { matchLabels: { app: "app" } } } }), { manager: "test" });
  made.clock.run(1);
  const status = () => made.store.get("poddisruptionbudgets.policy", "test", "app")?.status;
  expect(status()).toMatchObject({ expectedPods: 3, currentHealthy: 3, desiredHealthy: 2, disruptionsAllowed: 1, conditions: [{ type: "DisruptionAllowed", status: "True", reason: "SufficientPods" }] });
  made.store.delete("pods", "test", made.pods()[0]?.metadata.name ?? "");
  made.clock.run(1);
  expect(status()).toMatchObject({ expectedPods: 3, currentHealthy: 2, disruptionsAllowed: 0, conditions: [{ status: "False", reason: "InsufficientPods" }] });
  made.clock.runUntil(() => status()?.disruptionsAllowed === 1, 20_000);
});

test("nodes are not silent when everything was held up", () => {
  const made = lab();
  createDeployment(made.store, { replicas: 3 });
  made.clock.runUntil(() => isRolledOut(made.deployment("app")));
  made.clock.run(500);
  made.clock.holdUp(30_000);
  made.clock.run(15_000);
  expect(made.events("NodeNotReady")).toEqual([]);
  expect(made.pods().every(isReady)).toBe(true);
});
