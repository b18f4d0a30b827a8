import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deploymentOf, podOf, startTestServer, type TestServer, type WatchStream } from "#sandbox/kube/server-for-tests.test-support.ts";

let kube: TestServer;
beforeAll(async () => {
  kube = await startTestServer();
});
afterAll(() => kube.stop());

const PODS = "/api/v1/namespaces/default/pods";
const by = { manager: "tests" };

async function take(stream: WatchStream, count: number): Promise<string[]> {
  const seen: string[] = [];
  while (seen.length < count) {
    const event = await stream.next();
    if (!event) break;
    seen.push(`${event.type} ${event.object.metadata?.name ?? ""}`.trim());
  }
  return seen;
}

describe("where a watch starts", () => {
  test("without a version: what is there, then what comes", async () => {
    kube.store.create("pods", podOf("w-1", { set: "start" }), by);
    const stream = await kube.watch(`${PODS}?watch=true&labelSelector=set%3Dstart`);
    expect(await take(stream, 1)).toEqual(["ADDED w-1"]);
    kube.store.create("pods", podOf("w-2", { set: "start" }), by);
    kube.store.delete("pods", "default", "w-1", { gracePeriodSeconds: 0 });
    expect(await take(stream, 2)).toEqual(["ADDED w-2", "DELETED w-1"]);
    stream.close();
  });

  test("from a version: every change since, none before", async () => {
    kube.store.create("pods", podOf("v-1", { set: "version" }), by);
    const version = kube.store.resourceVersion;
    kube.store.create("pods", podOf("v-2", { set: "version" }), by);
    const removed = kube.store.delete("pods", "default", "v-2", { gracePeriodSeconds: 0 });
    const stream = await kube.watch(`${PODS}?watch=1&labelSelector=set%3Dversion&resourceVersion=${version}`);
    const [added, deleted] = [await stream.next(), await stream.next()];
    expect([added?.type, deleted?.type]).toEqual(["ADDED", "DELETED"]);
    expect(deleted?.object.metadata.resourceVersion).toBe(removed?.metadata.resourceVersion);
    expect(Number(deleted?.object.metadata.resourceVersion)).toBeGreaterThan(Number(added?.object.metadata.resourceVersion));
    stream.close();
  });

  test("sendInitialEvents ends them with a marked bookmark", async () => {
    kube.store.create("pods", podOf("i-1", { set: "initial" }), by);
    const stream = await kube.watch(`${PODS}?watch=1&labelSelector=set%3Dinitial&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`);
    expect(await take(stream, 1)).toEqual(["ADDED i-1"]);
    expect(await stream.next()).toMatchObject({ type: "BOOKMARK", object: { kind: "Pod", metadata: { annotations: { "k8s.io/initial-events-end": "true" }, resourceVersion: kube.store.resourceVersion } } });
    stream.close();
  });

  test("a forgotten version is told in the stream, or by HTTP status when so switched", async () => {
    const version = kube.store.resourceVersion;
    kube.store.create("pods", podOf("forgotten"), by);
    kube.server.faults.expireHistory();
    const stream = await kube.watch(`${PODS}?watch=1&resourceVersion=${version}`);
    expect(stream.code).toBe(200);
    expect(await stream.next()).toMatchObject({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } });
    expect(await stream.next()).toBeUndefined();
    kube.server.faults.set({ expiredWatch: "status" });
    expect((await kube.call("GET", `${PODS}?watch=1&resourceVersion=${version}`)).code).toBe(410);
    kube.server.faults.clear();
  });
});

describe("what a watch shows", () => {
  test("entering a selection is ADDED, leaving it DELETED with the last selected state", async () => {
    kube.store.create("pods", podOf("moves", { tier: "none" }), by);
    const stream = await kube.watch(`${PODS}?watch=1&labelSelector=tier%3Dweb&resourceVersion=${kube.store.resourceVersion}`);
    const relabel = (tier: string) => kube.store.modify("pods", "default", "moves", by, (pod) => {
      pod.metadata.labels = { tier };
    });
    relabel("web");
    kube.store.modify("pods", "default", "moves", by, (pod) => {
      pod.metadata.annotations = { note: "x" };
    });
    const left = relabel("db");
    expect(await take(stream, 2)).toEqual(["ADDED moves", "MODIFIED moves"]);
    const last = await stream.next();
    expect([last?.type, last?.object.metadata.labels.tier, last?.object.metadata.resourceVersion]).toEqual(["DELETED", "web", left?.metadata.resourceVersion]);
    stream.close();
  });

  test("the end by timeoutSeconds brings a bookmark of the newest version", async () => {
    const stream = await kube.watch(`/apis/apps/v1/deployments?watch=1&resourceVersion=${kube.store.resourceVersion}&allowWatchBookmarks=true&timeoutSeconds=1`);
    kube.store.create("pods", podOf("elsewhere"), by);
    expect(await stream.next()).toMatchObject({ type: "BOOKMARK", object: { kind: "Deployment", apiVersion: "apps/v1", metadata: { resourceVersion: kube.store.resourceVersion } } });
    expect(await stream.next()).toBeUndefined();
  });

  test("tables bring their columns once", async () => {
    const stream = await kube.watch("/apis/apps/v1/namespaces/default/deployments?watch=1", { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
    kube.store.create("deployments.apps", deploymentOf("tabled"), by);
    kube.store.modify("deployments.apps", "default", "tabled", { ...by, subresource: "scale" }, (draft) => {
      draft.spec.replicas = 5;
    });
    const [first, second] = [await stream.next(), await stream.next()];
    expect([first?.object.columnDefinitions[1].name, first?.object.rows[0].cells[1]]).toEqual(["Ready", "0/2"]);
    expect([second?.object.columnDefinitions, second?.object.rows[0].cells[1]]).toEqual([null, "0/5"]);
    stream.close();
  });

  test("many watchers see every change of many pods, in order", async () => {
    const streams = await Promise.all(Array.from({ length: 50 }, () => kube.watch(`${PODS}?watch=1&labelSelector=set%3Dmany&resourceVersion=${kube.store.resourceVersion}`)));
    const expected: string[] = [];
    for (let index = 0; index < 200; index++) {
      kube.store.create("pods", podOf(`many-${index}`, { set: "many" }), by);
      expected.push(`ADDED many-${index}`);
    }
    const seen = await Promise.all(streams.map((stream) => take(stream, 200)));
    for (const one of seen) expect(one).toEqual(expected);
    for (const stream of streams) stream.close();
  });
});

describe("how a watch ends", () => {
  test("a change after the end of a watch whose client reads slowly is not written to it, and harms nobody", async () => {
    const uncaught: Error[] = [];
    const note = (error: Error) => uncaught.push(error);
    process.on("uncaughtException", note);
    const data = { text: "x".repeat(900_000) };
    for (let index = 0; index < 20; index++) kube.store.create("configmaps", { metadata: { name: `large-${index}`, namespace: "default" } as never, data }, by);
    const slow = await kube.watch("/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=1");
    const prompt = await kube.watch(`/api/v1/namespaces/kube-public/configmaps?watch=1&timeoutSeconds=1&resourceVersion=${kube.store.resourceVersion}`);
    expect(await prompt.next()).toBeUndefined();
    kube.store.create("configmaps", { metadata: { name: "too-late", namespace: "default" } as never, data: {} }, by);
    expect((await take(slow, 100)).filter((line) => /large|late/.test(line))).toEqual(Array.from({ length: 20 }, (_, index) => `ADDED large-${index}`).toSorted());
    process.off("uncaughtException", note);
    expect(uncaught).toEqual([]);
  });

  test("a silent watch stays open beyond its time, and is cut when the silence ends", async () => {
    kube.server.faults.set({ silentWatches: true });
    const silent = await kube.watch(`${PODS}?watch=1&timeoutSeconds=1`);
    const events: unknown[] = [];
    const ended = silent.next().then((event) => events.push(event));
    const before = kube.server.watchCount();
    // That nothing comes has no event of its own: only time can show it.
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    expect([events, kube.server.watchCount()]).toEqual([[], before]);
    kube.server.faults.clear();
    await ended;
    expect(events).toEqual([undefined]);
  });
});
