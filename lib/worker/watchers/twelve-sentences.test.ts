import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BigPodState } from "#lib/contracts/state.ts";
import { openSentencesRig } from "#lib/worker/watchers/sentences-rig.test-support.ts";
import type { SentencesRig } from "#lib/worker/watchers/sentences-rig.test-support.ts";

/**
 * Every fault is injected into the sandbox, and what the worker's own fold says is compared word by word. Names that the cluster makes up
 * (hashes of pods) are told as <pod>; "and 1 more pod" depends on how far the rollout is and is taken out. VIGIE_TIMES prints how soon; VIGIE_SPEED=1 is real time.
 */
let rig: SentencesRig;

beforeAll(async () => void (rig = await openSentencesRig({ speed: Number(process.env["VIGIE_SPEED"] ?? 8) })), 90_000);
afterAll(() => rig?.stop());

function plain(sentence: string | null): string {
  return (sentence ?? "").replaceAll(/\b(core|experience|commerce)-[a-z0-9]{8,10}-[a-z0-9]{5}\b/g, "<pod>").replaceAll(/ \(and \d+ more pods?\)/g, "").replaceAll(/\bin \d+ (s|min|h|d)\b/g, "in <time>").replaceAll(/(cpu|memory)=\d+\w*|pods=(?!1,)\d+/g, (found) => `${found.split("=")[0]}=<n>`).replaceAll(/on \d{4}-\d{2}-\d{2}/g, "on <day>");
}

interface Fault {
  name: string;
  bigPod: string;
  status: BigPodState["status"];
  sentence: string;
  kind: string;
  remedy: string;
  inject: () => Promise<void>;
  mend?: () => Promise<void>;
  /** Milliseconds in which it must be told, of the real clock; 30 s unless the fault itself takes its time. */
  withinMs?: number;
}

const release = (kind: string) => () => rig.console("faults/release", { environment: rig.environment, kind });
const right = () => rig.console("put-right", {});
const patch = (bigPod: string, container: Record<string, unknown>) => () => rig.patchContainer(bigPod, container);
const readiness = { tcpSocket: { port: "supervisor" }, initialDelaySeconds: 1, periodSeconds: 2, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };
const liveness = { tcpSocket: { port: "supervisor" }, initialDelaySeconds: 15, periodSeconds: 10, timeoutSeconds: 2, successThreshold: 1, failureThreshold: 6 };
const envFrom = [{ configMapRef: { name: "experience-config" } }];
const faults: Fault[] = [
  {
    name: "crash loop: the exit code and the last error line", bigPod: "experience", status: "broken", kind: "crash",
    sentence: 'experience in <pod> keeps exiting with code 1: voyage: Error: Cannot find module "@dreamscape/itinerary" required from /app/voyage/dist/server.js',
    remedy: "Go back to the release that ran before, or mend what the last line names.",
    inject: release("broken"), mend: right,
  },
  {
    name: "out of memory: the limit", bigPod: "experience", status: "broken", kind: "out-of-memory",
    sentence: "experience in <pod> keeps exiting with code 137: out of memory, limit 512Mi",
    remedy: "Give it a higher memory limit, or go back to a release that needs less.",
    inject: release("out-of-memory"), mend: right,
  },
  {
    name: "an image that cannot be pulled: the registry's words", bigPod: "commerce", status: "broken", kind: "pull",
    sentence: "commerce in <pod> cannot be pulled: ghcr.io/dreamscape-ai/commerce-pod:v0.9.7-nopull — not found",
    remedy: "Push that image, or go back to a release whose images the registry has.",
    inject: release("unpullable"), mend: right,
  },
  {
    name: "a readiness probe that fails: its answer", bigPod: "experience", status: "broken", kind: "probe",
    sentence: "<pod> of experience is not ready: Readiness probe failed: HTTP probe failed with statuscode: 404",
    remedy: "Mend what the readiness probe asks or the probe itself, or go back to the release that ran before.",
    inject: patch("experience", { readinessProbe: { httpGet: { path: "/ready", port: "supervisor", scheme: "HTTP" }, periodSeconds: 1, failureThreshold: 1, initialDelaySeconds: 1 } }),
    mend: patch("experience", { readinessProbe: readiness }),
  },
  {
    name: "no node has room: the scheduler's words", bigPod: "experience", status: "broken", kind: "unschedulable",
    sentence: "experience waits for a node: 0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    remedy: "Free or add a node, or ask for less memory or processor time.",
    inject: patch("experience", { resources: { requests: { cpu: "150m", memory: "64Gi" }, limits: { memory: "64Gi" } } }),
    mend: patch("experience", { resources: { requests: { cpu: "150m", memory: "384Mi" }, limits: { cpu: "800m", memory: "512Mi" } } }),
  },
  {
    name: "a supervised process that was given up, in a pod that is ready", bigPod: "experience", status: "broken", kind: "process",
    sentence: "voyage in <pod> is FATAL: exited with code 1 three times: Error: connect ECONNREFUSED 10.0.0.21:5432 (postgres)",
    remedy: "Its supervisor does not try again: restart the Big Pod, or go back to the release that ran before.",
    inject: () => rig.console("faults/crash", { environment: rig.environment, bigPod: "experience", process: "voyage", lasting: true }),
    mend: () => rig.console("faults/heal", { environment: rig.environment, bigPod: "experience", process: "voyage" }),
  },
  {
    name: "a rollout that is stuck", bigPod: "experience", status: "broken", kind: "deadline",
    sentence: "the rollout of v2.2.1 did not finish within 60 s: 0 of 2 new pods ready",
    remedy: "Go back to the release that ran before; its log and events may tell why the new pods are not ready.",
    // Its startup probe allows it an hour: nothing fails, and nothing moves.
    inject: patch("experience", { startupProbe: { httpGet: { path: "/started", port: "supervisor", scheme: "HTTP" }, periodSeconds: 10, failureThreshold: 360 } }),
    mend: patch("experience", { startupProbe: null }),
  },
  {
    name: "a quota that is full", bigPod: "core", status: "broken", kind: "quota",
    sentence: "core cannot get its pods: exceeded quota: compute, requested: pods=1,requests.cpu=<n>,requests.memory=<n>, used: pods=<n>,requests.cpu=<n>,requests.memory=<n>, limited: pods=<n>,requests.cpu=<n>,requests.memory=<n>",
    remedy: "Raise the quota, or free what it counts; a rollout needs room for one more pod.",
    inject: async () => {
      await rig.console("faults/quota", { environment: rig.environment, full: true });
      await rig.patchContainer("core", { env: [{ name: "MARK", value: "1" }] });
    },
    mend: async () => {
      await right();
      await rig.patchContainer("core", { env: null });
    },
  },
  {
    name: "a ConfigMap key that is missing", bigPod: "experience", status: "broken", kind: "create",
    sentence: "experience in <pod> cannot be started: couldn't find key TILE_URL in ConfigMap dreamscape-prod/experience-config",
    remedy: "Add the key TILE_URL to ConfigMap experience-config, or go back to a release that does not ask for it.",
    inject: patch("experience", { env: [{ name: "TILE_URL", valueFrom: { configMapKeyRef: { name: "experience-config", key: "TILE_URL" } } }] }),
    mend: patch("experience", { env: null }),
  },
  {
    name: "a Secret that is missing", bigPod: "experience", status: "broken", kind: "create",
    sentence: 'experience in <pod> cannot be started: secret "stripe" not found',
    remedy: "Create Secret stripe, or go back to a release that does not ask for it.",
    inject: patch("experience", { envFrom: [...envFrom, { secretRef: { name: "stripe" } }] }),
    mend: patch("experience", { envFrom }),
  },
  {
    name: "an autoscaler at its maximum, with the load still high", bigPod: "core", status: "warning", kind: "autoscaler-maximum",
    sentence: "core is at its maximum of 2 pods and still uses <load> % of the CPU it asked for (target 70 %)",
    remedy: "Raise maxReplicas of core or the CPU requests, or find what uses so much.",
    inject: async () => {
      await rig.admin("PATCH", `/apis/autoscaling/v2/namespaces/${rig.namespace}/horizontalpodautoscalers/core`, { spec: { maxReplicas: 2 } });
      await rig.console("faults/cpu-load", { environment: rig.environment, bigPod: "core", ratio: 2.5 });
    },
    mend: async () => {
      await right();
      await rig.admin("PATCH", `/apis/autoscaling/v2/namespaces/${rig.namespace}/horizontalpodautoscalers/core`, { spec: { maxReplicas: 6 } });
    },
  },
  {
    name: "a certificate about to expire", bigPod: "commerce", status: "warning", kind: "certificate",
    sentence: "the certificate of dreamscape.example (Secret dreamscape-tls) expires in <time>, on <day>: the order failed: DNS problem: NXDOMAIN",
    remedy: "kubectl describe certificate dreamscape-tls says what holds its renewal up.",
    inject: () => rig.console("faults/certificate", { environment: rig.environment, expiring: true }), mend: right,
  },
  {
    name: "an image for another architecture", bigPod: "commerce", status: "broken", kind: "architecture",
    sentence: "commerce in <pod> cannot run on arm64: exec format error, ghcr.io/dreamscape-ai/commerce-pod:v0.9.6-amd64only is built for another architecture",
    remedy: "Build the image for linux/arm64 too, or go back to the release that ran before.",
    inject: release("amd64-only"), mend: right,
  },
  {
    name: "a startup probe that fails", bigPod: "experience", status: "broken", kind: "probe",
    sentence: "experience in <pod> keeps being restarted: its startup probe failed: HTTP probe failed with statuscode: 404",
    remedy: "Mend what the startup probe asks or the probe itself, or go back to the release that ran before.",
    inject: patch("experience", { startupProbe: { httpGet: { path: "/started", port: "supervisor", scheme: "HTTP" }, periodSeconds: 2, failureThreshold: 3 } }),
    mend: patch("experience", { startupProbe: null }),
  },
  {
    name: "a liveness probe that fails", bigPod: "experience", status: "broken", kind: "probe",
    sentence: "experience in <pod> keeps being restarted: its liveness probe failed: HTTP probe failed with statuscode: 404",
    remedy: "Mend what the liveness probe asks or the probe itself, or go back to the release that ran before.",
    inject: patch("experience", { livenessProbe: { httpGet: { path: "/alive", port: "supervisor", scheme: "HTTP" }, periodSeconds: 2, failureThreshold: 2 } }),
    mend: patch("experience", { livenessProbe: liveness }),
  },
  {
    // Last: its pods move away from the node and stay where they went.
    name: "a node that is not ready", bigPod: "core", status: "warning", kind: "node-lost",
    sentence: "node <node> is not ready (Kubelet stopped posting node status): 1 of 2 pods of core runs on it",
    remedy: "Bring node <node> back or remove it from the cluster; its pods then start elsewhere.",
    inject: async () => {
      await rig.console("faults/node", { node: nodeOfCore(), down: true });
    },
    mend: right,
  },
];

function nodeOfCore(): string {
  return rig.state("core")?.pods[0]?.node ?? "";
}

describe("twelve faults and more, each with its sentence", () => {
  it.each(faults)("$name", async ({ bigPod, status, sentence, kind, remedy, inject, mend, withinMs = 30_000 }) => {
    const node = nodeOfCore();
    const words = (text: string | null | undefined): string => plain(text ?? null).replace(`node ${node} `, "node <node> ").replace(/uses \d+ %/, "uses <load> %");
    const began = performance.now();
    await inject();
    try {
      const state = await rig.until(`${bigPod} says it`, bigPod, (now) => now.status === status && now.causeKind === kind && words(now.cause) === sentence, withinMs);
      if (process.env["VIGIE_TIMES"] !== undefined) process.stdout.write(`${((performance.now() - began) / 1000).toFixed(1)} s  ${words(state.cause)}\n`);
      expect(words(state.remedy)).toBe(remedy);
      expect(state.evidence.length).toBeGreaterThan(0);
    } finally {
      await mend?.();
      await rig.settled(bigPod);
    }
  }, 90_000);
});
