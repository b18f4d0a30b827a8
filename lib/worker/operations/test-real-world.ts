import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { loadCluster } from "#lib/adapters/kubernetes/load-cluster.ts";
import { createTransport } from "#lib/adapters/kubernetes/transport.ts";
import type { World } from "#lib/worker/operations/test-stage.ts";
import { startRegistry } from "#sandbox/registry/server.ts";
import { createCatalogue } from "#sandbox/world/catalogue.ts";

export const repository = "ghcr.io/dreamscape-ai/experience-pod";

export interface RealWorld extends World {
  /** Pinned references of the images, by tag. */
  image(tag: string): { reference: string; tag: string; digest: string };
  namespace(environment: string): string;
}

/**
 * Two Big Pods in staging and prod of a real cluster, in namespaces of their own, and a registry that has their images.
 * The cluster's nodes must run any image, and fail one whose tag contains "broken".
 */
export async function openRealWorld(kubeconfig: string, options: { blueGreen?: boolean } = {}): Promise<RealWorld> {
  const folder = mkdtempSync(join(tmpdir(), "vigie-real-"));
  const catalogue = createCatalogue({ now: Date.now });
  const registry = await startRegistry({ catalogue, port: 0, host: "127.0.0.1" });
  const { connection } = loadCluster({ kubeconfig, allowPlugins: [] }, dirname(kubeconfig));
  const transport = createTransport({ cluster: "real", connection, requestTimeoutMs: 10_000, connectTimeoutMs: 5_000 });
  const mark = randomBytes(3).toString("hex");
  const namespace = (environment: string): string => `operations-${mark}-${environment}`;
  const image = (tag: string): { reference: string; tag: string; digest: string } => {
    const build = catalogue.resolve(`${repository}:${tag}`);
    if (build === undefined) throw new Error(`the catalogue has no ${tag}`);
    return { reference: `${repository}:${tag}@${build.digest}`, tag, digest: build.digest };
  };
  const send = async (method: "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<void> => {
    await transport.succeed({ method, path, what: `set up ${path}`, ...(body === undefined ? {} : { body: JSON.stringify(body), contentType: method === "PATCH" ? "application/merge-patch+json" : "application/json" }) });
  };
  for (const [environment, tag] of [["staging", "v2.3.0"], ["prod", "v2.2.1"]] as const) {
    await send("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace(environment) } });
    for (const name of ["experience", "commerce"]) {
      await send("POST", `/api/v1/namespaces/${namespace(environment)}/configmaps`, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: `${name}-config` }, data: { LOG_LEVEL: "info" } });
      const { reference } = image(name === "experience" ? tag : "v2.2.0");
      if (environment === "prod" && options.blueGreen === true) await addColours(send, namespace(environment), name, reference);
      else await send("POST", `/apis/apps/v1/namespaces/${namespace(environment)}/deployments`, deployment(name, reference));
    }
  }
  const configFile = join(folder, "vigie.yaml");
  writeFileSync(configFile, stringify({
    platform: { name: "Real" },
    environments: ["staging", "prod"].map((name) => ({ name, cluster: { kubeconfig }, namespace: namespace(name), policy: { rolloutTimeoutSeconds: 90, ...(name === "prod" && options.blueGreen === true ? { strategy: { kind: "blue-green" } } : {}) } })),
    bigPods: ["experience", "commerce"].map((name) => ({ name, workload: { name }, services: [{ name: "app", container: "app" }] })),
    registries: [{ host: "ghcr.io", url: registry.url }],
    access: { providers: [{ id: "x", kind: "github", title: "GitHub", clientId: "a", clientSecret: "env:HOME" }], roles: [{ role: "admin", groups: ["a"] }] },
  }));
  return {
    configFile, image, namespace,
    admin: send,
    console: () => Promise.reject(new Error("a real cluster has no console")),
    async stop() {
      for (const environment of ["staging", "prod"]) await send("DELETE", `/api/v1/namespaces/${namespace(environment)}`);
      transport.close();
      await registry.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const colourLabel = "vigie.dev/colour";

/** Two Deployments, a Service that leads to blue, its preview, and an autoscaler (in the version that every cluster serves). */
async function addColours(send: (method: "POST", path: string, body: object) => Promise<void>, namespace: string, name: string, image: string): Promise<void> {
  for (const [colour, replicas] of [["blue", 2], ["green", 0]] as const) await send("POST", `/apis/apps/v1/namespaces/${namespace}/deployments`, deployment(name, image, colour, replicas));
  for (const [service, colour] of [[name, "blue"], [`${name}-preview`, "green"]] as const) {
    await send("POST", `/api/v1/namespaces/${namespace}/services`, { apiVersion: "v1", kind: "Service", metadata: { name: service }, spec: { selector: { app: name, [colourLabel]: colour }, ports: [{ name: "http", port: 80 }] } });
  }
  await send("POST", `/apis/autoscaling/v1/namespaces/${namespace}/horizontalpodautoscalers`, { apiVersion: "autoscaling/v1", kind: "HorizontalPodAutoscaler", metadata: { name }, spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: `${name}-blue` }, minReplicas: 2, maxReplicas: 4, targetCPUUtilizationPercentage: 80 } });
}

function deployment(app: string, image: string, colour?: string, replicas = 2): object {
  const labels = { app, ...(colour === undefined ? {} : { [colourLabel]: colour }) };
  const name = colour === undefined ? app : `${app}-${colour}`;
  return {
    apiVersion: "apps/v1", kind: "Deployment", metadata: { name, labels },
    spec: {
      replicas, progressDeadlineSeconds: 60, selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { nodeSelector: { "kubernetes.io/arch": "arm64" }, terminationGracePeriodSeconds: 1, containers: [{ name: "app", image, envFrom: [{ configMapRef: { name: `${app}-config` } }] }] } },
    },
  };
}
