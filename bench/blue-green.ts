import { randomUUID } from "node:crypto";
import { allHealthy, startBed } from "#bench/bed.ts";
import type { Bed } from "#bench/bed.ts";
import { kubeClient } from "#bench/kubernetes.ts";
import type { KubeClient } from "#bench/kubernetes.ts";
import { informing, limited } from "#bench/part.ts";
import type { Part } from "#bench/part.ts";
import { median, percentile } from "#bench/statistics.ts";
import type { Scope } from "#bench/scope.ts";

const rounds = 20;
const limitSeconds = 5;
const namespace = "/namespaces/dreamscape-prod";
const bigPods = ["core", "experience"];

/** Which colour each Service's endpoints are of, from the EndpointSlices as they change. */
interface Endpoints {
  /** Resolves with the moment (performance.now()) at which every Service led to pods of this colour and to no other. */
  all(colour: string): Promise<number>;
}

async function followEndpoints(scope: Scope, kube: KubeClient): Promise<Endpoints> {
  const colours = new Map<string, string>();
  let waiting: { colour: string; resolve: (at: number) => void } | null = null;
  const settle = (): void => {
    if (waiting === null || !bigPods.every((bigPod) => colours.get(bigPod) === waiting?.colour)) return;
    waiting.resolve(performance.now());
    waiting = null;
  };
  const look = (slice: { metadata: { labels?: Record<string, string> }; endpoints?: { conditions?: { ready?: boolean }; targetRef?: { name: string } }[] }): void => {
    const service = slice.metadata.labels?.["kubernetes.io/service-name"] ?? "";
    const found = new Set((slice.endpoints ?? []).filter((endpoint) => endpoint.conditions?.ready !== false).map((endpoint) => /-(blue|green)-/.exec(endpoint.targetRef?.name ?? "")?.[1] ?? "?"));
    colours.set(service, found.size === 1 ? ([...found][0] ?? "?") : "mixed");
    settle();
  };
  const path = `/apis/discovery.k8s.io/v1${namespace}/endpointslices`;
  const { items, metadata } = await kube.get(path);
  for (const slice of items) look(slice);
  kube.watch(scope, `${path}?watch=true&resourceVersion=${metadata.resourceVersion}`, look);
  return {
    all: (colour) =>
      new Promise((resolve) => {
        waiting = { colour, resolve };
        settle();
      }),
  };
}

/** Confirms what is planned and resolves when it has ended; the time is that from the click (the confirmation sent) to the endpoints of every Service on the other colour. */
async function switched({ api }: Bed, endpoints: Endpoints, request: object, colour: string): Promise<{ tookMs: number; effects: string[] }> {
  let plan = await api.post("plans", request);
  for (let tries = 0; plan.body?.ready !== true && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    plan = await api.post("plans", request);
  }
  if (plan.body?.ready !== true) throw new Error(`no plan can be made: ${JSON.stringify(plan.body).slice(0, 1000)}`);
  const arrived = endpoints.all(colour);
  const started = performance.now();
  const accepted = await api.post("operations", { planHash: plan.body.hash, reason: "bench: the other colour" }, { "idempotency-key": randomUUID() });
  if (accepted.status !== 202) throw new Error(`the operation was refused: ${accepted.status} ${JSON.stringify(accepted.body)}`);
  const ended = api.until(`operations/${accepted.body.id}`, (operation) => ["succeeded", "failed", "returned", "aborted", "refused"].includes(operation.status), 120_000);
  const at = await Promise.race([arrived, ended.then((operation) => (operation.status === "succeeded" ? arrived : Promise.reject(new Error(`it ${operation.status}: ${operation.note}`))))]);
  await ended;
  await api.until("state", allHealthy, 60_000);
  return { tookMs: at - started, effects: plan.body.changes.map((change: { effect: string }) => change.effect) };
}

/** How long a switch takes, and the way back, from the click to the endpoints. */
export const blueGreen: Part = {
  name: "blue-green",
  title: "Blue-green: the click and the other colour",
  async run({ scope, say }) {
    const bed = await startBed(scope, say, { env: { VIGIE_DEMO_STRATEGY: "blue-green" } });
    const endpoints = await followEndpoints(scope, kubeClient(bed.sandbox.kubeconfig));
    const state = await bed.api.get("state");
    const first = state.body.environments.find((environment: { name: string }) => environment.name === "prod").bigPods[0].release;
    const promote = { kind: "promotion", from: "staging", to: "prod", bigPods };
    const back = { kind: "rollback", environment: "prod", release: first, bigPods };
    const cold = await switched(bed, endpoints, promote, "green");
    const there: number[] = [];
    const again: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const rollback = await switched(bed, endpoints, back, "blue");
      if (rollback.effects.some((effect) => effect !== "switch" && effect !== "unchanged")) throw new Error(`the rollback was no switch: ${rollback.effects.join(", ")}`);
      again.push(rollback.tookMs);
      there.push((await switched(bed, endpoints, promote, "green")).tookMs);
      say(`round ${round + 1} of ${rounds}: rollback ${Math.round(rollback.tookMs)} ms, promotion to a colour that is up ${Math.round(there.at(-1) ?? 0)} ms`);
    }
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
    return {
      figures: [
        limited("rollback-p95", "Rollback by one switch: click → all endpoints on the other colour, p95", percentile(again, 0.95) / 1000, limitSeconds, "s", 2),
        informing("rollback-p50", "Rollback by one switch, median (range)", `${seconds(median(again))} (${seconds(percentile(again, 0))} to ${seconds(percentile(again, 1))})`),
        limited("switch-p95", "Promotion to a colour that already runs it: click → all endpoints, p95", percentile(there, 0.95) / 1000, limitSeconds, "s", 2),
        informing("switch-p50", "Promotion to a colour that already runs it, median (range)", `${seconds(median(there))} (${seconds(percentile(there, 0))} to ${seconds(percentile(there, 1))})`),
        informing("cold", "Promotion with pods to be started, once", seconds(cold.tookMs)),
      ],
      notes: [`${rounds} rounds: Core and Experience of prod, 2 pods each, to and fro. Timed from POST /api/v1/operations to the moment at which a watch on the EndpointSlices says that both Services lead to pods of the other colour and to no others: check, preview (every service in every pod asked afresh) and two switches lie in between.`],
    };
  },
};
