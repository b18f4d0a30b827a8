import type { AfterGateConfig } from "#lib/contracts/config.ts";
import type { GateResult } from "#lib/contracts/operation.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { configuredGate } from "#lib/domain/gate-policy.ts";
import { judgeMeasurements } from "#lib/domain/metric-judge.ts";
import type { Measurement } from "#lib/domain/metric-judge.ts";
import { judgeNewAlerts } from "#lib/domain/metric-judge-alerts.ts";
import { measure, metricRule } from "#lib/services/gate/metric.ts";
import { askSmokeGate } from "#lib/services/gate/smoke.ts";
import type { Run } from "#lib/worker/operations/parts.ts";

const smokeEveryMs = 10_000;
const alertsEveryMs = 15_000;
const alertsTimeoutMs = 10_000;

/** One configured gate that is asked again and again. */
export interface AskedGate {
  everyMs: number;
  /** How often it has to have been asked before its verdict counts at the end. */
  atLeast: number;
  ask(signal: AbortSignal): Promise<GateResult>;
}

/** `bigPods`: what the operation changed. `since`: when it began. Asking never throws for what is asked, only the signal's reason. */
export function askedGate(run: Run, gate: AfterGateConfig, bigPods: readonly string[], since: Date): AskedGate {
  const { config, environment } = run;
  const chosen = config.bigPods.filter((bigPod) => bigPods.includes(bigPod.name));
  switch (gate.kind) {
    case "smoke": {
      const stateOf = (bigPod: string): ReturnType<Parameters<typeof askSmokeGate>[2]["stateOf"]> => {
        const state = run.view.fresh() ? run.view.state(bigPod) : undefined;
        return state === undefined ? { seen: false, verdict: "inconclusive", sentence: `${bigPod} cannot be seen right now` } : { seen: true, state };
      };
      return { everyMs: smokeEveryMs, atLeast: 1, ask: (signal) => askSmokeGate(run, gate.checks, { environment: environment.name, bigPods: chosen, stateOf }, { now: new Date(), phase: "after" }, signal) };
    }
    case "metric": {
      const measurements: Measurement[] = [];
      return {
        everyMs: gate.intervalSeconds * 1000,
        atLeast: gate.count,
        async ask(signal) {
          measurements.push(await measure(run, gate, environment, bigPods, signal));
          // The last `count` speak: one odd answer of an hour ago does not outweigh what is now.
          measurements.splice(0, Math.max(0, measurements.length - gate.count));
          return configuredGate("metric", judgeMeasurements(gate, measurements), new Date(), { title: `Metric "${gate.name}"`, rule: metricRule(gate, environment, bigPods), phase: "after" });
        },
      };
    }
    case "no-new-alert": {
      const scope = { environment: environment.name, namespace: environment.namespace, bigPods: chosen.map((bigPod) => ({ name: bigPod.name, workload: bigPod.workload.name })) };
      const rule = `no alert of ${environment.namespace} that began after ${since.toISOString()}`;
      return { everyMs: alertsEveryMs, atLeast: 1, ask: async (signal) => configuredGate("no-new-alert", await alertsSince(run, scope, since, signal), new Date(), { rule, phase: "after" }) };
    }
  }
}

async function alertsSince({ outside, environment }: Run, scope: Parameters<typeof judgeNewAlerts>[1], since: Date, signal: AbortSignal): Promise<Measurement> {
  const metrics = outside.metrics(environment.name);
  if (metrics === null) return { verdict: "error", sentence: `no Prometheus is configured for ${environment.name}` };
  const limit = AbortSignal.timeout(alertsTimeoutMs);
  try {
    return judgeNewAlerts(await metrics.alerts(AbortSignal.any([signal, limit])), scope, since);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (limit.aborted) return { verdict: "error", sentence: `Prometheus cannot be asked for alerts: no answer within ${alertsTimeoutMs / 1000} s` };
    if (!isVigieError(error)) throw error;
    return { verdict: "error", sentence: `Prometheus cannot be asked for alerts: ${error.message.replace(/[.]$/, "")}` };
  }
}
