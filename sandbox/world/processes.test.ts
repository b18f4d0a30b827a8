import { afterEach, expect, test } from "vitest";
import { isReady } from "#sandbox/controllers/pod-shape.ts";
import { createPlatformLab, firstOf, type PlatformLab } from "#sandbox/world/platform-lab.test-support.ts";

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

const experience = { environment: "prod", bigPod: "experience" };

test("every process answers for itself on its port, and the supervisor for all", async () => {
  const made = lab();
  const pod = firstOf(made.bigPod("prod", "experience"));
  const voyage = await made.get(pod, 3003);
  expect(voyage).toMatchObject({ status: 200, headers: { "content-type": "application/health+json" } });
  expect(JSON.parse(voyage.body)).toEqual({ status: "pass", releaseId: "v2.2.1", serviceId: "voyage" });
  const all = await made.get(pod, 9000);
  expect(all.status).toBe(200);
  expect(Object.keys(JSON.parse(all.body).checks)).toEqual(["voyage:process", "ai:process", "panorama:process"]);
  const core = firstOf(made.bigPod("prod", "core"));
  const monitor = await made.get(core, 9000);
  expect(Object.keys(JSON.parse(monitor.body).checks)).toEqual(["nginx:process", "auth:process", "user:process"]);
  expect((await made.get(pod, 3003, "/metrics")).body).toContain('http_requests_total{code="200"} ');
});

test("a process that is given up leaves its pod Running and Ready; only the supervisor's answer tells, within two seconds", async () => {
  const made = lab();
  made.control.crash({ ...experience, process: "voyage", lastLine: "TypeError: itinerary is undefined" }, true);
  made.clock.run(100);
  const retried = JSON.parse((await made.get(firstOf(made.bigPod("prod", "experience")), 9000)).body);
  expect(retried).toMatchObject({ status: "warn", checks: { "voyage:process": [{ status: "warn", observedValue: "BACKOFF", output: "exited with code 1 once: TypeError: itinerary is undefined" }] } });
  made.clock.run(1_900);
  for (const pod of made.bigPod("prod", "experience")) {
    const answer = await made.get(pod, 9000);
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toMatchObject({
      status: "fail",
      checks: {
        "voyage:process": [{ componentType: "process", status: "fail", observedValue: "FATAL", output: "exited with code 1 three times: TypeError: itinerary is undefined" }],
        "ai:process": [{ status: "pass", observedValue: "RUNNING" }],
      },
    });
    await expect(made.get(pod, 3003)).rejects.toThrow(`dial tcp ${pod.status?.podIP}:3003: connect: connection refused`);
  }
  made.clock.run(60_000);
  for (const pod of made.bigPod("prod", "experience")) {
    expect(isReady(pod)).toBe(true);
    expect(pod.status?.phase).toBe("Running");
    expect(pod.status?.containerStatuses?.[0]?.restartCount).toBe(0);
  }
  made.control.heal({ ...experience, process: "voyage" });
  made.clock.run(1_000);
  expect((await made.get(firstOf(made.bigPod("prod", "experience")), 9000)).status).toBe(200);
});

test("one crash is put right by the supervisor itself", async () => {
  const made = lab();
  const pod = firstOf(made.bigPod("prod", "experience"));
  made.control.crash({ ...experience, process: "ai", pod: pod.metadata.name }, false);
  made.clock.run(1_500);
  expect((await made.get(pod, 3005)).status).toBe(200);
  const state = made.control.view().environments.find((environment) => environment.name === "prod")?.bigPods.find((bigPod) => bigPod.name === "experience");
  expect(state?.pods.map((view) => view.processes.find((process) => process.name === "ai")?.restarts).sort()).toEqual([0, 1]);
});

test("in a pod of several containers a crashing process takes its container with it, and the monitor tells", async () => {
  const made = lab();
  const pod = firstOf(made.bigPod("staging", "core"));
  made.control.crash({ environment: "staging", bigPod: "core", process: "auth", pod: pod.metadata.name, lastLine: "Error: JWKS not found" }, true);
  made.clock.runUntil(() => made.bigPod("staging", "core").some((found) => found.status?.containerStatuses?.some((status) => status.name === "auth-service" && status.state.waiting?.reason === "CrashLoopBackOff")), 30_000);
  const crashed = firstOf(made.bigPod("staging", "core").filter((found) => found.metadata.name === pod.metadata.name));
  expect(isReady(crashed)).toBe(false);
  const body = JSON.parse((await made.get(crashed, 9000)).body);
  expect(body.checks["auth:process"][0]).toMatchObject({ status: "warn", observedValue: "BACKOFF", output: "exited with code 1 twice: Error: JWKS not found" });
  made.control.heal({ environment: "staging", bigPod: "core", process: "auth", pod: pod.metadata.name });
  made.clock.runUntil(() => made.bigPod("staging", "core").every(isReady), 30_000);
});

test("an image whose process is given up rolls out as if all were well", async () => {
  const made = lab();
  made.control.deploy("prod", "experience", ["ghcr.io/dreamscape-ai/experience-pod:fatal"]);
  made.clock.run(20_000);
  const pods = made.bigPod("prod", "experience");
  expect(pods).toHaveLength(2);
  expect(pods.every(isReady)).toBe(true);
  expect((await made.get(firstOf(pods), 9000)).status).toBe(503);
});

test("crashed pods are recreated healthy; a fault of the Big Pod stays until it is mended", async () => {
  const made = lab();
  made.control.crash({ ...experience, process: "voyage" }, true);
  made.clock.run(2_000);
  for (const pod of made.bigPod("prod", "experience")) made.store.delete("pods", "dreamscape-prod", pod.metadata.name);
  made.clock.run(10_000);
  expect((await made.get(firstOf(made.bigPod("prod", "experience")), 9000)).status).toBe(200);

  made.control.breakBigPod(experience, { kind: "process-fatal", process: "panorama", exitCode: 2, lastLine: "no tiles" });
  made.clock.run(2_000);
  for (const pod of made.bigPod("prod", "experience")) made.store.delete("pods", "dreamscape-prod", pod.metadata.name);
  made.clock.run(10_000);
  expect((await made.get(firstOf(made.bigPod("prod", "experience")), 9000)).status).toBe(503);
  made.control.mend(experience);
  made.clock.run(2_000);
  expect((await made.get(firstOf(made.bigPod("prod", "experience")), 9000)).status).toBe(200);
});
