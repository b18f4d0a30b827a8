import { allHealthy, startBed } from "#bench/bed.ts";
import type { Bed } from "#bench/bed.ts";
import { hasKubectl, kubectl } from "#bench/kubernetes.ts";
import { followOperations, operate, spread } from "#bench/operating.ts";
import type { Following } from "#bench/operating.ts";
import { informing, limited } from "#bench/part.ts";
import type { Part } from "#bench/part.ts";
import { median } from "#bench/statistics.ts";

const rounds = 9;
const target = ["-n", "dreamscape-prod"];
const workload = "deployment/experience";

/** Images of the workload as `container=image`, the form that set image takes. */
async function imagesOf({ sandbox }: Bed): Promise<string[]> {
  const deployment = JSON.parse(await kubectl(sandbox.kubeconfig, ...target, "get", workload, "-o", "json"));
  return deployment.spec.template.spec.containers.map(({ name, image }: { name: string; image: string }) => `${name}=${image}`);
}

/** Puts images there by kubectl, waits for the rollout as kubectl does, and returns how long both took. */
async function byKubectl({ sandbox }: Bed, images: readonly string[]): Promise<number> {
  const started = performance.now();
  await kubectl(sandbox.kubeconfig, ...target, "set", "image", workload, ...images);
  await kubectl(sandbox.kubeconfig, ...target, "rollout", "status", workload, "--timeout=90s");
  return performance.now() - started;
}

const byVigie = (bed: Bed, following: Following): Promise<number> => operate(bed, following, { kind: "promotion", from: "staging", to: "prod", bigPods: ["experience"] });

/** What a promotion by Vigie takes over the same change by hand, in the same run, on the same workload. */
export const promotion: Part = {
  name: "promotion",
  title: "Promotion beside kubectl",
  async run({ scope, say }) {
    if (!(await hasKubectl())) return { figures: [informing("ratio", "Promotion by Vigie ÷ by kubectl", "not measured: kubectl is not installed here")], notes: [] };
    const bed = await startBed(scope, say);
    const following = await followOperations(scope, bed);
    const before = await imagesOf(bed);
    // Once each way, untimed: from then on every node has both images.
    await byVigie(bed, following);
    const after = await imagesOf(bed);
    await byKubectl(bed, before);
    const vigieMs: number[] = [];
    const kubectlMs: number[] = [];
    const ways = [
      async () => void vigieMs.push(await byVigie(bed, following)),
      async () => void kubectlMs.push(await byKubectl(bed, after)),
    ];
    for (let round = 0; round < rounds; round++) {
      for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
        await bed.api.until("state", allHealthy, 60_000);
        await way();
        await byKubectl(bed, before);
      }
      say(`round ${round + 1} of ${rounds}: Vigie ${Math.round(vigieMs.at(-1) ?? 0)} ms, kubectl ${Math.round(kubectlMs.at(-1) ?? 0)} ms`);
    }
    return {
      figures: [
        limited("ratio", "Promotion by Vigie ÷ by kubectl, medians", median(vigieMs) / median(kubectlMs), 1.15, "", 3),
        informing("vigie", "Vigie: confirm → done, median (range)", spread(vigieMs)),
        informing("kubectl", "kubectl set image + rollout status, median (range)", spread(kubectlMs)),
      ],
      notes: [`${rounds} rounds each, alternating and swapping who is first; Experience of prod (2 replicas) from ${before.join(" ")} to ${after.join(" ")}, images already on the nodes, put back by kubectl in between. Vigie is timed from POST /api/v1/operations to the event "succeeded" on the stream, kubectl with the start of its two processes.`],
    };
  },
};
