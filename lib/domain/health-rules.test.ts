import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Finding } from "#lib/domain/fold-finding.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { readEvent } from "#lib/domain/fold-read.ts";
import { surroundingFindings } from "#lib/domain/fold-surroundings.ts";
import { autoscalerFindings } from "#lib/domain/health-autoscaler.ts";
import { claimFindings } from "#lib/domain/health-claim.ts";
import { certificateFindings, ingressFindings } from "#lib/domain/health-ingress.ts";
import { cronJobFindings, jobFindings } from "#lib/domain/health-job.ts";
import { networkPolicyFindings } from "#lib/domain/health-network-policy.ts";
import { nodeFindings } from "#lib/domain/health-node.ts";
import { unknownSurroundings } from "#lib/domain/surroundings.ts";
import { ago, core, coreImages, deployment, event, pod, replicaSet, testNow } from "#lib/domain/test-objects.ts";

/** One row a rule of docs/health.md: what stands in the object, and what is said. Null: nothing is wrong. */

const object = (name: string, parts: Record<string, unknown>, metadata: Record<string, unknown> = {}): RawObject => ({ metadata: { name, uid: `uid-${name}`, creationTimestamp: ago(86_400), ...metadata }, ...parts });
const condition = (type: string, status: string, reason = "", message = "", secondsAgo = 600) => ({ type, status, reason, message, lastTransitionTime: ago(secondsAgo) });
const told = (findings: readonly Finding[]): [string, string] | null => {
  const [first] = findings;
  if (!first) return null;
  expect(findings.every((f) => f.remedy.endsWith(".") && f.remedy.length > 10)).toBe(true);
  return [first.status, first.tell(first.on)];
};

const v1 = coreImages("v1");
const workload = deployment("core", v1);
const set = replicaSet(workload, "aaa", v1);
const pods = [pod(set, "p1", v1), pod(set, "p2", v1)];
const ready = condition("Ready", "True", "KubeletReady");
const node = (conditions: unknown[], spec: Record<string, unknown> = {}): RawObject => object("arm-1", { spec, status: { conditions, nodeInfo: { architecture: "arm64" } } });

describe("Node", () => {
  test.each<[string, RawObject, number, [string, string] | null]>([
    ["ready", node([ready]), 2, null],
    ["ready and cordoned: its pods go on", node([ready], { unschedulable: true }), 2, null],
    ["lost, other pods ready", node([condition("Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")]), 1, ["warning", "node arm-1 is not ready (Kubelet stopped posting node status): 2 of 2 pods of core run on it"]],
    ["lost with every pod", node([condition("Ready", "False", "KubeletNotReady", "container runtime is down")]), 0, ["broken", "node arm-1 is not ready (container runtime is down): 2 of 2 pods of core run on it"]],
    ["never reported", node([]), 1, ["warning", "node arm-1 is not ready (it has never reported): 2 of 2 pods of core run on it"]],
    ["short of memory", node([ready, condition("MemoryPressure", "True", "KubeletHasInsufficientMemory", "kubelet has insufficient memory available")]), 2, ["warning", "node arm-1 is short of memory: 2 of 2 pods of core run on it"]],
    ["short of disk space", node([ready, condition("DiskPressure", "True")]), 2, ["warning", "node arm-1 is short of disk space: 2 of 2 pods of core run on it"]],
    ["no pressure", node([ready, condition("MemoryPressure", "False"), condition("DiskPressure", "False"), condition("PIDPressure", "Unknown")]), 2, null],
  ])("%s", (_name, given, readyPods, expected) => expect(told(nodeFindings("core", [given], pods, readyPods))).toEqual(expected));

  test("a node without pods of the Big Pod is none of its business", () => expect(nodeFindings("core", [object("arm-9", { status: {} })], pods, 0)).toEqual([]));
});

describe("HorizontalPodAutoscaler", () => {
  const able = condition("AbleToScale", "True", "ReadyForNewScale");
  const active = condition("ScalingActive", "True", "ValidMetricFound");
  const maximum = condition("ScalingLimited", "True", "TooManyReplicas", "the desired replica count is more than the maximum replica count");
  const autoscaler = (conditions: unknown[], current = 6, cpu: number | null = 150): RawObject =>
    object("core", {
      spec: { maxReplicas: 6, metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } }] },
      status: { currentReplicas: current, conditions, ...(cpu === null ? {} : { currentMetrics: [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: cpu } } }] }) },
    });
  test.each<[string, RawObject, [string, string] | null]>([
    ["well", autoscaler([able, active, condition("ScalingLimited", "False", "DesiredWithinRange")], 3, 60), null],
    ["at its maximum, CPU high", autoscaler([able, active, maximum]), ["warning", "core is at its maximum of 6 pods and still uses 150 % of the CPU it asked for (target 70 %)"]],
    ["at its maximum, CPU on target", autoscaler([able, active, maximum], 6, 75), null],
    ["at its maximum by another metric", autoscaler([able, active, maximum], 6, null), ["warning", "core is at its maximum of 6 pods and its autoscaler wants more"]],
    ["wants more, but is not there yet", autoscaler([able, active, maximum], 4), null],
    ["cannot scale", autoscaler([condition("AbleToScale", "False", "FailedGetScale", "deployments.apps not found")], 0), ["warning", "the autoscaler of core cannot scale it: deployments.apps not found"]],
    ["just failed to scale", autoscaler([condition("AbleToScale", "False", "FailedGetScale", "x", 5)], 0), null],
    ["waits before it scales again", autoscaler([condition("AbleToScale", "False", "BackoffBoth", "the time since the previous scale is still within both windows")], 2), null],
    ["gets no metrics", autoscaler([able, condition("ScalingActive", "False", "FailedGetResourceMetric", "no metrics returned from resource metrics API")], 2), ["warning", "the autoscaler of core does not know its load: no metrics returned from resource metrics API"]],
    ["gets no metrics yet", autoscaler([able, condition("ScalingActive", "False", "FailedGetResourceMetric", "x", 60)], 2), null],
    ["target scaled to 0", autoscaler([able, condition("ScalingActive", "False", "ScalingDisabled")], 0), null],
  ])("%s", (_name, given, expected) => expect(told(autoscalerFindings("core", given, testNow))).toEqual(expected));
});

describe("Ingress", () => {
  const ingress = (port: unknown, status: unknown = {}): RawObject => object("web", { spec: { rules: [{ host: "a.example", http: { paths: [{ path: "/api", backend: { service: { name: "core", port } } }] } }], tls: [{ hosts: ["a.example"], secretName: "tls" }] }, status });
  const service = object("core", { spec: { selector: { app: "core" }, ports: [{ name: "http", port: 80 }] } });
  test.each<[string, RawObject, RawObject[], [string, string] | null]>([
    ["without the address of a load balancer (behind a tunnel)", ingress({ number: 80 }), [service], null],
    ["with one", ingress({ name: "http" }, { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } }), [service], null],
    ["to a port that is not there", ingress({ number: 8080 }), [service], ["warning", "Ingress web sends a.example/api to port 8080 of Service core, which has no such port"]],
    ["to a Service that is not there", ingress({ number: 80 }), [], ["warning", "Ingress web sends a.example/api to Service core of core, which does not exist"]],
  ])("%s", (_name, given, services, expected) => expect(told(ingressFindings("core", given, services, (name) => name === "core"))).toEqual(expected));

  const day = 86_400;
  const certificate = (left: number | null, whole = 90 * day, conditions: unknown[] = [condition("Ready", "True", "Ready")]): RawObject =>
    object("tls", { spec: { secretName: "tls" }, status: { conditions, ...(left === null ? {} : { notAfter: ago(-left), notBefore: ago(whole - left) }) } });
  test.each<[string, RawObject, [string, string] | null]>([
    ["good for weeks", certificate(40 * day), null],
    ["five days left", certificate(5 * day), ["warning", "the certificate of a.example (Secret tls) expires in 5 d, on 2026-11-26"]],
    ["five days left, and why", certificate(5 * day, 90 * day, [condition("Ready", "True"), condition("Issuing", "False", "Failed", "the order failed")]), ["warning", "the certificate of a.example (Secret tls) expires in 5 d, on 2026-11-26: the order failed"]],
    ["five days left of seven", certificate(5 * day, 7 * day), null],
    ["one day left of seven", certificate(day, 7 * day), ["warning", "the certificate of a.example (Secret tls) expires in 24 h, on 2026-11-22"]],
    ["expired", certificate(-3 * day), ["broken", "the certificate of a.example (Secret tls) expired 3 d ago"]],
    ["never issued", certificate(null, 0, [condition("Ready", "False", "DoesNotExist", "the order is pending", 900)]), ["warning", "the certificate of a.example (Secret tls) was never issued: the order is pending"]],
    ["being issued", certificate(null, 0, [condition("Ready", "False", "DoesNotExist", "x", 20)]), null],
    ["of another Secret", { ...certificate(-day), spec: { secretName: "other" } }, null],
  ])("certificate: %s", (_name, given, expected) => expect(told(certificateFindings(ingress({ number: 80 }), [given], testNow))).toEqual(expected));
});

describe("PersistentVolumeClaim", () => {
  const claim = (phase: string, secondsAgo = 600): RawObject => object("data", { status: { phase } }, { creationTimestamp: ago(secondsAgo) });
  const pending = claim("Pending");
  const failed = readEvent(event(pending, "PersistentVolumeClaim", "ProvisioningFailed", 'storageclass "fast" not found'));
  const waits = { ...failed, reason: "WaitForFirstConsumer", warning: false };
  test.each<[string, RawObject | undefined, (typeof failed)[], [string, string] | null]>([
    ["bound", claim("Bound"), [], null],
    ["lost", claim("Lost"), [], ["broken", "the claim data of core has lost its volume"]],
    ["pending for long", pending, [failed], ["warning", 'the claim data of core is not bound: storageclass "fast" not found']],
    ["pending for a moment", claim("Pending", 5), [], null],
    ["pending until the first pod", pending, [waits], null],
    ["absent", undefined, [], ["warning", "core mounts the claim data, which does not exist"]],
  ])("%s", (_name, given, events, expected) => expect(told(claimFindings("core", "data", given, events, testNow))).toEqual(expected));
});

describe("Job and CronJob", () => {
  const job = (conditions: unknown[], secondsAgo = 60): RawObject => object(`run-${secondsAgo}`, { status: { conditions } }, { creationTimestamp: ago(secondsAgo), ownerReferences: [{ kind: "CronJob", name: "backup", uid: "uid-backup", controller: true }] });
  const failure = condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit");
  test.each<[string, RawObject, [string, string] | null]>([
    ["running", job([]), null],
    ["done", job([condition("Complete", "True")]), null],
    ["suspended", job([condition("Suspended", "True")]), null],
    ["failed", job([failure]), ["warning", "Job run-60 of core failed: Job has reached the specified backoff limit"]],
  ])("Job: %s", (_name, given, expected) => expect(told(jobFindings(given, "core"))).toEqual(expected));

  // 14:10 now: due at 02:15 today, yesterday and the day before.
  const cronJob = (status: Record<string, unknown>, spec: Record<string, unknown> = {}): RawObject => object("backup", { spec: { schedule: "15 2 * * *", ...spec }, status }, { creationTimestamp: ago(30 * 86_400) });
  const [today, yesterday] = ["2026-11-21T02:15:00Z", "2026-11-20T02:15:00Z"];
  test.each<[string, RawObject | undefined, RawObject[] | null, [string, string] | null]>([
    ["did well", cronJob({ lastScheduleTime: today, lastSuccessfulTime: today }), [job([condition("Complete", "True")])], null],
    ["newest run failed", cronJob({ lastScheduleTime: today, lastSuccessfulTime: yesterday }), [job([failure], 60), job([condition("Complete", "True")], 9000)], ["warning", "Job run-60 of CronJob backup of core failed: Job has reached the specified backoff limit"]],
    ["an older run failed", cronJob({ lastScheduleTime: today, lastSuccessfulTime: today }), [job([failure], 9000), job([condition("Complete", "True")], 60)], null],
    ["missed a run", cronJob({ lastScheduleTime: yesterday, lastSuccessfulTime: yesterday }), null, ["warning", "CronJob backup of core missed its run of 2026-11-21 02:15 UTC"]],
    ["just due", cronJob({ lastScheduleTime: "2026-11-20T14:08:00Z", lastSuccessfulTime: "2026-11-20T14:08:00Z" }, { schedule: "8 14 * * *" }), null, null],
    ["has not succeeded for two runs", cronJob({ lastScheduleTime: today, lastSuccessfulTime: "2026-11-18T02:15:10Z" }), null, ["warning", "CronJob backup of core has not succeeded for 3 d"]],
    ["runs now", cronJob({ lastScheduleTime: today, lastSuccessfulTime: "2026-11-18T02:15:10Z", active: [{}] }), null, null],
    ["suspended", cronJob({ lastScheduleTime: "2026-01-01T00:00:00Z" }, { suspend: true }), null, null],
    ["new", { ...cronJob({}), metadata: { name: "backup", uid: "uid-backup", creationTimestamp: ago(600) } }, null, null],
    ["a schedule nobody understands", cronJob({}, { schedule: "@every 1h" }), null, null],
    ["absent", undefined, [], ["warning", "CronJob backup of core does not exist"]],
  ])("CronJob: %s", (_name, given, jobs, expected) => expect(told(cronJobFindings("core", "backup", given, jobs, testNow))).toEqual(expected));
});

test.each<[string, unknown, boolean]>([
  ["one that selects it", { matchLabels: { app: "core" } }, true],
  ["one for all pods", {}, true],
  ["one by expression", { matchExpressions: [{ key: "app", operator: "In", values: ["core"] }] }, true],
  ["one for others", { matchLabels: { app: "experience" } }, false],
  ["one with an operator nobody knows", { matchExpressions: [{ key: "app", operator: "Like", values: ["core"] }] }, false],
])("NetworkPolicy: %s", (_name, podSelector, selects) => {
  expect(told(networkPolicyFindings("core", "prod", [object("p", { spec: { podSelector } })], { app: "core" }))).toEqual(selects ? null : ["warning", "no NetworkPolicy in prod selects the pods of core"]);
});

test("what is not known adds nothing, whatever it would have said; what is known adds only what concerns the Big Pod", () => {
  const input = { bigPod: { ...core, cronJobs: ["backup"], networkPolicy: true }, namespace: "prod", deployment: workload, pods, ready: 2, eventsOf: () => [], now: testNow };
  expect(surroundingFindings({ ...input, surroundings: unknownSurroundings })).toEqual([]);
  const bare = { nodes: [], services: [], ingresses: [], certificates: [], autoscalers: [], claims: [], jobs: [], cronJobs: [], networkPolicies: [] };
  expect(surroundingFindings({ ...input, surroundings: bare }).map((f) => f.kind)).toEqual(["cron-job", "network-policy"]);
  const other = object("other", { spec: { scaleTargetRef: { kind: "Deployment", name: "experience" } }, status: { conditions: [condition("AbleToScale", "False")] } });
  expect(surroundingFindings({ ...input, bigPod: core, surroundings: { ...bare, autoscalers: [other] } })).toEqual([]);
});

test("no rule throws, whatever stands in an object", () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (spec, status) => {
      const odd = object("core", { spec, status });
      const all = { nodes: [{ ...odd, metadata: { ...odd.metadata, name: "arm-1" } }], services: [odd], ingresses: [odd], certificates: [odd], autoscalers: [odd], claims: [odd], jobs: [odd], cronJobs: [odd], networkPolicies: [odd] };
      surroundingFindings({ bigPod: { ...core, cronJobs: ["core"], networkPolicy: true }, namespace: "prod", deployment: workload, pods, ready: 2, surroundings: all, eventsOf: () => [], now: testNow });
      autoscalerFindings("core", odd, testNow);
      certificateFindings(odd, [odd], testNow);
      claimFindings("core", "core", odd, [], testNow);
    }),
    { numRuns: 300 },
  );
});
