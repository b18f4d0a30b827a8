import { randomUUID } from "node:crypto";
import { allHealthy } from "#bench/bed.ts";
import type { Bed } from "#bench/bed.ts";
import { openEventStream } from "#bench/event-stream.ts";
import type { Scope } from "#bench/scope.ts";
import { median, percentile } from "#bench/statistics.ts";

const terminal = ["succeeded", "failed", "returned", "aborted", "refused"];

/** News of operations from the stream. */
export interface Following {
  /** Resolves with the operation's final status when the stream has told it. */
  ended(id: string): Promise<string>;
}

export async function followOperations(scope: Scope, bed: Bed): Promise<Following> {
  const known = new Map<string, string>();
  const waiting = new Map<string, (status: string) => void>();
  await openEventStream(scope, bed.url, { authorization: `Bearer ${bed.token}` }, ({ type, data }) => {
    if (type !== "operation" || !terminal.includes(data.status)) return;
    known.set(data.id, data.status);
    waiting.get(data.id)?.(data.status);
  });
  return { ended: (id) => new Promise((resolve) => (known.has(id) ? resolve(known.get(id) ?? "") : waiting.set(id, resolve))) };
}

/** Plans until the plan is ready, confirms it, and returns the milliseconds from the confirmation to the news that it has ended as expected. */
export async function operate({ api }: Bed, following: Following, request: Record<string, unknown>, expected = "succeeded"): Promise<number> {
  await api.until("state", allHealthy, 60_000);
  let plan = await api.post("plans", request);
  for (let tries = 0; plan.body?.ready !== true && tries < 50; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    plan = await api.post("plans", request);
  }
  if (plan.body?.ready !== true) throw new Error(`no plan can be made: ${JSON.stringify(plan.body).slice(0, 1000)}`);
  const started = performance.now();
  const accepted = await api.post("operations", { planHash: plan.body.hash, reason: "bench: the same change again" }, { "idempotency-key": randomUUID() });
  if (accepted.status !== 202) throw new Error(`the operation was refused: ${accepted.status} ${JSON.stringify(accepted.body)}`);
  const status = await following.ended(accepted.body.id);
  const tookMs = performance.now() - started;
  if (status !== expected) throw new Error(`the operation ${status}: ${JSON.stringify((await api.get(`operations/${accepted.body.id}`)).body).slice(0, 2000)}`);
  return tookMs;
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
export const spread = (sample: readonly number[]): string => `${seconds(median(sample))} (${seconds(percentile(sample, 0))} to ${seconds(percentile(sample, 1))})`;
