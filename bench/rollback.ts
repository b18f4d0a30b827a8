import { allHealthy, startBed } from "#bench/bed.ts";
import type { Bed } from "#bench/bed.ts";
import { hasKubectl, kubectl } from "#bench/kubernetes.ts";
import { followOperations, operate, spread } from "#bench/operating.ts";
import { informing, limited } from "#bench/part.ts";
import type { Part } from "#bench/part.ts";
import { median } from "#bench/statistics.ts";

const rounds = 9;
const target = ["-n", "dreamscape-prod"];
const workload = "deployment/experience";

async function undo({ sandbox }: Bed): Promise<number> {
  const started = performance.now();
  await kubectl(sandbox.kubeconfig, ...target, "rollout", "undo", workload);
  await kubectl(sandbox.kubeconfig, ...target, "rollout", "status", workload, "--timeout=90s");
  return performance.now() - started;
}

/** What a rollback by Vigie takes over `kubectl rollout undo`, in the same run, on the same workload. */
export const rollback: Part = {
  name: "rollback",
  title: "Rollback beside kubectl rollout undo",
  async run({ scope, say }) {
    if (!(await hasKubectl())) return { figures: [informing("ratio", "Rollback by Vigie ÷ by kubectl", "not measured: kubectl is not installed here")], notes: [] };
    const bed = await startBed(scope, say);
    const following = await followOperations(scope, bed);
    const release = async (): Promise<number> => Number((await bed.api.get("state")).body.environments.find((one: { name: string }) => one.name === "prod").release.slice(2));
    const forth = (): Promise<number> => operate(bed, following, { kind: "promotion", from: "staging", to: "prod", bigPods: ["experience"] });
    const before = await release();
    const back = (): Promise<number> => operate(bed, following, { kind: "rollback", environment: "prod", release: before, bigPods: ["experience"] });
    // Once each way, untimed: from then on every node has both images.
    await forth();
    await back();
    const vigieMs: number[] = [];
    const kubectlMs: number[] = [];
    const ways = [async () => void vigieMs.push(await back()), async () => void kubectlMs.push(await undo(bed))];
    for (let round = 0; round < rounds; round++) {
      for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
        await forth();
        await bed.api.until("state", allHealthy, 60_000);
        await way();
      }
      say(`round ${round + 1} of ${rounds}: Vigie ${Math.round(vigieMs.at(-1) ?? 0)} ms, kubectl ${Math.round(kubectlMs.at(-1) ?? 0)} ms`);
    }
    return {
      figures: [
        limited("ratio", "Rollback by Vigie ÷ by kubectl, medians", median(vigieMs) / median(kubectlMs), 1.15, "", 3),
        informing("vigie", "Vigie: confirm → done, median (range)", spread(vigieMs)),
        informing("kubectl", "kubectl rollout undo + rollout status, median (range)", spread(kubectlMs)),
      ],
      notes: [`${rounds} rounds each, alternating and swapping who is first; Experience of prod (2 replicas), images already on the nodes, promoted again by Vigie in between. Vigie also restores the ConfigMaps of the record and sees every service up, which kubectl does not.`],
    };
  },
};
