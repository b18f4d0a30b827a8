import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deploymentOf, markReady, podOf, startTestServer, type TestServer } from "#sandbox/kube/server-for-tests.test-support.ts";

let kube: TestServer;
beforeAll(async () => {
  kube = await startTestServer();
});
afterAll(() => kube.stop());

const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const CONFIGMAPS = "/api/v1/namespaces/default/configmaps";
const PODS = "/api/v1/namespaces/default/pods";

function configMap(name: string, data: Record<string, string> = { a: "1" }) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data };
}

describe("identity", () => {
  test("a missing or unknown token is 401 with a Status", async () => {
    for (const user of [null, " nobody-knows-this-token "]) {
      const answer = await kube.call("GET", PODS, { user });
      expect(answer.code).toBe(401);
      expect(answer.body).toMatchObject({ kind: "Status", reason: "Unauthorized", code: 401 });
    }
  });

  test("a denial names user, verb, resource, group and namespace", async () => {
    const secrets = await kube.call("GET", "/api/v1/namespaces/default/secrets", { user: "reader" });
    expect(secrets.body.message).toBe('secrets is forbidden: User "reader" cannot list resource "secrets" in API group "" in the namespace "default"');
    const deletion = await kube.call("DELETE", `${DEPLOYMENTS}/web`, { user: "writer" });
    expect(deletion.code).toBe(403);
    expect(deletion.body.message).toBe('deployments.apps "web" is forbidden: User "writer" cannot delete resource "deployments" in API group "apps" in the namespace "default"');
    expect(deletion.body.details).toEqual({ name: "web", group: "apps", kind: "deployments" });
    const everywhere = await kube.call("GET", "/api/v1/secrets", { user: "writer" });
    expect(everywhere.body.message).toContain("at the cluster scope");
  });

  test("the writer may do what the portal does, the reader only looks", async () => {
    expect((await kube.call("POST", CONFIGMAPS, { body: configMap("by-writer"), user: "writer" })).code).toBe(201);
    expect((await kube.call("POST", CONFIGMAPS, { body: configMap("by-reader"), user: "reader" })).code).toBe(403);
    expect((await kube.call("GET", `${CONFIGMAPS}/by-writer`, { user: "reader" })).code).toBe(200);
    const review = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: { resourceAttributes: { verb: "patch", group: "apps", resource: "deployments", namespace: "default" } } };
    const asked = async (user: string) => (await kube.call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", { body: review, user })).body.status.allowed;
    expect([await asked("reader"), await asked("writer"), await asked("admin")]).toEqual([false, true, true]);
  });
});

describe("writing", () => {
  test("a created object is complete: defaults, uid, version, generation, ownership", async () => {
    const { code, body } = await kube.call("POST", DEPLOYMENTS, { body: deploymentOf("complete"), agent: "kubectl/v1.32 (linux)" });
    expect(code).toBe(201);
    expect(body.metadata).toMatchObject({ name: "complete", namespace: "default", generation: 1 });
    expect(body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(body.spec).toMatchObject({ revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } } });
    expect(body.spec.template.spec).toMatchObject({ restartPolicy: "Always", terminationGracePeriodSeconds: 30, dnsPolicy: "ClusterFirst" });
    expect(body.metadata.managedFields[0]).toMatchObject({ manager: "kubectl", operation: "Update", apiVersion: "apps/v1", fieldsType: "FieldsV1" });
    expect(body.metadata.managedFields[0].fieldsV1["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"web"}']["f:image"]).toEqual({});
  });

  test("the main endpoint ignores status, the status endpoint ignores spec; only spec changes count as a generation", async () => {
    const created = (await kube.call("POST", DEPLOYMENTS, { body: { ...deploymentOf("split"), status: { replicas: 9 } } })).body;
    expect(created.status).toEqual({});
    const status = (await kube.call("PUT", `${DEPLOYMENTS}/split/status`, { body: { ...created, spec: { ...created.spec, replicas: 7 }, status: { replicas: 2, observedGeneration: 1 } } })).body;
    expect([status.spec.replicas, status.status.replicas, status.metadata.generation]).toEqual([2, 2, 1]);
    const spec = (await kube.call("PUT", `${DEPLOYMENTS}/split`, { body: { ...status, spec: { ...status.spec, replicas: 5 }, status: {} } })).body;
    expect([spec.spec.replicas, spec.status.replicas, spec.metadata.generation]).toEqual([5, 2, 2]);
  });

  test("a write that changes nothing keeps the version; a stale version is a conflict", async () => {
    const first = (await kube.call("POST", CONFIGMAPS, { body: configMap("stale") })).body;
    const same = (await kube.call("PUT", `${CONFIGMAPS}/stale`, { body: first })).body;
    expect(same.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    await kube.call("PUT", `${CONFIGMAPS}/stale`, { body: { ...first, data: { a: "2" } } });
    const late = await kube.call("PUT", `${CONFIGMAPS}/stale`, { body: { ...first, data: { a: "3" } } });
    expect(late.code).toBe(409);
    expect(late.body).toMatchObject({ reason: "Conflict", details: { name: "stale", kind: "configmaps" } });
    expect(late.body.message).toContain("the object has been modified; please apply your changes to the latest version and try again");
  });

  test("dry run answers as if and stores nothing", async () => {
    const dry = await kube.call("POST", `${CONFIGMAPS}?dryRun=All`, { body: configMap("dry") });
    expect([dry.code, dry.body.metadata.uid.length]).toEqual([201, 36]);
    expect((await kube.call("GET", `${CONFIGMAPS}/dry`)).code).toBe(404);
    expect((await kube.call("POST", `${CONFIGMAPS}?dryRun=Some`, { body: configMap("dry") })).code).toBe(422);
  });

  test.each([
    ["a bad name", CONFIGMAPS, configMap("No_Good"), 422, "Invalid", "metadata.name"],
    ["no containers", PODS, podOf("empty", {}, { containers: [] }), 422, "Invalid", "spec.containers: Required value"],
    ["twin containers", PODS, podOf("twins", {}, { containers: [{ name: "a", image: "x" }, { name: "a", image: "y" }] }), 422, "Invalid", 'spec.containers[1].name: Duplicate value: "a"'],
    ["a selector that misses its template", DEPLOYMENTS, deploymentOf("miss", { selector: { matchLabels: { app: "other" } } }), 422, "Invalid", "`selector` does not match template `labels`"],
    ["a wrong type", DEPLOYMENTS, deploymentOf("typed", { replicas: "three" }), 400, "BadRequest", "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"],
    ["another kind", DEPLOYMENTS, { ...configMap("kind"), apiVersion: "apps/v1" }, 400, "BadRequest", "ConfigMap"],
    ["another namespace", CONFIGMAPS, { ...configMap("home"), metadata: { name: "home", namespace: "elsewhere" } }, 400, "BadRequest", "namespace"],
    ["no namespace", "/api/v1/namespaces/nowhere/configmaps", configMap("lost"), 404, "NotFound", 'namespaces "nowhere" not found'],
  ])("%s is refused with a Status that says where", async (_what, path, body, code, reason, sentence) => {
    const answer = await kube.call("POST", path, { body });
    expect([answer.code, answer.body.kind, answer.body.reason]).toEqual([code, "Status", reason]);
    expect(answer.body.message).toContain(sentence);
  });

  test("unknown fields are refused, reported or ignored, as asked", async () => {
    const body = deploymentOf("unknown", { replica: 3 });
    const strict = await kube.call("POST", `${DEPLOYMENTS}?fieldValidation=Strict`, { body });
    expect([strict.code, strict.body.message]).toEqual([400, expect.stringContaining('strict decoding error: unknown field "spec.replica"')]);
    const warned = await kube.call("POST", `${DEPLOYMENTS}?dryRun=All`, { body });
    expect([warned.code, warned.headers.warning]).toEqual([201, '299 - "unknown field \\"spec.replica\\""']);
    const silent = await kube.call("POST", `${DEPLOYMENTS}?dryRun=All&fieldValidation=Ignore`, { body });
    expect([silent.code, silent.headers.warning]).toEqual([201, undefined]);
  });

  test("an immutable selector stays", async () => {
    const created = (await kube.call("POST", DEPLOYMENTS, { body: deploymentOf("fixed") })).body;
    const body = deploymentOf("fixed", { selector: { matchLabels: { app: "new" } }, template: { metadata: { labels: { app: "new" } }, spec: created.spec.template.spec } });
    const answer = await kube.call("PUT", `${DEPLOYMENTS}/fixed`, { body });
    expect([answer.code, answer.body.message]).toEqual([422, expect.stringContaining("field is immutable")]);
  });

  test.each([
    ["no JSON", "{", "application/json", 400],
    ["a list", "[]", "application/json", 400],
    ["nested too deep", `${"[".repeat(5000)}${"]".repeat(5000)}`, "application/json", 400],
    ["broken protobuf", "k8s\0\x0a\xff\xff\xff\xff", "application/vnd.kubernetes.protobuf", 400],
    ["in no known form", "<a/>", "application/xml", 415],
    ["too large", `"${"x".repeat(3 * 1024 * 1024)}"`, "application/json", 413],
  ])("a body that is %s gets its code, and the server lives", async (_what, raw, type, code) => {
    const answer = await kube.call("POST", CONFIGMAPS, { raw, type });
    expect([answer.code, answer.body.kind]).toEqual([code, "Status"]);
    expect((await kube.call("GET", "/version")).code).toBe(200);
  });

  test("YAML is read, and written when asked for", async () => {
    const raw = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-yaml\ndata:\n  a: 'yes'\n";
    expect((await kube.call("POST", CONFIGMAPS, { raw, type: "application/yaml" })).code).toBe(201);
    const answer = await kube.call("GET", `${CONFIGMAPS}/from-yaml`, { accept: "application/yaml" });
    expect(answer.text).toContain('a: "yes"');
  });

  test("a key __proto__ is dropped, not obeyed", async () => {
    const raw = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"proto","labels":{"__proto__":{"polluted":"yes"}}},"__proto__":{"data":{"x":"y"}}}';
    const { code, body } = await kube.call("POST", CONFIGMAPS, { raw });
    expect([code, body.data, ({} as Record<string, unknown>).polluted]).toEqual([201, undefined, undefined]);
  });
});

describe("deleting", () => {
  test("a running pod gets its grace period, a second request can shorten it", async () => {
    kube.store.create("pods", podOf("graceful"), { manager: "tests" });
    const first = await kube.call("DELETE", `${PODS}/graceful`);
    expect([first.code, first.body.metadata.deletionGracePeriodSeconds]).toEqual([200, 30]);
    expect(Date.parse(first.body.metadata.deletionTimestamp) - Date.now()).toBeGreaterThan(25_000);
    expect((await kube.call("DELETE", `${PODS}/graceful`, { body: { kind: "DeleteOptions", apiVersion: "v1", gracePeriodSeconds: 0 } })).code).toBe(200);
    expect((await kube.call("GET", `${PODS}/graceful`)).code).toBe(404);
  });

  test("finalizers hold an object until they are gone", async () => {
    await kube.call("POST", CONFIGMAPS, { body: { ...configMap("held"), metadata: { name: "held", finalizers: ["example.com/hold"] } } });
    const marked = await kube.call("DELETE", `${CONFIGMAPS}/held`);
    expect(marked.body.metadata.deletionTimestamp).toBeDefined();
    await kube.call("PATCH", `${CONFIGMAPS}/held`, { body: { metadata: { finalizers: null } }, type: "application/merge-patch+json" });
    expect((await kube.call("GET", `${CONFIGMAPS}/held`)).code).toBe(404);
  });

  test("preconditions protect what has been made anew", async () => {
    const { body } = await kube.call("POST", CONFIGMAPS, { body: configMap("anew") });
    const wrong = await kube.call("DELETE", `${CONFIGMAPS}/anew`, { body: { preconditions: { uid: "00000000-0000-0000-0000-000000000000" } } });
    expect([wrong.code, wrong.body.reason]).toEqual([409, "Conflict"]);
    const right = await kube.call("DELETE", `${CONFIGMAPS}/anew`, { body: { preconditions: { uid: body.metadata.uid } } });
    expect(right.body).toMatchObject({ kind: "Status", status: "Success", details: { name: "anew", kind: "configmaps", uid: body.metadata.uid } });
  });

  test("a collection goes by selector", async () => {
    for (const name of ["c-1", "c-2", "c-3"]) await kube.call("POST", CONFIGMAPS, { body: { ...configMap(name), metadata: { name, labels: { group: name === "c-3" ? "keep" : "drop" } } } });
    const gone = await kube.call("DELETE", `${CONFIGMAPS}?labelSelector=group%3Ddrop`);
    expect(gone.body.items.map((one: any) => one.metadata.name)).toEqual(["c-1", "c-2"]);
    expect((await kube.call("GET", `${CONFIGMAPS}/c-3`)).code).toBe(200);
  });

  test("an eviction is a deletion that a budget may refuse", async () => {
    kube.store.create("pods", podOf("guarded", { app: "guarded" }), { manager: "tests" });
    markReady(kube.store, "guarded");
    kube.store.create("poddisruptionbudgets.policy", { metadata: { name: "guard", namespace: "default" } as never, spec: { minAvailable: 1, selector: { matchLabels: { app: "guarded" } } } }, { manager: "tests" });
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "guarded" } };
    expect((await kube.call("POST", `${PODS}/guarded/eviction`, { body })).code).toBe(429);
    await kube.call("DELETE", "/apis/policy/v1/namespaces/default/poddisruptionbudgets/guard");
    expect((await kube.call("POST", `${PODS}/guarded/eviction`, { body })).code).toBe(201);
    expect(kube.store.get("pods", "default", "guarded")?.metadata.deletionTimestamp).toBeDefined();
  });
});

describe("pods from inside", () => {
  test("logs name the container when there is a choice", async () => {
    kube.store.create("pods", podOf("talks", {}, { containers: [{ name: "a", image: "x" }, { name: "b", image: "x" }] }), { manager: "tests" });
    expect((await kube.call("GET", `${PODS}/talks/log`)).body.message).toContain("a container name must be specified for pod talks, choose one of: [a b]");
    expect((await kube.call("GET", `${PODS}/talks/log?container=c`)).body.message).toBe("container c is not valid for pod talks");
    const log = await kube.call("GET", `${PODS}/talks/log?container=b&tailLines=1`, { user: "reader" });
    expect([log.code, log.text]).toEqual([200, "talks/b two\n"]);
  });

  test("the proxy reaches a port by number or name and says when nothing listens", async () => {
    kube.store.create("pods", podOf("served", { app: "served" }), { manager: "tests" });
    markReady(kube.store, "served");
    const through = await kube.call("GET", `${PODS}/served:http/proxy/health/live?full=1`, { user: "reader" });
    expect([through.code, through.headers["x-from"], through.body]).toEqual([203, "pod", { method: "GET", path: "/health/live?full=1", body: "" }]);
    const refused = await kube.call("GET", `${PODS}/served:3003/proxy/`);
    expect([refused.code, refused.body.reason, refused.body.message]).toEqual([503, "ServiceUnavailable", "error trying to reach service: dial tcp 10.42.0.7:3003: connect: connection refused"]);
    kube.store.create("services", { metadata: { name: "served", namespace: "default" } as never, spec: { selector: { app: "served" }, ports: [{ name: "web", port: 80, targetPort: "http" }] } }, { manager: "tests" });
    expect((await kube.call("GET", "/api/v1/namespaces/default/services/served:web/proxy/x")).code).toBe(203);
    expect((await kube.call("POST", `${PODS}/served:8080/proxy/x`, { user: "reader", body: {} })).code).toBe(403);
  });
});
