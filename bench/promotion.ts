import { randomUUID } from "node:crypto";
import { allHealthy, startBed } from "#bench/bed.ts";
import type { Bed } from "#bench/bed.ts";
import { openEventStream } from "#bench/event-stream.ts";
import { hasKubectl, kubectl } from "#bench/kubernetes.ts";
import { informing, limited } from "#bench/part.ts";
import type { Part } from "#bench/part.ts";
import { median, percentile } from "#bench/statistics.ts";

const rounds = 9;
const terminal = ["succeeded", "failed", "returned", "aborted"];
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

interface Follow {
  /** Resolves with the operation's final status when the stream has told it. */
  ended(id: string): Promise<string>;
}

function follow(): Follow & { hear(id: string, status: string): void } {
  const known = new Map<string, string>();
  const waiting = new Map<string, (status: string) => void>();
  return {
    hear(id, status) {
      if (!terminal.includes(status)) return;
      known.set(id, status);
      waiting.get(id)?.(status);
    },
    ended: (id) => new Promise((resolve) => (known.has(id) ? resolve(known.get(id) ?? "") : waiting.set(id, resolve))),
  };
}

/** Promotes through Vigie and returns how long it took from the confirmation to the news that it is done. The plan is made before. */
async function byVigie({ api }: Bed, following: Follow): Promise<number> {
  await api.until("state", allHealthy, 60_000);
  let plan = await api.post("plans", { kind: "promotion", from: "staging", to: "prod", bigPods: ["experience"] });
  for (let tries = 0; plan.body?.ready !== true && tries < 50; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    plan = await api.post("plans", { kind: "promotion", from: "staging", to: "prod", bigPods: ["experience"] });
  }
  if (plan.body?.ready !== true) throw new Error(`no plan can be made: ${JSON.stringify(plan.body).slice(0, 1000)}`);
  const started = performance.now();
  const accepted = await api.post("operations", { planHash: plan.body.hash, reason: "bench: the same change again" }, { "idempotency-key": randomUUID() });
  if (accepted.status !== 202) throw new Error(`the operation was refused: ${accepted.status} ${JSON.stringify(accepted.body)}`);
  const status = await following.ended(accepted.body.id);
  const tookMs = performance.now() - started;
  if (status !== "succeeded") throw new Error(`the promotion ${status}: ${JSON.stringify((await api.get(`operations/${accepted.body.id}`)).body).slice(0, 2000)}`);
  return tookMs;
}

/** What a promotion by Vigie takes over the same change by hand, in the same run, on the same workload. */
export const promotion: Part = {
  name: "promotion",
  title: "Promotion beside kubectl",
  async run({ scope, say }) {
    if (!(await hasKubectl())) return { figures: [informing("ratio", "Promotion by Vigie ÷ by kubectl", "not measured: kubectl is not installed here")], notes: [] };
    const bed = await startBed(scope, say);
    const following = follow();
    await openEventStream(scope, bed.url, { authorization: `Bearer ${bed.token}` }, ({ type, data }) => {
      if (type === "operation") following.hear(data.id, data.status);
    });
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
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
    const spread = (sample: number[]): string => `${seconds(median(sample))} (${seconds(percentile(sample, 0))} to ${seconds(percentile(sample, 1))})`;
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
