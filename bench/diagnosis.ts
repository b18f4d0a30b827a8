import { allHealthy, startBed } from "#bench/bed.ts";
import type { Bed } from "#bench/bed.ts";
import { openEventStream } from "#bench/event-stream.ts";
import { kubeClient } from "#bench/kubernetes.ts";
import { followOperations, operate, seconds } from "#bench/operating.ts";
import { informing, limited } from "#bench/part.ts";
import type { Figure, Part } from "#bench/part.ts";
import { median, percentile } from "#bench/statistics.ts";
import { sandboxConsole } from "#e2e/sandbox-console.ts";

/** Releases that fail, as the sandbox's console pushes them, and what the sentence must name. */
const failures = [
  { kind: "broken", bigPod: "experience", names: /exit/i },
  { kind: "unpullable", bigPod: null, names: /image|pull/i },
  { kind: "out-of-memory", bigPod: "experience", names: /memory/i },
  { kind: "fatal", bigPod: "experience", names: /panorama/i },
] as const;
const roundsEach = 5;
const returns = 8;

interface Named {
  kind: string;
  /** From the first pod of the new template to a broken state whose sentence names the cause, as the stream tells it. */
  ms: number;
}

/** How long a failing pod is without a name, and how long until what failed is taken back. */
export const diagnosis: Part = {
  name: "diagnosis",
  title: "From a failing pod to its named cause, and to the finished return",
  async run({ scope, say }) {
    const bed = await startBed(scope, say);
    const sandbox = sandboxConsole(bed.sandbox.console);
    const kube = kubeClient(bed.sandbox.kubeconfig);
    const known = new Set<string>();
    let firstPod: (() => void) | null = null;
    kube.watch(scope, "/api/v1/namespaces/dreamscape-dev/pods?watch=1", (pod) => {
      if (known.has(pod.metadata.uid)) return;
      known.add(pod.metadata.uid);
      firstPod?.();
    });
    let heard: ((state: { environment: string; status: string; cause: string | null }) => void) | null = null;
    await openEventStream(scope, bed.url, { authorization: `Bearer ${bed.token}` }, ({ type, data }) => {
      if (type === "state") heard?.(data);
    });
    const named: Named[] = [];
    for (let round = 0; round < roundsEach; round++) {
      for (const { kind, names } of failures) {
        await bed.api.until("state", allHealthy, 90_000);
        const created = new Promise<number>((resolve) => (firstPod = () => resolve(performance.now())));
        const told = new Promise<number>((resolve) => {
          heard = (state) => {
            if (state.environment === "dev" && state.status === "broken" && names.test(state.cause ?? "")) resolve(performance.now());
          };
        });
        await sandbox.post("faults/release", { environment: "dev", kind });
        named.push({ kind, ms: (await told) - (await created) });
        await sandbox.post("put-right", {});
        say(`${kind}: named after ${seconds(named.at(-1)?.ms ?? 0)}`);
      }
    }
    const returned = await measureReturns(bed, await followOperations(scope, bed), say);
    const all = named.map(({ ms }) => ms / 1000);
    const each: Figure[] = failures.map(({ kind }) => informing(`named-${kind}`, `the same, ${kind}, median`, seconds(median(named.flatMap((one) => (one.kind === kind ? [one.ms] : []))))));
    return {
      figures: [
        limited("named", "failing pod → named cause on the stream, p95", percentile(all, 0.95), 30, "s", 1),
        ...each,
        informing("returned", "confirmation of a promotion that fails in prod → everything back, median", seconds(median(returned))),
        informing("returned-p95", "the same, p95", seconds(percentile(returned, 0.95))),
      ],
      notes: [`${roundsEach} rounds of each failure in dev, timed from the first new pod the API server tells of; the sentence must name the cause (its kind of word), not only say that something is broken. ${returns} promotions of a build that is well in staging and exits in prod for want of a setting.`],
    };
  },
};

async function measureReturns(bed: Bed, following: Awaited<ReturnType<typeof followOperations>>, say: (line: string) => void): Promise<number[]> {
  await bed.api.until("state", allHealthy, 90_000);
  await sandboxConsole(bed.sandbox.console).post("faults/release", { environment: "staging", kind: "needs-setting" });
  const took: number[] = [];
  for (let round = 0; round < returns; round++) {
    took.push(await operate(bed, following, { kind: "promotion", from: "staging", to: "prod", bigPods: ["experience"] }, "returned"));
    say(`returned after ${seconds(took.at(-1) ?? 0)}`);
    for (const one of (await bed.api.get("quarantine")).body?.quarantine ?? []) {
      if (one.lifted === null) await bed.api.post(`quarantine/${one.id}/lift`, { reason: "bench: the same failing release once more" });
    }
  }
  return took;
}
