import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiClient } from "#e2e/api-client.ts";
import type { ApiAnswer } from "#e2e/api-client.ts";
import { storyContract } from "#e2e/contract-story.ts";
import type { StoryTarget } from "#e2e/contract-story.ts";
import { hasKubectl } from "#e2e/kubectl.ts";
import { startVigie } from "#e2e/portal.ts";
import { openRealPlatform } from "#e2e/test-real-platform.ts";
import type { RealPlatform } from "#e2e/test-real-platform.ts";
import { root } from "#lib/runtime/home.ts";

/** The story against a real kube-apiserver: VIGIE_REAL_KUBECONFIG names its kubeconfig, with the right to do everything (see test-real-platform.ts for what must be there). */
const kubeconfig = process.env.VIGIE_REAL_KUBECONFIG;
const title = "The story over the HTTP API, real API server";
const missing = kubeconfig === undefined ? "VIGIE_REAL_KUBECONFIG is not set" : hasKubectl() ? null : "kubectl is not on the PATH";

if (kubeconfig === undefined || missing !== null) {
  describe(`${title} (not run: ${missing})`, () => {
    test.skip("the whole story", () => undefined);
    test.skip("the rights of deploy/rbac.yaml are these and no more", () => undefined);
    test.skip("without vigie-writer everything is seen, and an operation ends with the cluster's words and changes nothing", () => undefined);
  });
} else {
  let platform: RealPlatform;
  beforeAll(async () => {
    process.env.VIGIE_STORY_SECRET = "never used";
    platform = await openRealPlatform(kubeconfig);
  }, 240_000);
  afterAll(() => platform?.stop());

  storyContract(title, async (): Promise<StoryTarget> => {
    const vigie = await startVigie({ sandbox: false, config: platform.configFile });
    return { url: vigie.url, token: vigie.token, kubectl: platform.kubectl, nextImage: platform.nextImage, stop: vigie.stop };
  });

  test("Without vigie-writer everything is seen, and an operation ends with the cluster's words and changes nothing, real API server", { timeout: 240_000 }, async () => {
    platform.kubectl("-n", "dreamscape-prod", "delete", "rolebinding", "vigie-writer");
    const vigie = await startVigie({ sandbox: false, config: platform.configFile });
    try {
      const api = apiClient(vigie.url, vigie.token);
      await api.until("state", (state) => state.environments.every((one: ApiAnswer["body"]) => one.status === "healthy" && one.releaseSettled === true), 120_000);
      const template = (): string => platform.kubectl("-n", "dreamscape-prod", "get", "deployment", "commerce", "-o", "jsonpath={.spec.template}");
      const before = template();
      const plan = await api.post("plans", { kind: "restart", environment: "prod", bigPods: ["commerce"] });
      const { body } = await api.post("operations", { planHash: plan.body.hash, reason: "story: may not write" }, { "idempotency-key": "looks-only" });
      const done = await api.until(`operations/${body.id}`, (one) => one.finishedAt !== null, 60_000);
      expect(done).toMatchObject({ status: "failed", note: expect.stringMatching(/refuses to write Deployment commerce.*vigie-worker.*cannot patch.*Nothing was changed/i) });
      expect(template()).toBe(before);
    } finally {
      await vigie.stop();
      platform.kubectl("-n", "dreamscape-prod", "apply", "-f", join(root, "deploy/rbac.yaml"));
    }
  });

  describe("The rights of deploy/rbac.yaml, real API server", () => {
    const allowed = (account: "vigie-worker" | "vigie-web", namespace: string, verb: string, resource: string): boolean => {
      try {
        return platform.kubectlAs(account)("-n", namespace, "auth", "can-i", verb, ...resource.split(" ")).startsWith("yes");
      } catch (error) {
        // can-i ends with 1 for "no".
        if (error instanceof Error && "stdout" in error && String(error.stdout).startsWith("no")) return false;
        throw error;
      }
    };

    test.each([
      ["vigie-worker", "dreamscape-prod", "watch", "deployments.apps", true],
      ["vigie-worker", "dreamscape-prod", "patch", "deployments.apps", true],
      ["vigie-worker", "dreamscape-prod", "create", "configmaps", true],
      ["vigie-worker", "dreamscape-prod", "get", "pods --subresource=proxy", true],
      ["vigie-worker", "dreamscape-prod", "create", "networkpolicies.networking.k8s.io", true],
      ["vigie-worker", "dreamscape-prod", "delete", "networkpolicies.networking.k8s.io", true],
      ["vigie-worker", "dreamscape-prod", "update", "networkpolicies.networking.k8s.io", false],
      ["vigie-worker", "dreamscape-prod", "delete", "deployments.apps", false],
      ["vigie-worker", "dreamscape-prod", "delete", "pods", false],
      ["vigie-worker", "dreamscape-prod", "create", "pods --subresource=exec", false],
      ["vigie-worker", "dreamscape-prod", "get", "secrets", false],
      ["vigie-worker", "dreamscape-dev", "list", "pods", false],
      ["vigie-worker", "vigie", "get", "secrets", false],
      ["vigie-web", "dreamscape-prod", "get", "pods --subresource=log", true],
      ["vigie-web", "dreamscape-prod", "list", "pods", false],
      ["vigie-web", "dreamscape-prod", "get", "configmaps", false],
      ["vigie-web", "dreamscape-prod", "patch", "deployments.apps", false],
      ["vigie-web", "dreamscape-prod", "create", "networkpolicies.networking.k8s.io", false],
    ] as const)("%s in %s may %s %s: %s", (account, namespace, verb, resource, expected) => {
      expect(allowed(account, namespace, verb, resource)).toBe(expected);
    });
  });
}
