import { describe, expect, it, onTestFinished } from "vitest";
import { createClusterApi } from "#lib/adapters/kubernetes/cluster-api.ts";
import { createClusterPulse, type PulseState } from "#lib/worker/watchers/reflector-pulse.ts";
import { connectionTo, silent } from "#lib/worker/watchers/reflector-rig.test-support.ts";
import { startTinyCluster, type TinyFault } from "#lib/worker/watchers/reflector-tiny-cluster.test-support.ts";

async function startPulse() {
  const cluster = await startTinyCluster();
  const api = createClusterApi({ name: "tiny", connection: connectionTo(cluster.url), log: silent });
  const pulse = createClusterPulse({ api, log: silent, intervalMs: 20, timeoutMs: 100 });
  const states: PulseState[] = [];
  onTestFinished(async () => {
    await pulse.stop();
    api.close();
    await cluster.close();
  });
  return { cluster, pulse, states };
}

describe("a cluster's pulse", () => {
  it("beats only while somebody listens, once for all listeners", async () => {
    const { cluster, pulse } = await startPulse();
    expect(cluster.requests).toHaveLength(0);
    const ends = [pulse.subscribe(() => undefined), pulse.subscribe(() => undefined)];
    await expect.poll(() => cluster.requests.length).toBeGreaterThan(3);
    expect(cluster.requests.every((request) => request.kind === "version")).toBe(true);
    for (const end of ends) end();
    const before = cluster.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(cluster.requests.length - before).toBeLessThanOrEqual(1);
    pulse.subscribe(() => undefined);
    await expect.poll(() => cluster.requests.length).toBeGreaterThan(before + 2);
  });

  it.each<[string, TinyFault, string]>([
    ["silence", "silence", 'Cluster "tiny" no longer answers: no sign of life within 0.1 s.'],
    ["a reset", "reset", "was lost"],
    ["a 5xx", { status: 503 }, "HTTP 503"],
  ])("tells %s once, and the return once", async (_title, fault, reason) => {
    const { cluster, pulse, states } = await startPulse();
    pulse.subscribe((state) => states.push(state));
    cluster.fault = () => fault;
    await expect.poll(() => states.length).toBe(1);
    expect(states[0]).toMatchObject({ alive: false, error: { message: expect.stringContaining(reason) } });
    const before = cluster.requests.length;
    await expect.poll(() => cluster.requests.length).toBeGreaterThan(before + 2);
    cluster.fault = () => null;
    await expect.poll(() => states.length).toBe(2);
    expect(states[1]).toEqual({ alive: true });
  });

  it.each([401, 403, 404, 429])("takes a refusal (%i) for a sign of life", async (status) => {
    const { cluster, pulse, states } = await startPulse();
    cluster.fault = () => ({ status });
    pulse.subscribe((state) => states.push(state));
    await expect.poll(() => cluster.requests.length).toBeGreaterThan(4);
    expect(states).toEqual([]);
  });
});
