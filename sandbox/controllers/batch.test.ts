import { afterEach, expect, test } from "vitest";
import { isFinished } from "#sandbox/controllers/job.ts";
import { addBuild, createDeployment, createLab, isRolledOut, type Lab } from "#sandbox/controllers/lab.test-support.ts";
import { asNew } from "#sandbox/controllers/object-keys.ts";
import type { Behaviour } from "#sandbox/world/types.ts";

const image = "registry.example/task:v1";
const labs: Lab[] = [];
function lab(behaviour: Behaviour = { kind: "healthy" }): Lab {
  const made = createLab();
  labs.push(made);
  addBuild(made.catalogue, image, behaviour);
  addBuild(made.catalogue, "registry.example/app:v1");
  return made;
}
afterEach(() => {
  for (const made of labs.splice(0)) {
    made.stop();
    expect(made.errors).toEqual([]);
  }
});

const jobSpec = (more: Record<string, unknown> = {}) => ({ backoffLimit: 1, template: { metadata: { labels: { task: "yes" } }, spec: { restartPolicy: "Never", containers: [{ name: "task", image }] } }, ...more });

function createJob(made: Lab, more: Record<string, unknown> = {}): void {
  made.store.create("jobs.batch", asNew({ apiVersion: "batch/v1", kind: "Job", metadata: { name: "task", namespace: "test" }, spec: jobSpec(more) }), { manager: "test" });
}

const job = (made: Lab) => made.store.get("jobs.batch", "test", "task") ?? { apiVersion: "", kind: "", metadata: { name: "", uid: "", resourceVersion: "", creationTimestamp: "" } };

test("a Job runs its completions, so many at a time", () => {
  const made = lab();
  createJob(made, { completions: 3, parallelism: 2 });
  let most = 0;
  made.store.subscribe(() => (most = Math.max(most, made.activePods().length)));
  made.clock.runUntil(() => isFinished(job(made)), 60_000);
  expect(most).toBe(2);
  expect(job(made).status).toMatchObject({ succeeded: 3, ready: 0, conditions: [{ type: "Complete", status: "True" }] });
  expect(made.pods().map((pod) => pod.status?.phase)).toEqual(["Succeeded", "Succeeded", "Succeeded"]);
});

test("a Job that fails too often is given up", () => {
  const made = lab({ kind: "exits", exitCode: 2, lastLine: "no" });
  createJob(made);
  made.clock.runUntil(() => isFinished(job(made)), 120_000);
  expect(job(made).status).toMatchObject({ failed: 2, conditions: [{ type: "Failed", reason: "BackoffLimitExceeded" }] });
});

test("a finished Job disappears after its time to live, pods included", () => {
  const made = lab();
  createJob(made, { ttlSecondsAfterFinished: 30 });
  made.clock.runUntil(() => isFinished(job(made)), 60_000);
  made.clock.run(31_000);
  expect(made.store.list("jobs.batch", "test")).toEqual([]);
  made.clock.run(1_000);
  expect(made.pods()).toEqual([]);
});

function createCron(made: Lab, more: Record<string, unknown> = {}): void {
  made.store.create("cronjobs.batch", asNew({ apiVersion: "batch/v1", kind: "CronJob", metadata: { name: "cron", namespace: "test" }, spec: { schedule: "*/5 * * * *", successfulJobsHistoryLimit: 2, jobTemplate: { spec: jobSpec() }, ...more } }), { manager: "test" });
}

test("a CronJob starts Jobs on the minute, keeps its history short and reports", () => {
  const made = lab();
  createCron(made);
  made.clock.run(21 * 60_000);
  const cron = made.store.get("cronjobs.batch", "test", "cron");
  expect(cron?.status).toMatchObject({ lastScheduleTime: "2026-11-21T08:20:00Z" });
  expect(cron?.status.lastSuccessfulTime).toMatch(/^2026-11-21T08:20:0\dZ$/);
  const minute = Date.parse("2026-11-21T08:20:00Z") / 60_000;
  expect(made.store.list("jobs.batch", "test").map((found) => found.metadata.name).sort()).toEqual([`cron-${minute - 5}`, `cron-${minute}`]);
  expect(made.events("SawCompletedJob").at(-1)?.message).toBe(`Saw completed job: cron-${minute}, status: Complete`);
});

test("a CronJob that forbids overlap waits for its Job; a suspended one starts nothing", () => {
  const made = lab({ kind: "slow", readyAfterSeconds: 1 });
  createCron(made, { concurrencyPolicy: "Forbid", jobTemplate: { spec: { parallelism: 1, template: { spec: { restartPolicy: "Never", nodeSelector: { none: "such" }, containers: [{ name: "task", image }] } } } } });
  made.clock.run(16 * 60_000);
  expect(made.store.list("jobs.batch", "test")).toHaveLength(1);
  expect(made.events("JobAlreadyActive")).toHaveLength(1);
  made.store.modify("cronjobs.batch", "test", "cron", { manager: "test" }, (draft) => {
    draft.spec.suspend = true;
  });
  made.store.delete("jobs.batch", "test", made.store.list("jobs.batch", "test")[0]?.metadata.name ?? "", { propagationPolicy: "Background" });
  made.clock.run(16 * 60_000);
  expect(made.store.list("jobs.batch", "test")).toEqual([]);
});

test("an autoscaler follows the load up to its maximum, and down only after the stabilization window", () => {
  const made = lab();
  createDeployment(made.store, { container: { resources: { requests: { cpu: "100m" } } } });
  made.clock.runUntil(() => isRolledOut(made.deployment("app")));
  made.store.create("horizontalpodautoscalers.autoscaling", asNew({
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "app", namespace: "test" },
    spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "app" }, minReplicas: 2, maxReplicas: 5, metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } }] },
  }), { manager: "test" });
  made.clock.run(40_000);
  expect(made.deployment("app").spec.replicas).toBe(2);
  made.world.setCpuLoad("test", "app", 2);
  made.clock.runUntil(() => made.deployment("app").spec.replicas === 5, 120_000);
  made.clock.run(30_000);
  const autoscaler = made.store.get("horizontalpodautoscalers.autoscaling", "test", "app");
  expect(autoscaler?.status).toMatchObject({ currentReplicas: 5, desiredReplicas: 5 });
  expect(autoscaler?.status.conditions.find((condition: { type: string }) => condition.type === "ScalingLimited")).toMatchObject({ status: "True", reason: "TooManyReplicas" });
  expect(made.events("SuccessfulRescale")[0]?.message).toMatch(/^New size: 5; reason: cpu resource utilization/);
  made.world.setCpuLoad("test", "app", undefined);
  made.clock.run(240_000);
  expect(made.deployment("app").spec.replicas).toBe(5);
  made.clock.run(600_000);
  expect(made.deployment("app").spec.replicas).toBe(2);
});

test("Endpoints list the ready pods and, apart, the others", () => {
  const made = lab();
  made.store.create("services", asNew({ apiVersion: "v1", kind: "Service", metadata: { name: "app", namespace: "test" }, spec: { selector: { app: "app" }, ports: [{ name: "http", port: 80, targetPort: "http" }] } }), { manager: "test" });
  createDeployment(made.store);
  made.clock.runUntil(() => isRolledOut(made.deployment("app")));
  made.clock.run(1);
  const [subset] = made.store.get("endpoints", "test", "app")?.subsets ?? [];
  expect(subset.ports).toEqual([{ name: "http", port: 8080, protocol: "TCP" }]);
  expect(subset.addresses.map((address: { ip: string }) => address.ip).sort()).toEqual(made.pods().map((pod) => pod.status?.podIP).sort());
});

test("an EndpointSlice says of each pod whether it is ready, serving or on its way out, and goes with its Service", () => {
  const made = lab();
  made.store.create("services", asNew({ apiVersion: "v1", kind: "Service", metadata: { name: "app", namespace: "test", labels: { team: "x" } }, spec: { selector: { app: "app" }, ports: [{ name: "http", port: 80, targetPort: "http" }] } }), { manager: "test" });
  createDeployment(made.store);
  made.clock.runUntil(() => isRolledOut(made.deployment("app")));
  made.clock.run(1);
  const slices = () => made.store.list("endpointslices.discovery.k8s.io", "test");
  const [slice] = slices();
  expect(slice).toMatchObject({ addressType: "IPv4", ports: [{ name: "http", port: 8080, protocol: "TCP" }], metadata: { generateName: "app-", labels: { team: "x", "kubernetes.io/service-name": "app" } } });
  const pods = made.pods();
  expect(slice?.endpoints).toEqual(pods.map((pod) => ({
    addresses: [pod.status?.podIP], conditions: { ready: true, serving: true, terminating: false }, nodeName: pod.spec.nodeName,
    targetRef: { kind: "Pod", namespace: "test", name: pod.metadata.name, uid: pod.metadata.uid }, zone: `eu-frankfurt-1-ad-${pod.spec.nodeName?.at(-1)}`,
  })));
  made.store.delete("pods", "test", pods[0]?.metadata.name ?? "");
  made.clock.run(1);
  expect(slices()[0]?.endpoints[0].conditions).toEqual({ ready: false, serving: true, terminating: true });
  made.clock.runUntil(() => isRolledOut(made.deployment("app")), 20_000);
  expect(slices()).toHaveLength(1);
  made.store.delete("services", "test", "app");
  made.clock.run(1_000);
  expect(slices()).toEqual([]);
});
