import { afterEach, expect, test } from "vitest";
import { createPlatformLab, firstOf, type PlatformLab } from "#sandbox/world/platform-lab.test-support.ts";

const labs: PlatformLab[] = [];
function lab(): PlatformLab {
  const made = createPlatformLab();
  labs.push(made);
  return made;
}
afterEach(() => {
  for (const made of labs.splice(0)) made.stop();
});

test("logs of a supervised container are prefixed by process, dated, in order, and the same when read again", async () => {
  const made = lab();
  made.clock.run(60_000);
  const pod = firstOf(made.bigPod("prod", "experience"));
  const lines = await made.lines(pod, "experience");
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.some((line) => /^panorama \| 2026-11-21T08:0\d:\d\d\.\d{3}Z info /.test(line))).toBe(true);
  expect(lines.some((line) => line.includes("supervisor: success: voyage entered RUNNING state"))).toBe(true);
  const stamped = await made.lines(pod, "experience", { timestamps: true });
  const times = stamped.map((line) => line.split(" ", 1)[0] ?? "");
  expect(times).toEqual([...times].sort());
  expect(await made.lines(pod, "experience")).toEqual(lines);
  expect(await made.lines(pod, "experience", { tailLines: 3 })).toEqual(lines.slice(-3));
  expect(await made.lines(pod, "experience", { tailLines: 0 })).toEqual([]);
  expect((await made.lines(pod, "experience", { sinceSeconds: 10 })).length).toBeLessThan(lines.length);
  expect((await made.lines(pod, "experience", { limitBytes: 100 })).join("\n").length).toBeLessThanOrEqual(100);
});

test("the previous instance's log ends with what killed it", async () => {
  const made = lab();
  const pod = firstOf(made.bigPod("prod", "core"));
  await expect(made.lines(pod, "user-service", { previous: true })).rejects.toMatchObject({ code: 400, message: `previous terminated container "user-service" in pod "${pod.metadata.name}" not found` });
  made.control.crash({ environment: "prod", bigPod: "core", process: "user", pod: pod.metadata.name, lastLine: "Error: too many connections" }, false);
  made.clock.run(3_000);
  const previous = await made.lines(pod, "user-service", { previous: true });
  expect(previous.at(-1)).toContain("error Error: too many connections");
  expect((await made.lines(pod, "user-service")).join("\n")).not.toContain("too many connections");
});

test("while a crashed container waits, its last instance is both the log and the previous one", async () => {
  const made = lab();
  made.control.deploy("prod", "experience", ["ghcr.io/dreamscape-ai/experience-pod:broken"]);
  const crashing = () => made.bigPod("prod", "experience").find((pod) => pod.status?.containerStatuses?.[0]?.state.waiting?.reason === "CrashLoopBackOff");
  made.clock.runUntil(() => crashing() !== undefined, 30_000);
  const pod = firstOf([crashing()]);
  if (!pod) throw new Error("not crashing");
  expect((await made.lines(pod, "experience", { previous: true })).at(-1)).toContain("Cannot find module");
  expect((await made.lines(pod, "experience")).at(-1)).toContain("Cannot find module");
});

test("following brings new lines until the reader leaves", async () => {
  const made = lab();
  const pod = firstOf(made.bigPod("prod", "experience"));
  const leaving = new AbortController();
  const followed = made.backend.logs(pod, "experience", { follow: true, previous: false, tailLines: 0, timestamps: false }, leaving.signal)[Symbol.asyncIterator]();
  const next = followed.next();
  made.control.crash({ environment: "prod", bigPod: "experience", process: "voyage", pod: pod.metadata.name, lastLine: "TypeError: boom" }, false);
  made.clock.run(10);
  expect((await next).value).toContain("voyage   | ");
  const end = (async () => {
    const rest: string[] = [];
    for (let step = await followed.next(); !step.done; step = await followed.next()) rest.push(step.value);
    return rest;
  })();
  leaving.abort();
  expect((await end).join("\n")).toContain("exited: voyage (exit status 1; not expected)");
});

test("containers that are not there or not started are refused in the kubelet's words", async () => {
  const made = lab();
  const pod = firstOf(made.bigPod("prod", "experience"));
  await expect(made.lines(pod, "nginx")).rejects.toMatchObject({ code: 400, message: `container nginx is not valid for pod ${pod.metadata.name}` });
  made.control.deploy("prod", "experience", ["ghcr.io/dreamscape-ai/experience-pod:v2.2.0-missing"]);
  made.clock.run(5_000);
  const stuck = firstOf(made.bigPod("prod", "experience").filter((candidate) => candidate.spec.containers[0]?.image.endsWith("missing")));
  await expect(made.lines(stuck, "experience")).rejects.toMatchObject({ code: 400, message: `container "experience" in pod "${stuck.metadata.name}" is waiting to start: trying and failing to pull image` });
});

test("what a container said before a restart of the sandbox is lost, and said to be", async () => {
  const made = lab();
  const pod = firstOf(made.bigPod("prod", "core"));
  made.control.crash({ environment: "prod", bigPod: "core", process: "user", pod: pod.metadata.name }, false);
  made.clock.run(10_000);
  const restarted = firstOf(made.bigPod("prod", "core").filter((candidate) => candidate.metadata.name === pod.metadata.name));
  made.world.forget(pod.metadata.uid);
  await expect(made.lines(restarted, "user-service", { previous: true })).rejects.toThrow(/^unable to retrieve container logs for containerd:\/\/[0-9a-f]{64}$/);
});

test("a node that is down answers for none of its pods", async () => {
  const made = lab();
  const pod = firstOf(made.bigPod("prod", "experience"));
  made.control.setNodeDown(pod.spec.nodeName ?? "", true);
  await expect(made.get(pod, 3003)).rejects.toThrow(`dial tcp ${pod.status?.podIP}:3003: connect: no route to host`);
  await expect(made.lines(pod, "experience")).rejects.toMatchObject({ code: 500 });
});
