import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { randomFrom, startRig, type Rig } from "#lib/worker/watchers/reflector-rig.test-support.ts";
import type { TinyFault } from "#lib/worker/watchers/reflector-tiny-cluster.test-support.ts";

const statuses = (rig: Rig) => rig.sources.map((source) => source.status);
const fails = (kind: "list" | "watch", fault: TinyFault) => (request: { kind: string }) => (request.kind === kind ? fault : null);

describe("a reflector that nothing disturbs", () => {
  it("reads every page, then follows, and says so in order", async () => {
    const rig = await startRig();
    expect(statuses(rig)).toEqual(["connecting", "live"]);
    expect(rig.cluster.requests.filter((request) => request.kind === "list").map((request) => request.page)).toEqual([1, 2, 3]);
    rig.cluster.put("map-1", { n: "changed" });
    rig.cluster.put("new", {});
    rig.cluster.remove("map-2");
    await rig.until(() => rig.inStep());
    expect(rig.events.slice(-3)).toEqual(["MODIFIED map-1", "ADDED new", "DELETED map-2"]);
  });

  it("goes from watch to watch without listing again or leaving live", async () => {
    const rig = await startRig();
    const lists = () => rig.cluster.requests.filter((request) => request.kind === "list").length;
    const watches = () => rig.cluster.requests.filter((request) => request.kind === "watch").length;
    const before = lists();
    const contact = rig.reflector.source().contactAt ?? "";
    for (let round = 0; watches() < 4; round += 1) {
      rig.cluster.put("busy", { round: String(round) });
      await rig.until(() => rig.inStep());
      await setImmediate();
    }
    expect(lists()).toBe(before);
    expect(statuses(rig)).toEqual(["connecting", "live"]);
    expect((rig.reflector.source().contactAt ?? "") > contact).toBe(true);
  });

  it("stops: no callback, no connection afterwards", async () => {
    const rig = await startRig();
    await rig.reflector.stop();
    const seen = rig.events.length;
    rig.cluster.put("late", {});
    await expect.poll(() => rig.cluster.openWatches()).toBe(0);
    expect(rig.events.length).toBe(seen);
  });
});

describe("a list that fails", () => {
  it("ACCEPTANCE 25: is incomplete, never empty: nothing is known until every page was read", async () => {
    const rig = await startRig({ manual: true, before: (cluster) => void (cluster.fault = (request) => (request.kind === "list" && request.page === 3 ? { status: 500 } : null)) });
    rig.reflector.start();
    await rig.until(() => rig.reflector.source().status === "down");
    expect(rig.reflector.source().reason).toMatch(/^The list is incomplete: it broke off on page 3 after 6 objects\. Cluster "tiny" failed to list configmaps in test \(HTTP 500\)/);
    expect(rig.reflector.listed()).toBe(false);
    expect(rig.events).toEqual([]);
    rig.cluster.fault = () => null;
    await rig.until(() => rig.reflector.source().status === "live");
    expect(rig.inStep()).toBe(true);
  });

  it("keeps what was known while it cannot be read again", async () => {
    const rig = await startRig();
    rig.cluster.fault = (request) => (request.kind === "list" && request.page === 3 ? "reset" : null);
    rig.cluster.forget();
    rig.cluster.remove("map-0");
    rig.cluster.put("map-8", {});
    rig.cluster.put("map-9", {});
    rig.cluster.forget();
    rig.cluster.cut("reset");
    await rig.until(() => rig.sources.some((source) => source.reason?.includes("incomplete") ?? false));
    expect(rig.reflector.items().size).toBeGreaterThanOrEqual(7);
    rig.cluster.fault = () => null;
    await rig.until(() => rig.inStep() && rig.reflector.source().status === "live");
  });

  it("starts over without pages when its continue token has expired", async () => {
    let once = true;
    const rig = await startRig({
      manual: true,
      before: (cluster) =>
        void (cluster.fault = (request) => {
          if (request.kind === "list" && request.page === 2 && once) {
            once = false;
            cluster.forget();
          }
          return null;
        }),
    });
    rig.reflector.start();
    await rig.until(() => rig.reflector.source().status === "live");
    expect(rig.inStep()).toBe(true);
    expect(rig.cluster.requests.filter((request) => request.kind === "list").map((request) => request.page)).toEqual([1, 2, 1]);
  });
});

describe("history that is gone (410)", () => {
  it.each([
    ["in the stream", null],
    ["by status", { status: 410 }],
  ] as const)("%s: lists again and tells true additions, changes and deletions", async (_title, fault) => {
    const rig = await startRig();
    const seen = rig.events.length;
    rig.cluster.muted = true;
    rig.cluster.put("map-3", { n: "three" });
    rig.cluster.remove("map-4");
    rig.cluster.put("map-7", {});
    rig.cluster.forget();
    rig.cluster.muted = false;
    let first = true;
    rig.cluster.fault = (request) => {
      if (request.kind !== "watch" || !first) return null;
      first = false;
      return fault;
    };
    rig.cluster.cut("end");
    await rig.until(() => rig.inStep());
    expect(rig.events.slice(seen)).toEqual(["DELETED map-4", "MODIFIED map-3", "ADDED map-7"]);
    expect(statuses(rig)).toEqual(["connecting", "live"]);
  });

  it("for ever: waits longer each time, and does not go on calling itself live", async () => {
    const rig = await startRig();
    rig.cluster.fault = fails("watch", { status: 410 });
    rig.cluster.cut("end");
    await rig.until(() => rig.reflector.source().status === "stale");
    const before = rig.cluster.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(rig.cluster.requests.length - before).toBeLessThan(50);
    rig.cluster.fault = () => null;
    await rig.until(() => rig.reflector.source().status === "live" && rig.inStep());
  });
});

describe("connections that break", () => {
  it("a reset is mended at once, without an alarm and without a gap", async () => {
    const rig = await startRig();
    rig.proxy.resetAll();
    rig.cluster.put("map-1", { after: "reset" });
    await rig.until(() => rig.inStep());
    expect(statuses(rig)).toEqual(["connecting", "live"]);
  });

  it("a server that is away is down, its objects are kept, and all is caught up when it is back", async () => {
    const rig = await startRig();
    await rig.proxy.refuse();
    await rig.until(() => rig.reflector.source().status === "down");
    expect(rig.reflector.source().reason).toMatch(/^Cluster "tiny" at 127\.0\.0\.1:\d+ cannot be reached: connection refused/);
    expect(rig.reflector.items().size).toBe(7);
    rig.cluster.put("map-1", { while: "away" });
    rig.cluster.remove("map-2");
    await rig.proxy.listenAgain();
    await rig.until(() => rig.reflector.source().status === "live" && rig.inStep());
  });

  it("ACCEPTANCE 24: a watch that is open but silent is found out, and what it kept back is fetched", async () => {
    const rig = await startRig();
    rig.cluster.muted = true;
    rig.cluster.put("map-1", { unheard: "yes" });
    rig.cluster.remove("map-2");
    const startedAt = performance.now();
    await rig.until(() => rig.reflector.source().status === "stale");
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(rig.reflector.source().reason).toContain("although the connection is open");
    expect(rig.reflector.source().since).toBe(rig.reflector.source().contactAt);
    rig.cluster.muted = false;
    await rig.until(() => rig.reflector.source().status === "live" && rig.inStep());
  });

  it("watches that open but never deliver are not believed again and again; lists stand in for them", async () => {
    const rig = await startRig();
    rig.cluster.muted = true;
    rig.cluster.put("map-1", { unheard: "1" });
    await rig.until(() => rig.reflector.source().status === "stale");
    rig.cluster.put("map-2", { unheard: "2" });
    await rig.until(() => rig.inStep());
    rig.cluster.remove("map-3");
    await rig.until(() => rig.inStep());
    expect(statuses(rig).filter((status) => status === "live")).toHaveLength(1);
    rig.cluster.muted = false;
    await rig.until(() => rig.reflector.source().status === "live" && rig.inStep());
  });

  it("a network that swallows everything is noticed by the pulse before the watch would", async () => {
    const rig = await startRig({ pulse: true, tuning: { watchSeconds: 30 } });
    rig.proxy.freeze();
    const startedAt = performance.now();
    rig.cluster.put("map-1", { unheard: "yes" });
    await rig.until(() => rig.reflector.source().status === "stale");
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(rig.reflector.source().reason).toContain("no sign of life");
    expect(rig.reflector.items().size).toBe(7);
    rig.proxy.thaw();
    await rig.until(() => rig.reflector.source().status === "live" && rig.inStep());
  });

  it("a slow network is not a broken one", async () => {
    const rig = await startRig({ pulse: false });
    rig.proxy.delayMs = 200;
    for (let index = 0; index < 5; index += 1) rig.cluster.put("map-1", { index: String(index) });
    await rig.until(() => rig.inStep());
    expect(statuses(rig)).toEqual(["connecting", "live"]);
  });
});

describe("answers that refuse", () => {
  it.each([
    ["forbidden", { status: 403, body: { kind: "Status", code: 403, message: 'configmaps is forbidden: User "vigie" cannot watch resource "configmaps"' } }, "forbidden", /Vigie may not watch configmaps in test on cluster "tiny": configmaps is forbidden/],
    ["expired credentials", { status: 401, body: { kind: "Status", code: 401, message: "Unauthorized" } }, "down", /credentials for cluster "tiny" were refused \(401\); they may have expired/],
    ["an API that is not served", { status: 404, body: "404 page not found" }, "unsupported", /does not serve what is needed/],
    ["a server in trouble", { status: 503 }, "stale", /failed to watch configmaps in test \(HTTP 503\)/],
    ["an error in the stream, again and again", { inStream: { kind: "Status", code: 500, message: "etcdserver: request timed out" } }, "stale", /etcdserver: request timed out/],
  ] as const)("%s: says so, keeps the objects, and recovers", async (_title, fault, status, reason) => {
    const rig = await startRig();
    rig.cluster.fault = fails("watch", fault);
    rig.cluster.cut("end");
    await rig.until(() => rig.reflector.source().status === status);
    expect(rig.reflector.source().reason).toMatch(reason);
    expect(rig.reflector.items().size).toBe(7);
    rig.cluster.put("map-1", { while: status });
    rig.cluster.remove("map-6");
    rig.cluster.fault = () => null;
    await rig.until(() => rig.reflector.source().status === "live" && rig.inStep());
  });

  it("before anything was read, a server in trouble is down, not stale", async () => {
    const rig = await startRig({ manual: true, before: (cluster) => void (cluster.fault = fails("list", { status: 500 })) });
    rig.reflector.start();
    await rig.until(() => rig.reflector.source().status === "down");
    expect(rig.reflector.source().contactAt).toBeNull();
    expect(rig.reflector.listed()).toBe(false);
  });

  it("ACCEPTANCE 22: keeps a Retry-After", async () => {
    const rig = await startRig();
    let asked = 0;
    let refusedAt = 0;
    let againAt = 0;
    rig.cluster.fault = (request) => {
      if (request.kind !== "watch") return null;
      asked += 1;
      if (asked === 1) {
        refusedAt = performance.now();
        return { status: 429, headers: { "retry-after": "1" } };
      }
      againAt ||= performance.now();
      return null;
    };
    rig.cluster.cut("end");
    await rig.until(() => rig.reflector.source().status === "stale");
    expect(rig.reflector.source().reason).toContain("asks to slow down");
    await rig.until(() => rig.reflector.source().status === "live");
    expect(againAt - refusedAt).toBeGreaterThanOrEqual(990);
  });
});

describe("events out of order", () => {
  it("ignores what is older than what it knows of the same object, and never revives a deleted one", async () => {
    const rig = await startRig();
    const old = rig.cluster.put("map-1", { n: "old" });
    const newer = rig.cluster.put("map-1", { n: "newer" });
    const gone = rig.cluster.put("gone", {});
    rig.cluster.remove("gone");
    await rig.until(() => rig.events.includes("DELETED gone"));
    const seen = rig.events.length;
    rig.cluster.say({ type: "MODIFIED", object: old });
    rig.cluster.say({ type: "ADDED", object: newer });
    rig.cluster.say({ type: "ADDED", object: gone });
    rig.cluster.put("mark", {});
    await rig.until(() => rig.events.length > seen);
    expect(rig.events.slice(seen)).toEqual(["ADDED mark"]);
    expect(rig.inStep()).toBe(true);
  });

  it("tells an object that was deleted and made anew from one that changed", async () => {
    const rig = await startRig();
    const seen = rig.events.length;
    rig.cluster.muted = true;
    rig.cluster.remove("map-1");
    rig.cluster.put("map-1", { again: "yes" });
    rig.cluster.forget();
    rig.cluster.muted = false;
    rig.cluster.cut("reset");
    await rig.until(() => rig.inStep());
    expect(rig.events.slice(seen)).toEqual(["DELETED map-1", "ADDED map-1"]);
  });
});

describe("any mixture of faults", () => {
  it.each([1, 2, 3, 4])("ends in step with a fresh list (seed %i)", async (seed) => {
    const rig = await startRig({ pulse: true, requestTimeoutMs: 300 });
    const random = randomFrom(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const faults: (() => void | Promise<void>)[] = [
      () => rig.cluster.cut("reset"),
      () => rig.cluster.cut("end"),
      () => rig.cluster.forget(),
      () => rig.proxy.resetAll(),
      () => rig.proxy.freeze(),
      () => rig.proxy.thaw(),
      () => void (rig.cluster.muted = !rig.cluster.muted),
      () => void (rig.cluster.fault = () => (random() < 0.3 ? { status: 500 } : random() < 0.1 ? "reset" : null)),
      () => void (rig.cluster.fault = (request) => (request.page > 1 && random() < 0.5 ? "reset" : null)),
      () => void (rig.cluster.fault = () => (random() < 0.3 ? "silence" : random() < 0.2 ? { status: 410 } : null)),
      () => void (rig.cluster.fault = () => null),
    ];
    for (let step = 0; step < 60; step += 1) {
      const name = `map-${Math.floor(random() * 12)}`;
      if (random() < 0.3) rig.cluster.remove(name);
      else rig.cluster.put(name, { step: String(step) });
      if (random() < 0.35) await pick(faults)();
      await new Promise((resolve) => setTimeout(resolve, random() * 60));
    }
    rig.proxy.thaw();
    rig.cluster.muted = false;
    rig.cluster.fault = () => null;
    rig.cluster.put("last", {});
    await rig.until(() => rig.inStep() && rig.reflector.source().status === "live");
  });
});
