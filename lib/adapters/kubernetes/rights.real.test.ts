import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createClusterApi } from "#lib/adapters/kubernetes/cluster-api.ts";
import { refusal, uniqueName } from "#lib/adapters/kubernetes/contract.ts";
import { loadCluster } from "#lib/adapters/kubernetes/load-cluster.ts";
import { allNeeds } from "#lib/adapters/kubernetes/test-rights.ts";
import type { Need } from "#lib/adapters/kubernetes/test-rights.ts";
import type { ClusterConnection } from "#lib/adapters/kubernetes/connection.ts";
import { createTransport } from "#lib/adapters/kubernetes/transport.ts";
import type { Transport } from "#lib/adapters/kubernetes/transport.ts";
import { ClusterError } from "#lib/ports/cluster.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import type { Log } from "#lib/ports/runtime.ts";
import { manifestsIn } from "#lib/runtime/checks/manifests.ts";
import type { Manifest } from "#lib/runtime/checks/manifests.ts";
import { root } from "#lib/runtime/home.ts";

/** Every right of deploy/*.yaml on a real API server: enough as they are, and each of them needed. Roles, bindings and namespaces are this test's own. */
const kubeconfig = process.env.VIGIE_REAL_KUBECONFIG;
const title = "The rights of deploy/, one verb less each, real API server";

if (kubeconfig === undefined) {
  describe(`${title} (not run: VIGIE_REAL_KUBECONFIG is not set)`, () => {
    test.skip("each right", () => undefined);
  });
} else {
  describe(title, { timeout: 60_000 }, () => {
    let lab: Lab;
    beforeAll(async () => void (lab = await openLab(kubeconfig)), 60_000);
    afterAll(() => lab?.stop(), 60_000);

    test.each(allNeeds.map((need) => [need.role, need.verb, `${need.resource}${need.group === "" ? "" : `.${need.group}`}`, need] as const))("%s without %s %s", async (_role, _verb, _resource, need) => {
      expect(await lab.refused(need), "with the rights as they are").toBeNull();
      await lab.without(need, async () => {
        // The authorizer learns of a changed role through a watch of its own.
        await expect.poll(() => lab.refused(need), { timeout: 30_000, interval: 20 }).not.toBeNull();
        expect((await lab.refused(need))?.message).toMatch(/^Vigie may not .+ on cluster "real": .*(cannot|forbidden)/);
      });
    });

    test("what stands in deploy/ is taken by the API server; admission policies are served from Kubernetes 1.30 on", async () => {
      const refusedManifests: string[] = [];
      for (const manifest of manifestsIn(join(root, "deploy"))) {
        const error = await lab.tried(manifest).then(() => null, (thrown: unknown) => thrown);
        if (error === null) continue;
        if (!(error instanceof ClusterError)) throw error;
        // Kubernetes 1.20 serves neither these nor autoscaling/v2.
        if (error.reason === "unsupported" && (manifest.kind.startsWith("ValidatingAdmissionPolicy") || manifest.apiVersion === "autoscaling/v2")) continue;
        refusedManifests.push(`${manifest.file}: ${manifest.kind} ${manifest.metadata.name}: ${error.message}`);
      }
      expect(refusedManifests).toEqual([]);
    });

    test("what was not granted is refused", async () => {
      for (const plural of ["secrets", "serviceaccounts"]) {
        expect((await refusal(lab.worker.list({ group: "", version: "v1", plural }, { namespace: lab.namespace }))).reason).toBe("forbidden");
        expect((await refusal(lab.worker.list({ group: "", version: "v1", plural }, { namespace: lab.home }))).reason).toBe("forbidden");
      }
      expect((await refusal(lab.web.list({ group: "", version: "v1", plural: "pods" }, { namespace: lab.namespace }))).reason).toBe("forbidden");
      expect((await refusal(lab.worker.list({ group: "", version: "v1", plural: "pods" }, { namespace: "kube-system" }))).reason).toBe("forbidden");
    });
  });
}

interface Lab {
  worker: ClusterApi;
  web: ClusterApi;
  /** Of the environment, and of Vigie itself. */
  namespace: string;
  home: string;
  /** Creates an object of deploy/ without keeping it (dryRun=All), in this test's namespaces and under another name. */
  tried(manifest: Manifest): Promise<void>;
  /** The refusal of the request that a need makes; null when it was allowed, whatever came of it. */
  refused(need: Need): Promise<ClusterError | null>;
  /** Runs `during` while the role of a need lacks this one right, then gives it back. */
  without(need: Need, during: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

async function openLab(file: string): Promise<Lab> {
  const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
  const { connection } = loadCluster({ kubeconfig: file, allowPlugins: [] }, "/");
  const transport = createTransport({ cluster: "real", connection, requestTimeoutMs: 30_000, connectTimeoutMs: 15_000 });
  const [namespace, home] = [uniqueName("vigie-rights"), uniqueName("vigie-rights-home")];
  for (const name of [namespace, home]) await send(transport, "POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const clusterRole = uniqueName("vigie-rights-nodes");
  const roles = new Map<string, Manifest>();
  for (const manifest of manifestsIn(join(root, "deploy")).filter(({ apiVersion }) => apiVersion === "rbac.authorization.k8s.io/v1")) {
    const made = ownCopy(manifest, { home, clusterRole });
    await send(transport, "POST", rbacPath(made, namespace), made);
    if (manifest.kind.endsWith("Role")) roles.set(manifest.metadata.name, made);
  }
  const as = (account: string): ClusterApi => createClusterApi({ name: "real", connection: impersonating(file, `system:serviceaccount:${home}:${account}`), log: silent, requestTimeoutMs: 30_000, connectTimeoutMs: 15_000 });
  const worker = as("vigie-worker");
  const web = as("vigie-web");
  const refused = async (need: Need): Promise<ClusterError | null> => {
    try {
      await need.ask(worker, namespace);
      return null;
    } catch (error) {
      if (!(error instanceof ClusterError) || ["unreachable", "timeout", "unauthorized"].includes(error.reason)) throw error;
      return error.reason === "forbidden" ? error : null;
    }
  };
  // Bindings are known to the authorizer a moment after they are made.
  await vi.waitFor(async () => expect((await Promise.all(allNeeds.map(refused))).flatMap((one) => one?.message ?? [])).toEqual([]), { timeout: 30_000, interval: 100 });
  return {
    worker, web, namespace, home, refused,
    async tried(manifest) {
      const { file: _file, ...object } = manifest;
      const name = `${manifest.metadata.name}-${namespace}`.slice(0, 60);
      const inside = manifest.metadata.namespace === undefined ? namespace : home;
      const { namespace: _namespace, ...metadata } = manifest.metadata;
      await send(transport, "POST", `${collectionOf(manifest, inside)}?dryRun=All`, { ...object, metadata: { ...metadata, name } });
    },
    async without(need, during) {
      const role = roles.get(need.role);
      if (role === undefined) throw new Error(`no manifest makes ${need.role}`);
      const path = `${rbacPath(role, namespace)}/${role.metadata.name}`;
      await send(transport, "PATCH", path, { rules: lacking(role, need) });
      try {
        await during();
      } finally {
        await send(transport, "PATCH", path, { rules: role.rules });
        await vi.waitFor(async () => expect(await refused(need)).toBeNull(), { timeout: 30_000, interval: 20 });
      }
    },
    async stop() {
      for (const kind of ["clusterrolebindings", "clusterroles"]) await send(transport, "DELETE", `/apis/rbac.authorization.k8s.io/v1/${kind}/${clusterRole}`);
      for (const name of [namespace, home]) await send(transport, "DELETE", `/api/v1/namespaces/${name}`);
      for (const one of [worker, web, transport]) one.close();
    },
  };
}

/** Kinds that stand in deploy/ and belong to no namespace. */
const clusterWide = ["Namespace", "ClusterRole", "ClusterRoleBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"];

function collectionOf({ apiVersion, kind }: Manifest, namespace: string): string {
  const plural = kind.endsWith("y") ? `${kind.slice(0, -1).toLowerCase()}ies` : kind.endsWith("s") ? `${kind.toLowerCase()}es` : `${kind.toLowerCase()}s`;
  const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return clusterWide.includes(kind) ? `${base}/${plural}` : `${base}/namespaces/${namespace}/${plural}`;
}

/** The manifest with subjects in this test's namespace, and with cluster-wide names of its own. */
function ownCopy(manifest: Manifest, { home, clusterRole }: { home: string; clusterRole: string }): Manifest {
  const { file: _file, ...object } = manifest;
  const text = JSON.stringify(object).replaceAll('"namespace":"vigie"', `"namespace":"${home}"`);
  return JSON.parse(manifest.kind.startsWith("Cluster") ? text.replaceAll('"vigie-nodes"', `"${clusterRole}"`) : text);
}

/** One rule per right, but for the one that is taken away. */
function lacking(role: Manifest, need: Need): object[] {
  const rules = (role.rules ?? []) as { apiGroups: string[]; resources: string[]; verbs: string[] }[]; // checked by manifests.test.ts
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.flatMap((verb) => (group === need.group && resource === need.resource && verb === need.verb ? [] : [{ apiGroups: [group], resources: [resource], verbs: [verb] }])))),
  );
}

function rbacPath({ kind }: Manifest, namespace: string): string {
  const plural = `${kind.toLowerCase()}s`;
  return kind.startsWith("Cluster") ? `/apis/rbac.authorization.k8s.io/v1/${plural}` : `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/${plural}`;
}

async function send(transport: Transport, method: "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<void> {
  await transport.succeed({ method, path, what: `${method} ${path}`, ...(body === undefined ? {} : { body: JSON.stringify(body), contentType: method === "PATCH" ? "application/merge-patch+json" : "application/json" }) });
}

/** The administrator's connection, acting as an account. */
function impersonating(file: string, user: string): ClusterConnection {
  const { connection } = loadCluster({ kubeconfig: file, allowPlugins: [] }, "/");
  return { ...connection, credentials: async () => ({ ...(await connection.credentials()), headers: { "impersonate-user": user } }) };
}
