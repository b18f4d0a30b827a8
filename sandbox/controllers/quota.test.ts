import { afterEach, expect, test } from "vitest";
import { addBuild, conditionReason, createDeployment, createLab, createQuota, isRolledOut, setImage, type Lab } from "#sandbox/controllers/lab.test-support.ts";
import { asNew } from "#sandbox/controllers/object-keys.ts";

const labs: Lab[] = [];
function lab(): Lab {
  const made = createLab();
  labs.push(made);
  for (const tag of ["v1", "v2"]) addBuild(made.catalogue, `registry.example/app:${tag}`);
  return made;
}
afterEach(() => {
  for (const made of labs.splice(0)) {
    made.stop();
    expect(made.errors).toEqual([]);
  }
});

const resources = { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "128Mi" } };
const quota = (made: Lab) => made.store.get("resourcequotas", "test", "compute");
const podOf = (name: string, container: Record<string, unknown> = {}, spec: Record<string, unknown> = {}) =>
  asNew({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "test" }, spec: { containers: [{ name: "main", image: "registry.example/app:v1", ...container }], ...spec } });

test("a rollout that the quota has no room for says so on ReplicaSet and Deployment, and goes on once there is room", () => {
  const made = lab();
  createDeployment(made.store, { container: { resources } });
  made.clock.runUntil(() => isRolledOut(made.deployment("app")));
  createQuota(made.store, { pods: "2", "requests.cpu": "200m", "requests.memory": "128Mi" });
  made.clock.run(1);
  expect(quota(made)?.status).toEqual({ hard: { pods: "2", "requests.cpu": "200m", "requests.memory": "128Mi" }, used: { pods: "2", "requests.cpu": "200m", "requests.memory": "128Mi" } });
  setImage(made.store, "registry.example/app:v2");
  made.clock.run(2_000);
  const sentence = /^pods "app-[a-z0-9]+-[a-z0-9]{5}" is forbidden: exceeded quota: compute, requested: pods=1,requests.cpu=100m,requests.memory=64Mi, used: pods=2,requests.cpu=200m,requests.memory=128Mi, limited: pods=2,requests.cpu=200m,requests.memory=128Mi$/;
  const [set] = made.store.list("replicasets.apps", "test").filter((candidate) => candidate.spec.template.spec.containers[0].image.endsWith("v2"));
  for (const object of [set, made.deployment("app")]) {
    const failure = object?.status.conditions.find((condition: { type: string }) => condition.type === "ReplicaFailure");
    expect(failure).toMatchObject({ status: "True", reason: "FailedCreate", message: expect.stringMatching(sentence) });
  }
  const [event] = made.events("FailedCreate");
  expect(event).toMatchObject({ type: "Warning", source: { component: "replicaset-controller" }, involvedObject: { kind: "ReplicaSet", name: set?.metadata.name } });
  expect(event?.message.replace("Error creating: ", "")).toMatch(sentence);
  made.store.delete("resourcequotas", "test", "compute");
  made.clock.runUntil(() => isRolledOut(made.deployment("app")), 60_000);
  expect(conditionReason(made.deployment("app"), "ReplicaFailure")).toBeUndefined();
});

test("refusals that go on for long are told by a few events, the last of them counted", () => {
  const made = lab();
  createQuota(made.store, { pods: "1" });
  createDeployment(made.store);
  made.clock.run(600_000);
  const events = made.events("FailedCreate");
  expect(events).toHaveLength(11);
  expect(events.filter((event) => event.message.startsWith("(combined from similar events): Error creating: pods "))).toHaveLength(1);
  expect(Math.max(...events.map((event) => event.count))).toBeGreaterThan(10);
});

test("what is in use follows the pods: deleted, finished and starting ones", () => {
  const made = lab();
  createQuota(made.store, { pods: "3", "requests.memory": "1Gi" });
  made.store.create("pods", podOf("one", { resources }), { manager: "test" });
  made.store.create("pods", podOf("two", { resources: { limits: { memory: "0.5Gi" } } }, { restartPolicy: "Never" }), { manager: "test" });
  made.clock.run(1);
  expect(quota(made)?.status.used).toEqual({ pods: "2", "requests.memory": "576Mi" });
  made.store.delete("pods", "test", "one");
  made.clock.run(1_500);
  expect(quota(made)?.status.used).toEqual({ pods: "1", "requests.memory": "512Mi" });
  made.clock.runUntil(() => made.pods()[0]?.status?.phase === "Succeeded", 30_000);
  made.clock.run(1);
  expect(quota(made)?.status.used).toEqual({ pods: "0", "requests.memory": "0" });
});

test("under a quota of a resource every container must state it; init containers count where they ask for more", () => {
  const made = lab();
  createQuota(made.store, { "requests.cpu": "500m", "limits.memory": "128Mi" });
  const create = (container: Record<string, unknown>, spec?: Record<string, unknown>) => () => made.store.create("pods", podOf("web", container, spec), { manager: "test" });
  expect(create({ resources: { requests: { memory: "1Mi" } } })).toThrow('pods "web" is forbidden: failed quota: compute: must specify limits.memory for: main; requests.cpu for: main');
  expect(create({ resources }, { initContainers: [{ name: "first", image: "x:1", resources: { requests: { cpu: "600m" } } }] })).toThrow('pods "web" is forbidden: exceeded quota: compute, requested: requests.cpu=600m, used: requests.cpu=0, limited: requests.cpu=500m');
  expect(create({ resources })).not.toThrow();
});
