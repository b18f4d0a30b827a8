import { describe, expect, it, onTestFinished } from "vitest";
import { bigPodConfigSchema } from "#lib/contracts/config.ts";
import type { SourceState } from "#lib/contracts/state.ts";
import { ClusterError, type ClusterApi } from "#lib/ports/cluster.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { createHealthProbes, type HealthProbes, type ProbedPod, type ProbeResult } from "#lib/worker/watchers/probe.ts";
import { silent } from "#lib/worker/watchers/reflector-rig.test-support.ts";

type Reply = { status: number; body: string };
type Answer = (pod: string, port: number, path: string, signal: AbortSignal) => Promise<Reply> | Reply;

const experience = bigPodConfigSchema.parse({
  name: "experience",
  workload: { name: "experience" },
  monitor: { port: 9000 },
  services: [{ name: "voyage", process: "voyage", port: 3003, healthPath: "/health" }, { name: "panorama", process: "panorama" }],
});
const core = bigPodConfigSchema.parse({
  name: "core",
  workload: { name: "core" },
  services: [{ name: "auth", container: "auth-service", port: 3001, healthPath: "/health" }, { name: "user", container: "user-service", port: 3002, healthPath: "/healthz?full=1" }, { name: "sidecar", container: "sidecar" }],
});

const monitor = (panorama: string) => ({ status: 200, body: JSON.stringify({ status: "pass", checks: { "voyage:process": [{ status: "pass" }], "panorama:process": [{ status: panorama, output: "exited with code 1" }] } }) });
const good: Answer = (_pod, port) => (port === 9000 ? monitor("pass") : { status: 200, body: "" });
const proxyError = (reason: "server" | "forbidden" | "unsupported", status: number) => new ClusterError(reason, `no way to the pod (${status})`, { status });

interface Rig {
  probes: HealthProbes;
  results: Map<string, ProbeResult>;
  asked: string[];
  sources: SourceState[];
  until(predicate: () => boolean): Promise<void>;
  pods: ProbedPod[];
  answer: Answer;
  given: number;
  running: number;
  mostRunning: number;
}

function startProbes(answer: Answer, pods: ProbedPod[], options: { restMs?: number; concurrency?: number; timeoutMs?: number } = {}): Rig {
  const waiting = new Set<() => void>();
  const look = () => waiting.forEach((check) => check());
  const unused = () => Promise.reject(new Error("not part of this test"));
  // Only podHttp is asked of this port.
  const api: ClusterApi = {
    name: "prod", list: unused, get: unused, create: unused, replace: unused, remove: unused, patch: unused, version: unused, serviceHttp: unused, close() {},
    watch: () => { throw new Error("not part of this test"); },
    podLog: () => { throw new Error("not part of this test"); },
    async podHttp(_namespace, pod, port, path, timeoutMs, signal) {
      rig.asked.push(`${pod}:${port}${path}`);
      rig.running += 1;
      rig.mostRunning = Math.max(rig.mostRunning, rig.running);
      try {
        const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]);
        const late = new Promise<never>((_, reject) => limit.addEventListener("abort", () => reject(new ClusterError("timeout", "too late"))));
        return await Promise.race([rig.answer(pod, port, path, limit), late]);
      } finally {
        rig.running -= 1;
      }
    },
  };
  const rig: Rig = {
    results: new Map(), asked: [], sources: [], pods, answer, given: 0, running: 0, mostRunning: 0,
    until: (predicate) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`never: ${predicate.toString()}; ${JSON.stringify([rig.probes.source(), [...rig.results]])}`)), 5_000);
        const check = () => {
          if (!predicate()) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    probes: createHealthProbes({
      api, environment: { name: "prod", namespace: "dreamscape-prod" }, config: { bigPods: [experience, core] }, log: silent, clock: systemClock,
      pods: () => rig.pods,
      onResult: (uid, result) => {
        rig.given += 1;
        rig.results.set(uid, result);
        look();
      },
      onSource: (state) => {
        rig.sources.push(state);
        look();
      },
      options: { intervalMs: 20, timeoutMs: options.timeoutMs ?? 60, restMs: options.restMs ?? 10_000, concurrency: options.concurrency ?? 8 },
    }),
  };
  onTestFinished(() => rig.probes.stop());
  rig.probes.start();
  return rig;
}

const pod = (name: string, bigPod = "experience"): ProbedPod => ({ uid: `uid-${name}`, name, bigPod });
const of = (rig: Rig, name: string) => rig.results.get(`uid-${name}`)?.services;

describe("asking pods for their health", () => {
  it("asks the monitor for every process, again and again", async () => {
    const rig = startProbes(good, [pod("e1")]);
    await rig.until(() => rig.probes.source().status === "live");
    expect(of(rig, "e1")).toMatchObject({ voyage: { status: "up", detail: null }, panorama: { status: "up", detail: null } });
    expect(rig.asked[0]).toBe("e1:9000/health");
    rig.answer = () => monitor("fail");
    await rig.until(() => of(rig, "e1")?.["panorama"]?.status === "down");
    expect(of(rig, "e1")?.["panorama"]).toMatchObject({ status: "down", detail: "exited with code 1" });
    expect(rig.probes.source()).toMatchObject({ key: "probe/prod", required: false, status: "live" });
  });

  it("asks each service at its own port where there is no monitor, and leaves out what cannot be asked", async () => {
    const rig = startProbes((_pod, port) => (port === 3001 ? { status: 200, body: "" } : { status: 0, body: "dial tcp: connection refused" }), [pod("c1", "core")]);
    await rig.until(() => of(rig, "c1") !== undefined);
    expect(of(rig, "c1")).toMatchObject({ auth: { status: "up", detail: null }, user: { status: "down", detail: "nothing listens on port 3002" } });
    expect(rig.asked).toContain("c1:3002/healthz?full=1");
    expect(rig.probes.source().status).toBe("live");
  });

  it("falls back to a service's own port when the monitor is gone, and says so of the others", async () => {
    const rig = startProbes((_pod, port) => (port === 9000 ? { status: 0, body: "connection refused" } : { status: 200, body: "" }), [pod("e1")]);
    await rig.until(() => of(rig, "e1") !== undefined);
    expect(of(rig, "e1")).toMatchObject({ voyage: { status: "up", detail: null }, panorama: { status: "unknown", detail: "nothing listens on port 9000, where the monitor should be" } });
  });

  it("does not take one late answer for an outage, but a row of them", async () => {
    let slow = false;
    const rig = startProbes((name, port, path, signal) => (slow && name === "e1" ? new Promise(() => undefined) : good(name, port, path, signal)), [pod("e1"), pod("e2")]);
    await rig.until(() => of(rig, "e1") !== undefined && of(rig, "e2") !== undefined);
    slow = true;
    await rig.until(() => of(rig, "e1")?.["voyage"]?.status === "degraded");
    expect(of(rig, "e1")?.["voyage"]?.detail).toBe("has not answered 2 times in a row within 60 ms");
    await rig.until(() => of(rig, "e1")?.["voyage"]?.status === "down");
    expect(rig.probes.source().status).toBe("live");
    slow = false;
    await rig.until(() => of(rig, "e1")?.["voyage"]?.status === "up");
  });

  it("asks no pod twice at a time and never more than its limit", async () => {
    const rig = startProbes((name, port, path, signal) => new Promise((resolve) => setTimeout(() => resolve(good(name, port, path, signal)), 30)), Array.from({ length: 12 }, (_, index) => pod(`e${index}`)), { concurrency: 3, timeoutMs: 1_000 });
    await rig.until(() => rig.results.size === 12 && rig.given > 20);
    expect(rig.mostRunning).toBe(3);
  });

  it("forgets pods that are gone and stops for good", async () => {
    const rig = startProbes(good, [pod("e1"), pod("e2")]);
    await rig.until(() => rig.results.size === 2);
    rig.answer = (name, port, path, signal) => (name === "e2" ? Promise.reject(new ClusterError("not-found", "no such pod", { status: 404 })) : good(name, port, path, signal));
    rig.results.clear();
    await rig.until(() => rig.given > 6);
    expect([...rig.results.keys()]).toEqual(["uid-e1"]);
    await rig.probes.stop();
    const asked = rig.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(rig.asked.length).toBe(asked);
  });
});

describe("pods that cannot be asked at all", () => {
  it.each([
    ["forbidden", proxyError("forbidden", 403), "forbidden"],
    ["not served", proxyError("unsupported", 501), "unsupported"],
    ["unable to proxy", proxyError("server", 503), "down"],
  ] as const)("%s: the source says so, every service is unknown, and it is asked again only later", async (_title, error, status) => {
    const rig = startProbes(() => Promise.reject(error), [pod("e1"), pod("e2"), pod("c1", "core")]);
    await rig.until(() => rig.probes.source().status === status && rig.results.size === 3);
    expect(rig.probes.source()).toMatchObject({ required: false, reason: expect.stringContaining("no way to the pod") });
    expect(of(rig, "e1")?.["voyage"]).toMatchObject({ status: "unknown", detail: expect.stringContaining("cannot be asked") });
    const asked = rig.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(rig.asked.length).toBe(asked);
  });

  it("a way that is dead for all of them says nothing about any of them", async () => {
    const rig = startProbes(good, [pod("e1"), pod("e2"), pod("c1", "core")]);
    await rig.until(() => rig.results.size === 3);
    rig.answer = () => new Promise(() => undefined);
    await rig.until(() => rig.probes.source().status === "stale" && [...rig.results.values()].every((result) => Object.values(result.services).every((service) => service.status === "unknown")));
    expect(of(rig, "e1")?.["voyage"]?.detail).toBe("no pod answers in time");
    rig.answer = good;
    await rig.until(() => rig.probes.source().status === "live" && of(rig, "e1")?.["voyage"]?.status === "up");
  });

  it("comes back to life after the rest", async () => {
    const rig = startProbes(() => Promise.reject(proxyError("server", 503)), [pod("e1")], { restMs: 80 });
    await rig.until(() => rig.probes.source().status === "down");
    rig.answer = good;
    await rig.until(() => rig.probes.source().status === "live");
    expect(of(rig, "e1")?.["voyage"]?.status).toBe("up");
  });

  it("one pod out of reach is that pod's matter", async () => {
    const rig = startProbes((name, port, path, signal) => (name === "e1" ? Promise.reject(proxyError("server", 503)) : good(name, port, path, signal)), [pod("e1"), pod("e2")]);
    await rig.until(() => of(rig, "e1")?.["voyage"]?.status === "unknown" && of(rig, "e2")?.["voyage"]?.status === "up");
    await rig.until(() => rig.given > 8);
    expect(rig.sources.map((source) => source.status)).toEqual(["connecting", "live"]);
  });

  it("tells a wall between the API server and the pods from pods that answer", async () => {
    const rig = startProbes(() => ({ status: 403, body: "denied destination" }), [pod("e1"), pod("c1", "core")]);
    await rig.until(() => rig.probes.source().status === "unsupported");
    expect(rig.probes.source().reason).toBe('Pods cannot be asked for their health through the API server of cluster "prod": every request is answered with HTTP 403 (denied destination).');
    expect(of(rig, "e1")?.["voyage"]?.status).toBe("unknown");
  });
});
