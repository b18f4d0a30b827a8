import { afterAll, beforeAll, expect, test } from "vitest";
import { deploymentOf, startTestServer, type Answer, type TestServer } from "#sandbox/kube/server-for-tests.test-support.ts";

let kube: TestServer;
beforeAll(async () => {
  kube = await startTestServer();
});
afterAll(() => kube.stop());

const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";

function apply(name: string, manager: string, body: object, more = ""): Promise<Answer> {
  return kube.call("PATCH", `${DEPLOYMENTS}/${name}?fieldManager=${manager}${more}`, { type: "application/apply-patch+yaml", body });
}

function withSpec(name: string, spec: object): object {
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name }, spec };
}

function owners(answer: Answer): string[] {
  return answer.body.metadata.managedFields.map((one: any) => `${one.operation} ${one.manager}${one.subresource ? `/${one.subresource}` : ""}`);
}

test("the first apply creates; the same again changes nothing", async () => {
  const first = await apply("a", "one", deploymentOf("a"));
  expect([first.code, owners(first)]).toEqual([201, ["Apply one"]]);
  // Defaults belong to nobody.
  expect(first.body.metadata.managedFields[0].fieldsV1["f:spec"]["f:revisionHistoryLimit"]).toBeUndefined();
  const again = await apply("a", "one", deploymentOf("a"));
  expect([again.code, again.body.metadata.resourceVersion]).toEqual([200, first.body.metadata.resourceVersion]);
});

test("a value another manager set is a conflict that names it, unless forced", async () => {
  await apply("b", "one", deploymentOf("b"));
  await kube.call("PATCH", `${DEPLOYMENTS}/b/scale`, { type: "application/merge-patch+json", body: { spec: { replicas: 9 } }, agent: "hpa/1" });
  await kube.call("PATCH", `${DEPLOYMENTS}/b`, { type: "application/strategic-merge-patch+json", body: { spec: { template: { spec: { containers: [{ name: "web", image: "x:2" }] } } } }, agent: "kubectl-set/1" });
  const refused = await apply("b", "one", deploymentOf("b"));
  expect([refused.code, refused.body.reason]).toEqual([409, "Conflict"]);
  expect(refused.body.message).toBe(
    'Apply failed with 2 conflicts: conflicts with "hpa" with subresource "scale" using apps/v1:\n- .spec.replicas\nconflicts with "kubectl-set" using apps/v1:\n- .spec.template.spec.containers[name="web"].image',
  );
  expect(refused.body.details.causes).toContainEqual({ reason: "FieldManagerConflict", message: 'conflict with "hpa" with subresource "scale" using apps/v1', field: ".spec.replicas" });
  const forced = await apply("b", "one", deploymentOf("b"), "&force=true");
  expect([forced.body.spec.replicas, forced.body.spec.template.spec.containers[0].image, owners(forced)]).toEqual([2, "registry.example/web:1", ["Apply one"]]);
});

test("equal values are shared; a field goes when its last owner drops it", async () => {
  const shared = (value: string) => ({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "c", labels: { shared: value } } });
  await apply("c", "base", deploymentOf("c"));
  await apply("c", "one", shared("yes"));
  const both = await apply("c", "two", shared("yes"));
  expect(owners(both)).toEqual(expect.arrayContaining(["Apply one", "Apply two"]));
  const bare = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "c" } };
  expect((await apply("c", "one", bare)).body.metadata.labels).toEqual({ shared: "yes" });
  expect((await apply("c", "two", bare)).body.metadata.labels).toBeUndefined();
});

test("list elements belong to who applied them", async () => {
  await apply("d", "base", deploymentOf("d"));
  const side = (containers: object[]) => withSpec("d", { template: { spec: { containers } } });
  const added = await apply("d", "injector", side([{ name: "side", image: "side:1", ports: [{ containerPort: 9 }] }]));
  expect(added.body.spec.template.spec.containers.map((one: any) => one.name)).toEqual(["web", "side"]);
  const fields = added.body.metadata.managedFields.find((one: any) => one.manager === "injector").fieldsV1;
  expect(fields["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"side"}']["f:ports"]).toEqual({ 'k:{"containerPort":9,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} } });
  const removed = await apply("d", "injector", side([]));
  expect(removed.body.spec.template.spec.containers.map((one: any) => one.name)).toEqual(["web"]);
});

test("a dropped structure takes its defaults along", async () => {
  const probe = { httpGet: { port: 80 } };
  const body = (readinessProbe?: object) => deploymentOf("e", { template: { metadata: { labels: { app: "e" } }, spec: { containers: [{ name: "web", image: "x:1", ...(readinessProbe ? { readinessProbe } : {}) }] } } });
  expect((await apply("e", "one", body(probe))).body.spec.template.spec.containers[0].readinessProbe).toMatchObject({ periodSeconds: 10 });
  expect((await apply("e", "one", body())).body.spec.template.spec.containers[0].readinessProbe).toBeUndefined();
});

test("an update takes ownership of what it changes, of nothing else", async () => {
  await apply("f", "one", deploymentOf("f"));
  const live = (await kube.call("GET", `${DEPLOYMENTS}/f`)).body;
  live.spec.replicas = 8;
  const { body } = await kube.call("PUT", `${DEPLOYMENTS}/f`, { body: live, agent: "editor/1" });
  const fieldsOf = (manager: string) => body.metadata.managedFields.find((one: any) => one.manager === manager).fieldsV1["f:spec"];
  expect(fieldsOf("editor")).toEqual({ "f:replicas": {} });
  expect(fieldsOf("one")["f:replicas"]).toBeUndefined();
  const status = (await kube.call("PATCH", `${DEPLOYMENTS}/f/status`, { type: "application/merge-patch+json", body: { status: { replicas: 1 } }, agent: "controller/1" })).body;
  expect(status.metadata.managedFields).toContainEqual(expect.objectContaining({ manager: "controller", subresource: "status", fieldsV1: { "f:status": { "f:replicas": {} } } }));
});

test.each([
  ["no manager", `${DEPLOYMENTS}/x`, deploymentOf("x"), 422, "fieldManager: Required value: is required for apply patch"],
  ["managedFields", `${DEPLOYMENTS}/x?fieldManager=m`, { ...deploymentOf("x"), metadata: { name: "x", managedFields: [{ manager: "m" }] } }, 400, "metadata.managedFields must be nil"],
  ["another name", `${DEPLOYMENTS}/x?fieldManager=m`, deploymentOf("y"), 400, "does not match the name on the URL"],
  ["an unknown field", `${DEPLOYMENTS}/x?fieldManager=m`, deploymentOf("x", { replica: 1 }), 400, "spec.replica: field not declared in schema"],
])("refused: %s", async (_what, path, body, code, sentence) => {
  const answer = await kube.call("PATCH", path, { type: "application/apply-patch+yaml", body });
  expect([answer.code, answer.body.message]).toEqual([code, expect.stringContaining(sentence)]);
});

test("JSON patches: a failed test is 422, a stale version 409, another uid 422, another language 415", async () => {
  await apply("g", "one", deploymentOf("g"));
  const patch = (type: string, body: unknown) => kube.call("PATCH", `${DEPLOYMENTS}/g`, { type, body });
  expect((await patch("application/json-patch+json", [{ op: "test", path: "/spec/replicas", value: 7 }])).code).toBe(422);
  expect((await patch("application/json-patch+json", [{ op: "remove", path: "/spec/nothing" }])).code).toBe(422);
  expect((await patch("application/json-patch+json", { op: "remove" })).code).toBe(400);
  expect((await patch("application/merge-patch+json", { metadata: { resourceVersion: "1" } })).code).toBe(409);
  expect((await patch("application/merge-patch+json", { metadata: { uid: "other" } })).code).toBe(422);
  expect((await patch("text/plain", {})).code).toBe(415);
  expect((await patch("application/json-patch+json", [{ op: "replace", path: "/spec/replicas", value: 3 }])).body.spec.replicas).toBe(3);
});
