import { setTimeout as wait } from "node:timers/promises";
import type { EnvironmentConfig, MetricGateConfig } from "#lib/contracts/config.ts";
import type { GateResult } from "#lib/contracts/operation.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { configuredGate } from "#lib/domain/gate-policy.ts";
import { judgeMeasurements, judgeMetric, resolveQuery } from "#lib/domain/metric-judge.ts";
import type { Measurement, MetricReply } from "#lib/domain/metric-judge.ts";
import type { ServiceContext } from "#lib/services/context.ts";

const timeoutMs = 10_000;

type Place = Pick<EnvironmentConfig, "name" | "namespace">;

/** The query as it is asked, with what passes: shown as the gate's rule. */
export function metricRule(gate: MetricGateConfig, place: Place, bigPods: readonly string[]): string {
  const repeated = gate.count === 1 ? "" : ` (${gate.count} times, every ${gate.intervalSeconds} s; at most ${gate.failureLimit} may fail, ${gate.inconclusiveLimit} say nothing)`;
  return `${resolveQuery(gate.query, { environment: place.name, namespace: place.namespace, bigPods })} ${gate.pass}${repeated}`;
}

/** Asks Prometheus once and judges the answer. Never throws for what Prometheus does: that is a verdict. */
export async function measure(context: Pick<ServiceContext, "outside">, gate: MetricGateConfig, place: Place, bigPods: readonly string[], signal?: AbortSignal): Promise<Measurement> {
  return judgeMetric(gate, await ask(context, resolveQuery(gate.query, { environment: place.name, namespace: place.namespace, bigPods }), place.name, signal));
}

async function ask({ outside }: Pick<ServiceContext, "outside">, query: string, environment: string, signal: AbortSignal | undefined): Promise<MetricReply> {
  const metrics = outside.metrics(environment);
  if (metrics === null) return { kind: "unconfigured", environment };
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await metrics.instant(query, undefined, signal === undefined ? limit : AbortSignal.any([signal, limit]));
    return { kind: "answered", values: answer.samples.map((sample) => sample.value), warnings: answer.warnings };
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (limit.aborted) return { kind: "unreachable", sentence: `no answer within ${timeoutMs / 1000} s` };
    if (!isVigieError(error)) throw error;
    return { kind: error.code === "invalid" ? "refused" : "unreachable", sentence: error.message.replace(/[.]$/, "") };
  }
}

/** A metric gate before an operation: asked once for a plan (`times` 1), as often as configured when its turn came. Ends early once the outcome is certain. */
export async function askMetricGate(context: ServiceContext, gate: MetricGateConfig, place: Place, bigPods: readonly string[], times: number, signal?: AbortSignal): Promise<GateResult> {
  const measurements: Measurement[] = [];
  for (;;) {
    measurements.push(await measure(context, gate, place, bigPods, signal));
    const judged = judgeMeasurements(gate, measurements, times);
    // Of one question alone, nothing is forgiven: a plan shows what it saw.
    if (judged.done) return configuredGate("metric", judged, context.clock.now(), { rule: metricRule(gate, place, bigPods), phase: "before", title: `Metric "${gate.name}"` });
    await wait(gate.intervalSeconds * 1000, undefined, signal === undefined ? {} : { signal });
  }
}
