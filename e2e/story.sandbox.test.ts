import { describe, test } from "vitest";
import { storyContract } from "#e2e/contract-story.ts";
import type { StoryTarget } from "#e2e/contract-story.ts";
import { hasKubectl, kubectlWith } from "#e2e/kubectl.ts";
import { startPortal } from "#e2e/portal.ts";
import { registryClient } from "#sandbox/registry/contract-client.ts";

const title = "The story over the HTTP API, sandbox";
const repository = "dreamscape-ai/experience-pod";
const tag = "v2.4.0-rc.1";

if (hasKubectl()) storyContract(title, start);
else {
  describe(`${title} (not run: kubectl is not on the PATH)`, () => {
    test.skip("the whole story", () => undefined);
  });
}

async function start(): Promise<StoryTarget> {
  const portal = await startPortal();
  return {
    url: portal.url,
    token: portal.token,
    kubectl: kubectlWith(portal.sandbox.kubeconfig),
    nextImage: `ghcr.io/${repository}:${tag}@${await digestIn(portal.sandbox.registry)}`,
    stop: portal.stop,
  };
}

/** What the registry has under the tag: HEAD of the manifest names its digest. */
async function digestIn(registry: string): Promise<string> {
  const accept = "application/vnd.oci.image.index.v1+json";
  const answer = await registryClient(registry).request(`/v2/${repository}/manifests/${tag}`, { method: "HEAD", accept });
  const digest = answer.headers.get("docker-content-digest");
  if (digest === null) throw new Error(`the registry has no ${repository}:${tag}: HTTP ${answer.status}`);
  return digest;
}
