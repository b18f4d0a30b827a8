import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { kubectlWith } from "#e2e/kubectl.ts";
import { root } from "#lib/runtime/home.ts";
import { startRegistry } from "#sandbox/registry/server.ts";
import { createCatalogue } from "#sandbox/world/catalogue.ts";

/** A platform on a real cluster, made ready for a story, and the configuration of a Vigie that has no more rights there than deploy/rbac.yaml gives. */
export interface RealPlatform {
  /** With the rights of VIGIE_REAL_KUBECONFIG. */
  kubectl: (...args: string[]) => string;
  /** With those of a ServiceAccount of deploy/accounts.yaml. */
  kubectlAs(account: "vigie-worker" | "vigie-web"): (...args: string[]) => string;
  configFile: string;
  /** By tag and digest, as the registry has it. */
  nextImage: string;
  stop(): Promise<void>;
}

const organisation = "ghcr.io/dreamscape-ai";
const environments = ["staging", "prod"];

/** Containers of the Big Pods, in order, with the images they start from. */
const bigPods: Record<string, Record<string, string>> = {
  core: { nginx: "nginx:1.27.2", "auth-service": "auth-service:v1.5.1", "user-service": "user-service:v1.5.1" },
  experience: { experience: "experience-pod:v2.2.1", bff: "experience-bff:v1.4.0" },
  commerce: { commerce: "commerce-pod:v0.9.4" },
};

const kubeconfigSchema = z.looseObject({ clusters: z.tuple([z.looseObject({ name: z.string(), cluster: z.looseObject({}) })], z.unknown()) });

/**
 * Wants dreamscape-staging and dreamscape-prod with the Deployments and containers above, on nodes that run any image and fail one whose tag contains "broken".
 * Gives every container an image of the registry, by digest, so that both environments begin alike whatever an earlier run left.
 */
export async function openRealPlatform(adminKubeconfig: string): Promise<RealPlatform> {
  const folder = mkdtempSync(join(tmpdir(), "vigie-story-"));
  const catalogue = createCatalogue({ now: Date.now });
  catalogue.add({ repository: `${organisation}/experience-bff`, tag: "v1.4.0", platforms: ["linux/arm64"], revision: "0".repeat(40), source: "https://github.com/dreamscape-ai/experience-pod", createdAt: new Date().toISOString(), behaviour: { kind: "healthy" }, inRegistry: true });
  const registry = await startRegistry({ catalogue, port: 0, host: "127.0.0.1" });
  const stop = async (): Promise<void> => {
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const admin = join(folder, "admin");
    cpSync(adminKubeconfig, admin);
    const kubectl = kubectlWith(admin);
    const pinned = (image: string): string => {
      const build = catalogue.resolve(`${organisation}/${image}`);
      if (build === undefined) throw new Error(`the catalogue has no ${image}`);
      return `${organisation}/${image}@${build.digest}`;
    };
    kubectl("apply", "-f", join(root, "deploy/accounts.yaml"));
    for (const environment of environments) {
      const namespace = `dreamscape-${environment}`;
      kubectl("-n", namespace, "apply", "-f", join(root, "deploy/rbac.yaml"));
      kubectl("-n", namespace, "patch", "configmap", "experience-config", "--type=merge", "-p", '{"data":{"LOG_LEVEL":"info"}}');
      for (const [bigPod, containers] of Object.entries(bigPods)) kubectl("-n", namespace, "set", "image", `deployment/${bigPod}`, ...Object.entries(containers).map(([name, image]) => `${name}=${pinned(image)}`));
    }
    for (const environment of environments) for (const bigPod of Object.keys(bigPods)) kubectl("-n", `dreamscape-${environment}`, "rollout", "status", `deployment/${bigPod}`, "--timeout=90s");

    const [cluster] = kubeconfigSchema.parse(parse(readFileSync(adminKubeconfig, "utf8"))).clusters;
    const kubeconfigOf = async (account: string): Promise<string> => {
      const user = { name: account, user: { token: await tokenOf(kubectl, account) } };
      const file = join(folder, account);
      writeFileSync(file, stringify({ apiVersion: "v1", kind: "Config", clusters: [cluster], users: [user], contexts: [{ name: "real", context: { cluster: cluster.name, user: account } }], "current-context": "real" }), { mode: 0o600 });
      return file;
    };
    const files = { "vigie-worker": await kubeconfigOf("vigie-worker"), "vigie-web": await kubeconfigOf("vigie-web") };
    const configFile = join(folder, "vigie.yaml");
    writeFileSync(configFile, configuration("vigie-worker", registry.url));
    return { kubectl, kubectlAs: (account) => kubectlWith(files[account]), configFile, nextImage: pinned("experience-pod:v2.3.0"), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The controller fills the Secret in a moment after it was made. */
async function tokenOf(kubectl: RealPlatform["kubectl"], account: string): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const token = kubectl("-n", "vigie", "get", "secret", `${account}-token`, "-o", "jsonpath={.data.token}");
    if (token !== "") return Buffer.from(token, "base64").toString("utf8");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no token was made for ${account}`);
}

/** Services are containers, and nothing asks pods: what the kubelet says of readiness is all there is. Nobody signs in, so the provider is never asked. */
function configuration(kubeconfig: string, registryUrl: string): string {
  return stringify({
    platform: { name: "DreamScape" },
    environments: environments.map((name) => ({ name, cluster: { kubeconfig }, namespace: `dreamscape-${name}`, policy: { rolloutTimeoutSeconds: 120 } })),
    bigPods: Object.entries(bigPods).map(([name, containers]) => ({ name, workload: { name }, services: Object.keys(containers).map((container) => ({ name: container, container })) })),
    registries: [{ host: "ghcr.io", url: registryUrl }],
    access: { providers: [{ id: "sso", kind: "oidc", title: "Company account", issuer: "https://id.example.com", clientId: "vigie", clientSecret: "env:VIGIE_STORY_SECRET" }], roles: [{ role: "admin", groups: ["platform"] }] },
  });
}
