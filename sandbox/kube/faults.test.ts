import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { deploymentOf, podOf, startTestServer, type TestServer } from "#sandbox/kube/server-for-tests.test-support.ts";

let kube: TestServer;
beforeAll(async () => {
  kube = await startTestServer();
});
afterEach(() => {
  kube.server.faults.clear();
});
afterAll(() => kube.stop());

const PODS = "/api/v1/namespaces/default/pods";

test("the next N requests fail, then all is well", async () => {
  kube.server.faults.set({ failNext: 2 });
  const codes = [];
  for (let index = 0; index < 3; index++) codes.push((await kube.call("GET", PODS)).code);
  expect(codes).toEqual([500, 500, 200]);
});

test("a rate spreads failures evenly, a path limits them", async () => {
  kube.server.faults.set({ errorRate: 0.25, failStatus: 429, retryAfterSeconds: 3 });
  const answers = [];
  for (let index = 0; index < 8; index++) answers.push(await kube.call("GET", PODS));
  expect(answers.filter(({ code }) => code === 429).map(({ headers }) => headers["retry-after"])).toEqual(["3", "3"]);
  kube.server.faults.clear();
  kube.server.faults.set({ failPaths: ["/deployments\\?"] });
  expect((await kube.call("GET", "/apis/apps/v1/deployments?limit=1")).code).toBe(500);
  expect((await kube.call("GET", "/apis/apps/v1/deployments")).code).toBe(200);
});

test("a lost reply: the write is done, the client does not learn it", async () => {
  kube.server.faults.set({ loseNextReplies: 1 });
  await expect(kube.call("POST", "/apis/apps/v1/namespaces/default/deployments", { body: deploymentOf("unknown-outcome") })).rejects.toThrow("socket hang up");
  expect((await kube.call("GET", "/apis/apps/v1/namespaces/default/deployments/unknown-outcome")).code).toBe(200);
});

test("latency delays every answer", async () => {
  kube.server.faults.set({ latencyMs: 120 });
  const start = performance.now();
  await kube.call("GET", PODS);
  expect(performance.now() - start).toBeGreaterThanOrEqual(115);
});

test("dropped watches are reset; silent ones deliver nothing until they are cut, and nothing is lost in between", async () => {
  const version = kube.store.resourceVersion;
  const dropped = await kube.watch(`${PODS}?watch=1&resourceVersion=${version}`);
  kube.server.faults.dropWatches();
  expect(await dropped.next()).toBeUndefined();

  const silent = await kube.watch(`${PODS}?watch=1&resourceVersion=${version}`);
  kube.server.faults.set({ silentWatches: true });
  const born = await kube.watch(`${PODS}?watch=1`);
  kube.store.create("pods", podOf("in-silence"), { manager: "tests" });
  kube.server.faults.set({ silentWatches: false });
  expect([await silent.next(), await born.next()]).toEqual([undefined, undefined]);
  const resumed = await kube.watch(`${PODS}?watch=1&resourceVersion=${version}`);
  expect(await resumed.next()).toMatchObject({ type: "ADDED", object: { metadata: { name: "in-silence" } } });
  resumed.close();
});

test("forbidden resources are 403 even for the admin, unsupported groups vanish, expired tokens are 401", async () => {
  kube.server.faults.set({ forbid: [{ resource: "pods", namespace: "default" }, { resource: "jobs.batch" }], unsupportedGroups: ["autoscaling"], expiredTokens: ["reader"] });
  expect((await kube.call("GET", PODS)).code).toBe(403);
  expect((await kube.call("GET", `${PODS}/x/log`)).code).toBe(403);
  expect((await kube.call("GET", "/api/v1/namespaces/kube-system/pods")).code).toBe(200);
  expect((await kube.call("GET", "/apis/batch/v1/jobs")).code).toBe(403);
  expect((await kube.call("GET", "/apis/autoscaling/v2/horizontalpodautoscalers")).code).toBe(404);
  expect((await kube.call("GET", "/apis")).body.groups.map((one: any) => one.name)).not.toContain("autoscaling");
  expect((await kube.call("GET", PODS, { user: "reader" })).code).toBe(401);
});

test("a list can fail half-way", async () => {
  for (const name of ["half-1", "half-2", "half-3"]) kube.store.create("pods", podOf(name), { manager: "tests" });
  kube.server.faults.set({ failListOnPage: 2 });
  const first = await kube.call("GET", `${PODS}?limit=1`);
  expect(first.code).toBe(200);
  expect((await kube.call("GET", `${PODS}?limit=1&continue=${first.body.metadata.continue}`)).code).toBe(500);
});

test("down refuses connections and cuts those that are open; up again on the same port", async () => {
  const stream = await kube.watch(`${PODS}?watch=1&resourceVersion=${kube.store.resourceVersion}`);
  kube.server.faults.set({ down: true });
  expect(await stream.next()).toBeUndefined();
  await expect(kube.call("GET", PODS)).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
  kube.server.faults.set({ down: false });
  await expect.poll(async () => (await kube.call("GET", "/version").catch(() => undefined))?.code).toBe(200);
});

test("state is plain data, and nonsense is refused with a sentence", () => {
  const { faults } = kube.server;
  faults.set({ latencyMs: 5, forbid: [{ resource: "pods" }] });
  expect(faults.set(JSON.parse(JSON.stringify(faults.state())))).toEqual(faults.state());
  expect(() => faults.set({ errorRate: 7 })).toThrow('the fault "errorRate" must be a number from 0 to 1, got 7');
  expect(() => faults.set({ failPaths: ["("] })).toThrow("regular expressions");
  expect(() => faults.set({ nonsense: true } as never)).toThrow('there is no fault called "nonsense"');
});
