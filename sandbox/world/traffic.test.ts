import { afterEach, expect, test } from "vitest";
import type { Pod } from "#sandbox/controllers/pod-shape.ts";
import { createPlatformLab, firstOf, type PlatformLab } from "#sandbox/world/platform-lab.test-support.ts";

let made: PlatformLab | undefined;
afterEach(() => {
  made?.stop();
  made = undefined;
});

const lab = () => (made = createPlatformLab());
const prod = { environment: "prod", bigPod: "experience" };
const voyage = 3003;

/** Value of one line of a pod's metrics; undefined when the line or the whole answer is not there. */
async function value({ get }: PlatformLab, pod: Pod, port: number, series: string): Promise<number | undefined> {
  const answer = await get(pod, port, "/metrics").catch(() => undefined);
  const line = answer?.body.split("\n").find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

async function share(platform: PlatformLab, pod: Pod, seconds: number): Promise<number> {
  const read = async (code: string) => (await value(platform, pod, voyage, `http_requests_total{code="${code}"}`)) ?? 0;
  const all = async () => [await read("200"), await read("404"), await read("500"), await read("502")] as const;
  const before = await all();
  platform.clock.run(seconds * 1000);
  const grown = (await all()).map((count, index) => count - (before[index] ?? 0));
  return ((grown[2] ?? 0) + (grown[3] ?? 0)) / grown.reduce((sum, count) => sum + count, 0);
}

test("a process counts its requests: as many, however often it is asked", async () => {
  const [often, once] = [createPlatformLab(), createPlatformLab()];
  for (let turn = 0; turn < 30; turn++) {
    often.clock.run(2_000);
    await often.get(firstOf(often.bigPod("prod", "experience")), voyage, "/metrics");
  }
  once.clock.run(60_000);
  const [left, right] = await Promise.all([often, once].map((platform) => platform.get(firstOf(platform.bigPod("prod", "experience")), voyage, "/metrics")));
  expect(left?.body).toBe(right?.body);
  expect(await value(once, firstOf(once.bigPod("prod", "experience")), voyage, "http_request_duration_seconds_count")).toBeGreaterThan(60);
  often.stop();
  once.stop();
});

test("buckets are cumulative and end with the count", async () => {
  const platform = lab();
  platform.clock.run(120_000);
  const { body } = await platform.get(firstOf(platform.bigPod("prod", "experience")), voyage, "/metrics");
  const buckets = [...body.matchAll(/_bucket\{le="[^"]+"\} (\d+)/g)].map((match) => Number(match[1]));
  expect(buckets).toEqual(buckets.toSorted((left, right) => left - right));
  expect(buckets.at(-1)).toBe(Number(/_count (\d+)/.exec(body)?.[1]));
});

test("a crashed process says nothing and begins at zero again", async () => {
  const platform = lab();
  const pod = firstOf(platform.bigPod("prod", "experience"));
  platform.clock.run(60_000);
  const series = "http_request_duration_seconds_count";
  const before = (await value(platform, pod, voyage, series)) ?? 0;
  const startedBefore = (await value(platform, pod, voyage, "process_start_time_seconds")) ?? 0;
  platform.control.crash({ ...prod, process: "voyage" }, false);
  expect(await value(platform, pod, voyage, series)).toBeUndefined();
  platform.clock.run(10_000);
  expect(await value(platform, pod, voyage, series)).toBeLessThan(before);
  expect(await value(platform, pod, voyage, "process_start_time_seconds")).toBeGreaterThan(startedBefore);
  expect(await value(platform, pod, 9000, 'supervisor_process_restarts_total{name="voyage",group="voyage"}')).toBe(1);
});

test("a supervisor tells the states of its processes in supervisord's numbers", async () => {
  const platform = lab();
  const pod = firstOf(platform.bigPod("prod", "experience"));
  const state = () => value(platform, pod, 9000, 'node_supervisord_state{name="panorama",group="panorama"}');
  expect(await state()).toBe(20);
  platform.control.crash({ ...prod, process: "panorama", exitCode: 137 }, true);
  expect(await state()).toBe(30);
  platform.clock.run(5_000);
  expect(await state()).toBe(200);
  expect(await value(platform, pod, 9000, 'supervisor_process_info{name="panorama",group="panorama",state="FATAL",exit_status="137"}')).toBe(0);
  expect(await value(platform, pod, 9000, 'node_supervisord_up{name="panorama",group="panorama"}')).toBe(0);
  expect(await value(platform, pod, 9000, 'node_supervisord_start_time_seconds{name="panorama",group="panorama"}')).toBeUndefined();
});

test("the process in front loses requests while a neighbour is down, and no longer after", async () => {
  const platform = lab();
  const pod = firstOf(platform.bigPod("prod", "experience"));
  expect(await share(platform, pod, 300)).toBeLessThan(0.02);
  platform.control.crash({ ...prod, process: "ai" }, true);
  expect(await share(platform, pod, 300)).toBeGreaterThan(0.2);
  platform.control.heal({ ...prod, process: "ai" });
  await share(platform, pod, 5);
  expect(await share(platform, pod, 300)).toBeLessThan(0.02);
});

test("a degraded Big Pod fails and slows while it stays ready, its new pods too, until it is mended", async () => {
  const platform = lab();
  const front = () => firstOf(platform.bigPod("prod", "experience"));
  const p50 = async () => Number(/_sum ([\d.]+)/.exec((await platform.get(front(), voyage, "/metrics")).body)?.[1]) / ((await value(platform, front(), voyage, "http_request_duration_seconds_count")) ?? 1);
  const quick = await p50();
  platform.control.breakBigPod(prod, { kind: "degraded", process: "voyage", errorRatio: 0.2, latencyFactor: 50 });
  expect(await share(platform, front(), 300)).toBeGreaterThan(0.15);
  expect(await p50()).toBeGreaterThan(quick * 20);
  platform.store.delete("pods", "dreamscape-prod", front().metadata.name, { gracePeriodSeconds: 0 });
  platform.clock.run(60_000);
  for (const pod of platform.bigPod("prod", "experience")) expect(await share(platform, pod, 300)).toBeGreaterThan(0.15);
  platform.control.mend(prod);
  expect(await share(platform, front(), 300)).toBeLessThan(0.02);
});

test("a leak fills the memory up to its share of the limit", async () => {
  const platform = lab();
  const pod = firstOf(platform.bigPod("prod", "experience"));
  platform.control.breakBigPod(prod, { kind: "degraded", memoryRatio: 0.95 });
  const used = await Promise.all([3003, 3005, 3006].map((port) => value(platform, pod, port, "process_resident_memory_bytes")));
  const ratio = used.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0) / (512 * 2 ** 20);
  expect(ratio).toBeGreaterThan(0.92);
  expect(ratio).toBeLessThan(1);
});
