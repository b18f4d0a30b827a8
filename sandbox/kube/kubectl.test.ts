import { execFile, spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deploymentOf, markReady, podOf, startTestServer, type TestServer } from "#sandbox/kube/server-for-tests.test-support.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const KUBECTL = process.env.VIGIE_KUBECTL ?? "kubectl";
const isInstalled = spawnSync(KUBECTL, ["version", "--client"], { stdio: "ignore" }).status === 0;
const name = isInstalled ? "kubectl against the sandbox" : `kubectl against the sandbox (not run: ${KUBECTL} is not on the PATH)`;

interface Result {
  code: number;
  out: string;
  error: string;
}

describe.skipIf(!isInstalled)(name, () => {
  let kube: TestServer;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    kube = await startTestServer();
    env = { ...process.env, HOME: kube.dataDir, KUBECONFIG: kube.server.kubeconfigPath, KUBE_EDITOR: "false" };
    kube.store.create("nodes", {
      metadata: { name: "node-1", labels: { "node-role.kubernetes.io/control-plane": "true" } } as never,
      status: {
        addresses: [{ type: "InternalIP", address: "10.0.0.11" }], capacity: { cpu: "4", memory: "24Gi", pods: "110" }, allocatable: { cpu: "4", memory: "24Gi", pods: "110" },
        conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status", lastHeartbeatTime: "2026-01-01T00:00:00Z", lastTransitionTime: "2026-01-01T00:00:00Z" }],
        nodeInfo: { architecture: "arm64", bootID: "b", containerRuntimeVersion: "containerd://1.7.21", kernelVersion: "6.8.0", kubeProxyVersion: "v1.30.5", kubeletVersion: "v1.30.5+k3s1", machineID: "m", operatingSystem: "linux", osImage: "Ubuntu 24.04", systemUUID: "s" },
      },
    }, { manager: "kubelet" });
    kube.store.create("pods", podOf("seen", { app: "seen" }), { manager: "tests" });
    markReady(kube.store, "seen");
    kube.store.create("deployments.apps", deploymentOf("seen"), { manager: "tests" });
  });
  afterAll(() => kube.stop());

  function run(...args: string[]): Promise<Result> {
    return new Promise((resolve) => {
      execFile(KUBECTL, args, { env, timeout: 25_000 }, (failure, out, error) => {
        resolve({ code: failure ? (typeof failure.code === "number" ? failure.code : -1) : 0, out, error });
      });
    });
  }

  async function ok(...args: string[]): Promise<string> {
    const result = await run(...args);
    expect(result, `kubectl ${args.join(" ")}`).toMatchObject({ code: 0 });
    return result.out;
  }

  function file(label: string, object: object): string {
    const path = join(kube.dataDir, `${label}.json`);
    writeFileSync(path, JSON.stringify(object));
    return path;
  }

  function setStatus(resource: string, object: string, status: object): KubeObject | undefined {
    return kube.store.modify(resource, "default", object, { manager: "tests", subresource: "status" }, (draft) => {
      draft.status = { ...draft.status, ...status };
    });
  }

  test("version and api-resources", async () => {
    expect(await ok("version")).toContain("v1.30.5+k3s1");
    const resources = await ok("api-resources", "--no-headers");
    for (const resource of ["pods", "deployments", "replicasets", "cronjobs", "horizontalpodautoscalers", "ingresses", "networkpolicies", "leases"]) expect(resources).toMatch(new RegExp(`^${resource} `, "m"));
  });

  test("get -A -o wide", async () => {
    const pods = (await ok("get", "pods", "-A", "-o", "wide")).split("\n");
    expect(pods[0]?.split(/ {2,}/)).toEqual(["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED NODE", "READINESS GATES"]);
    expect(pods.find((line) => line.includes("seen"))).toMatch(/^default +seen +1\/1 +Running +0 +\S+ +10\.42\.0\.7 +node-1/);
    expect(await ok("get", "nodes", "-o", "wide")).toMatch(/node-1 +Ready +control-plane +\S+ +v1\.30\.5\+k3s1 +10\.0\.0\.11/);
    expect(await ok("get", "deploy,svc,cm,rs,job,cj,hpa,ing,ep,netpol,quota,pvc,sa,lease,ev", "-A", "-o", "wide")).toContain("deployment.apps/seen");
    expect(await ok("get", "pod", "seen", "-o", "jsonpath={.status.podIP}")).toBe("10.42.0.7");
    expect(await ok("get", "pods", "-l", "app in (seen)", "--field-selector", "status.phase=Running", "-o", "name")).toBe("pod/seen\n");
  });

  test("get -w prints each change", async () => {
    const child = spawn(KUBECTL, ["get", "configmaps", "-w", "--no-headers", "-l", "watched=yes"], { env });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const watching = expect.poll(() => kube.server.watchCount(), { timeout: 60_000 });
    await watching.toBeGreaterThan(0);
    kube.store.create("configmaps", { metadata: { name: "watched", namespace: "default", labels: { watched: "yes" } } as never, data: { a: "1" } }, { manager: "tests" });
    expect((await lines.next()).value).toMatch(/^watched +1 /);
    kube.store.modify("configmaps", "default", "watched", { manager: "tests" }, (draft) => {
      draft.data = { a: "1", b: "2" };
    });
    expect((await lines.next()).value).toMatch(/^watched +2 /);
    child.kill();
  });

  test("describe deployment, pod, node", async () => {
    kube.store.create("events", {
      metadata: { name: "seen.1", namespace: "default" } as never, involvedObject: { kind: "Pod", namespace: "default", name: "seen", uid: kube.store.get("pods", "default", "seen")?.metadata.uid },
      type: "Warning", reason: "BackOff", message: "Back-off restarting failed container", count: 3, firstTimestamp: "2026-01-01T00:00:00Z", lastTimestamp: "2026-01-01T00:05:00Z", source: { component: "kubelet" },
    }, { manager: "kubelet" });
    expect(await ok("describe", "pod", "seen")).toContain("Back-off restarting failed container");
    expect(await ok("describe", "deployment", "seen")).toMatch(/RollingUpdateStrategy: +25% max unavailable, 25% max surge/);
    const node = await ok("describe", "node", "node-1");
    expect(node).toMatch(/Architecture: +arm64/);
    expect(node).toMatch(/default +seen/);
    expect(await ok("get", "events", "--field-selector", "involvedObject.name=seen")).toContain("BackOff");
  });

  test("apply: created, unchanged, configured", async () => {
    const applied = deploymentOf("applied");
    const path = file("applied", applied);
    expect(await ok("apply", "-f", path)).toBe("deployment.apps/applied created\n");
    expect(await ok("apply", "-f", path)).toBe("deployment.apps/applied unchanged\n");
    applied.spec.template.spec.containers = [{ name: "web", image: "registry.example/web:2" }, { name: "side", image: "registry.example/side:1" }];
    expect(await ok("apply", "-f", file("applied", applied))).toBe("deployment.apps/applied configured\n");
    expect(await ok("get", "deploy", "applied", "-o", "jsonpath={.spec.template.spec.containers[*].image}")).toBe("registry.example/web:2 registry.example/side:1");
    applied.spec.template.spec.containers = [{ name: "side", image: "registry.example/side:1" }];
    await ok("apply", "-f", file("applied", applied));
    expect(await ok("get", "deploy", "applied", "-o", "jsonpath={.spec.template.spec.containers[*].name}")).toBe("side");
    expect((await run("diff", "-f", path)).code).toBe(0);
  });

  test("apply --server-side: ownership, conflict, force, dropped fields", async () => {
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "owned" }, data: { a: "1", b: "1" } };
    expect(await ok("apply", "--server-side", "--field-manager=one", "-f", file("one", body))).toBe("configmap/owned serverside-applied\n");
    const other = file("two", { ...body, data: { a: "2" } });
    const refused = await run("apply", "--server-side", "--field-manager=two", "-f", other);
    expect(refused.code).not.toBe(0);
    expect(refused.error).toContain('conflict with "one"');
    expect(refused.error).toContain(".data.a");
    await ok("apply", "--server-side", "--field-manager=two", "--force-conflicts", "-f", other);
    await ok("apply", "--server-side", "--field-manager=one", "-f", file("one", { ...body, data: {} }));
    expect(JSON.parse(await ok("get", "cm", "owned", "-o", "jsonpath={.data}"))).toEqual({ a: "2" });
  });

  test("set image, scale, patch, label, annotate", async () => {
    kube.store.create("deployments.apps", deploymentOf("edited"), { manager: "tests" });
    expect(await ok("set", "image", "deployment/edited", "web=registry.example/web:9")).toBe("deployment.apps/edited image updated\n");
    expect(await ok("scale", "deployment/edited", "--replicas=4")).toMatch(/deployment.apps\/edited scaled/);
    expect((await run("scale", "deployment/edited", "--current-replicas=9", "--replicas=1")).code).not.toBe(0);
    await ok("patch", "deployment", "edited", "-p", '{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"A","value":"1"}]}]}}}}');
    await ok("patch", "deployment", "edited", "--type=json", "-p", '[{"op":"test","path":"/spec/replicas","value":4},{"op":"add","path":"/spec/minReadySeconds","value":3}]');
    await ok("patch", "deployment", "edited", "--type=merge", "-p", '{"spec":{"revisionHistoryLimit":2}}');
    await ok("label", "deployment", "edited", "tier=web");
    await ok("annotate", "deployment", "edited", "note=hello");
    await ok("set", "env", "deployment/edited", "B=2");
    const { metadata, spec } = kube.store.get("deployments.apps", "default", "edited") ?? { metadata: {}, spec: {} };
    expect(metadata).toMatchObject({ labels: { tier: "web" }, annotations: { note: "hello" } });
    expect(spec).toMatchObject({ replicas: 4, minReadySeconds: 3, revisionHistoryLimit: 2 });
    expect(spec.template.spec.containers).toMatchObject([{ name: "web", image: "registry.example/web:9", env: [{ name: "A", value: "1" }, { name: "B", value: "2" }] }]);
  });

  test("rollout status, history, undo", async () => {
    const made = kube.store.create("deployments.apps", { ...deploymentOf("rolled"), metadata: { name: "rolled", namespace: "default", annotations: { "deployment.kubernetes.io/revision": "2" } } as never }, { manager: "tests" });
    for (const revision of [1, 2]) {
      const hash = `hash${revision}`;
      const labels = { app: "rolled", "pod-template-hash": hash };
      kube.store.create("replicasets.apps", {
        metadata: {
          name: `rolled-${hash}`, namespace: "default", labels, annotations: { "deployment.kubernetes.io/revision": String(revision) },
          ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "rolled", uid: made.metadata.uid, controller: true, blockOwnerDeletion: true }],
        } as never,
        spec: { replicas: revision === 2 ? 2 : 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: "web", image: revision === 2 ? "registry.example/web:1" : "registry.example/web:0" }] } } },
      }, { manager: "tests" });
    }
    const status = spawn(KUBECTL, ["rollout", "status", "deployment/rolled"], { env });
    const lines = createInterface({ input: status.stdout })[Symbol.asyncIterator]();
    setStatus("deployments.apps", "rolled", { observedGeneration: 1, replicas: 2, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 });
    expect((await lines.next()).value).toContain("Waiting for");
    setStatus("deployments.apps", "rolled", {
      observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2,
      conditions: [{ type: "Available", status: "True", reason: "MinimumReplicasAvailable" }, { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" }],
    });
    let last = "";
    for await (const line of lines) last = line;
    expect(last).toBe('deployment "rolled" successfully rolled out');
    await ok("wait", "--for=condition=Available", "deployment/rolled", "--timeout=10s");
    expect(await ok("rollout", "history", "deployment/rolled")).toMatch(/1 +<none>\n2 +<none>/);
    expect(await ok("rollout", "history", "deployment/rolled", "--revision=1")).toContain("registry.example/web:0");
    expect(await ok("rollout", "undo", "deployment/rolled")).toContain("rolled back");
    expect(kube.store.get("deployments.apps", "default", "rolled")?.spec.template.spec.containers[0].image).toBe("registry.example/web:0");
    await ok("rollout", "restart", "deployment/rolled");
    await ok("rollout", "pause", "deployment/rolled");
    expect(kube.store.get("deployments.apps", "default", "rolled")?.spec.paused).toBe(true);
  });

  test("logs, delete pod, wait for its end", async () => {
    kube.store.create("pods", podOf("ends"), { manager: "tests" });
    markReady(kube.store, "ends");
    expect(await ok("logs", "ends")).toBe("ends/web one\nends/web two\n");
    expect(await ok("logs", "ends", "--tail=1")).toBe("ends/web two\n");
    const deleting = run("delete", "pod", "ends");
    await expect.poll(() => kube.store.get("pods", "default", "ends")?.metadata.deletionTimestamp, { timeout: 60_000 }).toBeDefined();
    expect(await ok("get", "pod", "ends", "--no-headers")).toMatch(/Terminating/);
    const waiting = run("wait", "--for=delete", "pod/ends", "--timeout=20s");
    await expect.poll(() => kube.server.watchCount(), { timeout: 60_000 }).toBeGreaterThan(1);
    kube.store.delete("pods", "default", "ends", { gracePeriodSeconds: 0 });
    expect(await waiting).toMatchObject({ code: 0 });
    expect(await deleting).toMatchObject({ code: 0, out: expect.stringContaining('pod "ends" deleted') });
  });

  test("auth can-i and the sentence of a denial", async () => {
    const reader = ["--kubeconfig", `${kube.server.kubeconfigPath}-reader`];
    expect((await run("auth", "can-i", "delete", "pods", ...reader)).out.trim()).toBe("no");
    expect(await ok("auth", "can-i", "list", "pods", ...reader)).toBe("yes\n");
    expect(await ok("auth", "can-i", "--list", ...reader)).toContain("pods");
    expect((await run("get", "secrets", ...reader)).error).toContain('secrets is forbidden: User "reader" cannot list resource "secrets" in API group "" in the namespace "default"');
  });

  test("dry run on the server, refusals, raw proxy", async () => {
    expect(await ok("create", "deployment", "dry", "--image=x", "--dry-run=server", "-o", "name")).toBe("deployment.apps/dry\n");
    expect(kube.store.get("deployments.apps", "default", "dry")).toBeUndefined();
    expect((await run("create", "deployment", "Bad_Name", "--image=x")).error).toContain("is invalid");
    expect((await run("get", "deploy", "nope")).error).toContain('deployments.apps "nope" not found');
    expect(JSON.parse(await ok("get", "--raw", "/api/v1/namespaces/default/pods/seen:8080/proxy/healthz"))).toMatchObject({ method: "GET", path: "/healthz" });
    expect((await run("exec", "seen", "--", "ls")).error).toContain("pods/exec is not served: the sandbox's containers are pretended");
    expect(await ok("create", "job", "once", "--image=x")).toContain("created");
    expect(await ok("cordon", "node-1")).toContain("cordoned");
    expect(await ok("get", "node", "node-1", "--no-headers")).toContain("Ready,SchedulingDisabled");
  });
});
