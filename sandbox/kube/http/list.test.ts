import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deploymentOf, markReady, podOf, startTestServer, type TestServer } from "#sandbox/kube/server-for-tests.test-support.ts";

let kube: TestServer;
beforeAll(async () => {
  kube = await startTestServer();
  for (const [index, tier] of ["web", "web", "db", "db", "cache"].entries()) {
    kube.store.create("pods", podOf(`pod-${index}`, { tier, app: "shop" }, { nodeName: index < 2 ? "node-1" : "node-2" }), { manager: "tests" });
  }
  markReady(kube.store, "pod-0");
});
afterAll(() => kube.stop());

const PODS = "/api/v1/namespaces/default/pods";

async function names(query: string): Promise<string[]> {
  const { body } = await kube.call("GET", `${PODS}?${new URLSearchParams(query)}`);
  return body.items.map((one: any) => one.metadata.name);
}

describe("selectors", () => {
  test.each([
    ["labelSelector=tier=web", ["pod-0", "pod-1"]],
    ["labelSelector=tier!=web", ["pod-2", "pod-3", "pod-4"]],
    ["labelSelector=tier in (db, cache),app", ["pod-2", "pod-3", "pod-4"]],
    ["labelSelector=tier notin (db)", ["pod-0", "pod-1", "pod-4"]],
    ["labelSelector=!tier", []],
    ["fieldSelector=metadata.name=pod-3", ["pod-3"]],
    ["fieldSelector=spec.nodeName=node-1,status.phase!=Running", ["pod-1"]],
    ["fieldSelector=status.phase=Running", ["pod-0"]],
  ])("%s", async (query, expected) => {
    const [key = "", ...value] = query.split("=");
    const { body } = await kube.call("GET", `${PODS}?${key}=${encodeURIComponent(value.join("="))}`);
    expect(body.items.map((one: any) => one.metadata.name)).toEqual(expected);
  });

  test.each(["labelSelector=a%20in%20(", "labelSelector=%3D%3D", "fieldSelector=spec.image%3Dx", "limit=many", "resourceVersion=new", "continue=xyz"])("%s is a 400", async (query) => {
    const answer = await kube.call("GET", `${PODS}?${query}`);
    expect([answer.code, answer.body.reason]).toEqual([400, "BadRequest"]);
  });
});

describe("pages", () => {
  test("show one moment, however long the reader takes", async () => {
    const first = (await kube.call("GET", `${PODS}?limit=2`)).body;
    expect([first.items.length, first.metadata.remainingItemCount]).toEqual([2, 3]);
    kube.store.create("pods", podOf("pod-2a"), { manager: "tests" });
    kube.store.delete("pods", "default", "pod-3", { gracePeriodSeconds: 0 });
    const second = (await kube.call("GET", `${PODS}?limit=2&continue=${first.metadata.continue}`)).body;
    const third = (await kube.call("GET", `${PODS}?limit=2&continue=${second.metadata.continue}`)).body;
    expect([...second.items, ...third.items].map((one: any) => one.metadata.name)).toEqual(["pod-2", "pod-3", "pod-4"]);
    expect([second.metadata.resourceVersion, third.metadata.resourceVersion, third.metadata.continue]).toEqual([first.metadata.resourceVersion, first.metadata.resourceVersion, undefined]);
    expect(await names("")).toEqual(["pod-0", "pod-1", "pod-2", "pod-2a", "pod-4"]);
  });

  test("a forgotten token is 410, and offers to go on without consistency", async () => {
    const first = (await kube.call("GET", `${PODS}?limit=2`)).body;
    kube.store.create("pods", podOf("pod-9"), { manager: "tests" });
    kube.server.faults.expireHistory();
    const late = await kube.call("GET", `${PODS}?limit=2&continue=${first.metadata.continue}`);
    expect([late.code, late.body.reason]).toEqual([410, "Expired"]);
    const on = await kube.call("GET", `${PODS}?continue=${late.body.metadata.continue}`);
    expect(on.body.items.map((one: any) => one.metadata.name)).toContain("pod-9");
  });

  test("an exact version is that version, a future one is refused for now", async () => {
    const before = kube.store.resourceVersion;
    kube.store.create("pods", podOf("later"), { manager: "tests" });
    const then = (await kube.call("GET", `${PODS}?resourceVersion=${before}&resourceVersionMatch=Exact`)).body;
    expect(then.items.map((one: any) => one.metadata.name)).not.toContain("later");
    expect((await kube.call("GET", `${PODS}?resourceVersion=999999999`)).code).toBe(504);
  });
});

describe("forms", () => {
  const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

  test("a table has kubectl's columns", async () => {
    const { body } = await kube.call("GET", `${PODS}?fieldSelector=metadata.name=pod-0`, { accept: TABLE });
    expect(body.columnDefinitions.map((one: any) => `${one.name}${one.priority > 0 ? "+" : ""}`)).toEqual(["Name", "Ready", "Status", "Restarts", "Age", "IP+", "Node+", "Nominated Node+", "Readiness Gates+"]);
    expect(body.rows[0].cells.slice(0, 4)).toEqual(["pod-0", "1/1", "Running", "0"]);
    expect(body.rows[0].object).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "pod-0" } });
  });

  test("protobuf alone is 406, protobuf preferred among others gets JSON", async () => {
    expect((await kube.call("GET", PODS, { accept: "application/vnd.kubernetes.protobuf" })).code).toBe(406);
    expect((await kube.call("GET", PODS, { accept: "application/vnd.kubernetes.protobuf,application/json" })).body.kind).toBe("PodList");
  });

  test("metadata only, when asked for", async () => {
    const { body } = await kube.call("GET", `${PODS}?fieldSelector=metadata.name=pod-0`, { accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io" });
    expect([body.kind, body.items[0].spec, body.items[0].metadata.name]).toEqual(["PartialObjectMetadataList", undefined, "pod-0"]);
  });

  test("discovery comes plain and aggregated", async () => {
    const plain = await kube.call("GET", "/apis/apps/v1");
    expect(plain.body.resources.find((one: any) => one.name === "deployments/scale")).toMatchObject({ kind: "Scale", group: "autoscaling", version: "v1" });
    const aggregated = await kube.call("GET", "/apis", { accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json" });
    expect([aggregated.headers["content-type"], aggregated.body.kind]).toEqual(["application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", "APIGroupDiscoveryList"]);
    expect(aggregated.body.items.map((one: any) => one.metadata.name)).toContain("networking.k8s.io");
  });

  test.each(["/apis/apps/v2/deployments", "/apis/nope/v1/things", "/api/v1/widgets", "/api/v1/namespaces/default/nodes", `${PODS}/pod-0/nope`, "/nowhere"])("%s is a 404 with a Status", async (path) => {
    const answer = await kube.call("GET", path);
    expect([answer.code, answer.body.message]).toEqual([404, "the server could not find the requested resource"]);
  });

  test("the scale of a workload is a resource of its own", async () => {
    await kube.call("POST", "/apis/apps/v1/namespaces/default/deployments", { body: deploymentOf("scaled") });
    const path = "/apis/apps/v1/namespaces/default/deployments/scaled/scale";
    expect((await kube.call("GET", path)).body).toMatchObject({ kind: "Scale", apiVersion: "autoscaling/v1", spec: { replicas: 2 }, status: { replicas: 0, selector: "app=scaled" } });
    const patched = await kube.call("PATCH", path, { body: { spec: { replicas: 6 } }, type: "application/merge-patch+json" });
    expect(patched.body.spec.replicas).toBe(6);
    expect(kube.store.get("deployments.apps", "default", "scaled")).toMatchObject({ spec: { replicas: 6 }, metadata: { generation: 2 } });
    const stale = await kube.call("PUT", path, { body: { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "scaled", resourceVersion: "1" }, spec: { replicas: 1 } } });
    expect(stale.code).toBe(409);
  });
});
