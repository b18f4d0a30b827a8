import { afterEach, expect, test } from "vitest";
import { isRolledOut } from "#sandbox/controllers/lab.test-support.ts";
import { listTargets } from "#sandbox/prometheus/targets.ts";
import { createPlatformLab, firstOf, type PlatformLab } from "#sandbox/world/platform-lab.test-support.ts";
import { scrapeAnnotation } from "#sandbox/world/process-metrics.ts";
import { seedPlatform } from "#sandbox/world/seed.ts";

const labs: PlatformLab[] = [];
function lab(): PlatformLab {
  const made = createPlatformLab();
  labs.push(made);
  return made;
}
afterEach(() => {
  for (const made of labs.splice(0)) {
    made.stop();
    expect(made.errors).toEqual([]);
  }
});

test("prod stands behind staging, staging behind dev, Commerce is the same everywhere", () => {
  const made = lab();
  const versions = (environment: string, bigPod: string, container: number) => made.deployment(bigPod, `dreamscape-${environment}`).spec.template.spec.containers[container].image.split(":")[1];
  expect(["dev", "staging", "prod"].map((environment) => versions(environment, "core", 1))).toEqual(["v1.6.0-rc.2", "v1.5.2", "v1.5.1"]);
  expect(["dev", "staging", "prod"].map((environment) => versions(environment, "experience", 0))).toEqual(["v2.3.0", "v2.3.0", "v2.2.1"]);
  expect(["dev", "staging", "prod"].map((environment) => versions(environment, "commerce", 0))).toEqual(["v0.9.4", "v0.9.4", "v0.9.4"]);
  expect(made.bigPod("prod", "core").map((pod) => pod.spec.containers.length)).toEqual([4, 4]);
  expect(made.bigPod("dev", "experience")).toHaveLength(1);
});

test("the seeded present revision is taken over, not rolled anew, and earlier ones are there to go back to", () => {
  const made = lab();
  const sets = made.store.list("replicasets.apps", "dreamscape-prod").filter((set) => set.metadata.name.startsWith("experience-"));
  expect(sets.map((set) => [set.metadata.annotations?.["deployment.kubernetes.io/revision"], set.metadata.annotations?.["kubernetes.io/change-cause"], set.spec.replicas]).sort()).toEqual([
    ["1", "September window: experience v2.2.0", 0],
    ["2", "October window: experience v2.2.1", 2],
  ]);
  expect(made.deployment("experience", "dreamscape-prod").metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("2");
  expect(made.deployment("experience", "dreamscape-prod").status.conditions.map((condition: { reason: string }) => condition.reason).sort()).toEqual(["MinimumReplicasAvailable", "NewReplicaSetAvailable"]);
});

test("seeding again changes nothing, even after the platform has moved on", () => {
  const made = lab();
  made.control.deploy("prod", "experience", ["ghcr.io/dreamscape-ai/experience-pod:v2.3.0"]);
  made.store.modify("configmaps", "dreamscape-prod", "core-config", { manager: "test" }, (draft) => {
    draft.data.LOG_LEVEL = "error";
  });
  made.clock.run(20_000);
  const before = made.store.resourceVersion;
  seedPlatform(made.store, made.catalogue, { now: made.clock.now });
  expect(made.store.resourceVersion).toBe(before);
});

test("a healthy platform at rest writes nothing but its heartbeats", () => {
  const made = lab();
  made.clock.run(30_000);
  const written = new Set<string>();
  const unsubscribe = made.store.subscribe(({ resource }) => written.add(resource));
  made.clock.run(60_000);
  unsubscribe();
  expect([...written].filter((resource) => resource !== "horizontalpodautoscalers.autoscaling")).toEqual(["leases.coordination.k8s.io"]);
});

test("putting right ends faults and takes back only what the console itself deployed", () => {
  const made = lab();
  made.control.deploy("prod", "experience", ["ghcr.io/dreamscape-ai/experience-pod:broken"]);
  made.control.deploy("staging", "experience", ["ghcr.io/dreamscape-ai/experience-pod:broken"]);
  made.control.crash({ environment: "dev", bigPod: "commerce", process: "payment" }, true);
  made.control.setNodeDown("arm-a1-3", true);
  made.catalogue.registryDown = true;
  made.clock.run(15_000);
  made.store.modify("deployments.apps", "dreamscape-staging", "experience", { manager: "someone" }, (draft) => {
    draft.spec.template.spec.containers[0].image = "ghcr.io/dreamscape-ai/experience-pod:v2.2.0";
  });
  made.control.putRight();
  expect(made.catalogue.registryDown).toBe(false);
  made.clock.run(60_000);
  const image = (environment: string) => made.deployment("experience", `dreamscape-${environment}`).spec.template.spec.containers[0].image;
  expect(image("prod")).toBe("ghcr.io/dreamscape-ai/experience-pod:v2.2.1");
  expect(image("staging")).toBe("ghcr.io/dreamscape-ai/experience-pod:v2.2.0");
  const { environments, nodes } = made.control.view();
  expect(nodes.every((node) => node.ready)).toBe(true);
  for (const { namespace, bigPods } of environments) {
    for (const bigPod of bigPods) {
      expect(isRolledOut(made.deployment(bigPod.name, namespace))).toBe(true);
      expect(bigPod.crashing).toEqual([]);
      expect(bigPod.pods.flatMap((pod) => pod.processes).every((process) => process.ok)).toBe(true);
    }
  }
});

test("with every node full, a rollout waits with the scheduler's reason", () => {
  const made = lab();
  made.control.fillCapacity();
  made.control.deploy("prod", "experience", ["ghcr.io/dreamscape-ai/experience-pod:v2.3.0"]);
  made.clock.run(5_000);
  expect(firstOf(made.events("FailedScheduling")).message).toContain("3 Insufficient memory");
  made.control.putRight();
  made.clock.run(20_000);
  expect(isRolledOut(made.deployment("experience", "dreamscape-prod"))).toBe(true);
});

test("with the quota full, a rollout's pods are refused and what ran goes on; lifted, it ends well", () => {
  const made = lab();
  made.control.setQuotaFull("prod", true);
  expect(made.control.view().environments.map(({ name, quotaFull }) => [name, quotaFull])).toEqual([["dev", false], ["staging", false], ["prod", true]]);
  made.control.deploy("prod", "experience", ["ghcr.io/dreamscape-ai/experience-pod:v2.3.0"]);
  made.clock.run(5_000);
  const experience = () => made.deployment("experience", "dreamscape-prod");
  expect(experience().status.conditions.find((condition: { type: string }) => condition.type === "ReplicaFailure")).toMatchObject({ status: "True", reason: "FailedCreate", message: expect.stringContaining("exceeded quota: compute, requested: pods=1,") });
  expect(experience().status.availableReplicas).toBe(2);
  made.control.setQuotaFull("prod", false);
  made.clock.runUntil(() => isRolledOut(experience()), 60_000);
  made.control.setQuotaFull("prod", true);
  made.control.putRight();
  expect(made.store.list("resourcequotas")).toEqual([]);
});

test("a release that needs a setting is good in staging and breaks in prod, until prod has the setting", async () => {
  const made = lab();
  const image = "ghcr.io/dreamscape-ai/experience-pod:v2.4.0";
  for (const environment of ["dev", "staging", "prod"]) made.control.deploy(environment, "experience", [image]);
  made.clock.run(20_000);
  const experience = (environment: string) => made.deployment("experience", `dreamscape-${environment}`);
  expect(["dev", "staging", "prod"].map((environment) => isRolledOut(experience(environment)))).toEqual([true, true, false]);
  expect(experience("prod").status.availableReplicas).toBe(2);
  const broken = made.bigPod("prod", "experience").find((pod) => pod.spec.containers[0]?.image === image);
  if (!broken) throw new Error("no pod of the release in prod");
  expect(broken.status?.containerStatuses?.[0]).toMatchObject({ ready: false, state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: { terminated: { exitCode: 1 } } });
  expect((await made.lines(broken, "experience", { previous: true })).at(-1)).toMatch(/PANORAMA_TILE_URL is not set$/);
  made.store.modify("configmaps", "dreamscape-prod", "experience-config", { manager: "test" }, (draft) => {
    draft.data.PANORAMA_TILE_URL = "https://tiles.internal/{z}/{x}/{y}.webp";
  });
  made.clock.runUntil(() => isRolledOut(experience("prod")), 120_000);
});

test("what does not exist is named in the refusal, with what does", () => {
  const { control } = lab();
  expect(() => control.heal({ environment: "test", bigPod: "core", process: "auth" })).toThrow('There is no environment "test". There are: dev, staging, prod.');
  expect(() => control.crash({ environment: "prod", bigPod: "shop", process: "auth" }, true)).toThrow('There is no Big Pod "shop" in prod.');
  expect(() => control.crash({ environment: "prod", bigPod: "core", process: "mail" }, true)).toThrow('There is no process "mail" in core of prod. There are: nginx, auth, user, monitor.');
  expect(() => control.deploy("prod", "core", ["ghcr.io/dreamscape-ai/commerce-pod:v1"])).toThrow("No container of core in prod runs ghcr.io/dreamscape-ai/commerce-pod.");
  expect(() => control.setNodeDown("n9", true)).toThrow('There is no node "n9". There are: arm-a1-1, arm-a1-2, arm-a1-3.');
});

test("a pod that says it has no metrics is not scraped, its container's memory is", () => {
  const made = lab();
  const [pod] = made.bigPod("dev", "experience");
  if (pod === undefined) throw new Error("a pod");
  const paths = () => listTargets(made).filter(({ labels }) => labels.pod === pod.metadata.name).length;
  expect(paths()).toBeGreaterThan(0);
  made.store.modify("pods", pod.metadata.namespace, pod.metadata.name, { manager: "ci" }, (draft) => {
    draft.metadata.annotations = { ...draft.metadata.annotations, [scrapeAnnotation]: "false" };
  });
  expect(paths()).toBe(0);
  const memory = listTargets(made).flatMap((one) => (one.labels.job === "cadvisor" ? (one.scrape(made.clock.now()) ?? []) : [])).flatMap(({ samples }) => samples);
  expect(memory.some(({ labels }) => labels.pod === pod.metadata.name)).toBe(true);
});
