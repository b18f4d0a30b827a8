import type { Config } from "#lib/contracts/config.ts";
import type { Comparison } from "#lib/contracts/incident.ts";
import { compareAll, compareErrors, compareRestarts, compareSamples, comparisonRules, judgeControl } from "#lib/domain/comparison.ts";
import type { Measured } from "#lib/domain/comparison.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { clean } from "#lib/domain/fold-read.ts";
import { fillGoldenQuery } from "#lib/domain/golden.ts";
import { gapsIn, windowsAround, withinData } from "#lib/domain/comparison-windows.ts";
import type { Windows } from "#lib/domain/comparison-windows.ts";
import type { MetricsApi } from "#lib/ports/metrics.ts";
import type { ServiceContext } from "#lib/services/context.ts";

export interface ComparedPlace {
  environment: string;
  bigPod: string;
  /** The services whose signals are looked at; all when empty. */
  services: readonly string[];
  /** False: memory is left out, as after a scaling, where more pods have more of it. */
  memory: boolean;
}

type GoldenSignal = Exclude<keyof Config["goldenSignals"], "stepSeconds" | "windowSeconds">;
const weekMs = 7 * 24 * 3_600_000;

/**
 * Measures a Big Pod before and after a moment, through the environment's Prometheus. `changedBefore`, `changedAfter`: the changes to it next in
 * time, where the windows must end. Never throws for what Prometheus answers or not: that becomes "insufficient-data" with its reason.
 */
export async function compareAround(context: Pick<ServiceContext, "config" | "outside">, place: ComparedPlace, moment: { at: Date; now: Date; changedBefore: Date | null; changedAfter: Date | null }, signal?: AbortSignal): Promise<Comparison> {
  const { config } = context;
  const namespace = config.environments.find((environment) => environment.name === place.environment)?.namespace;
  const windows = windowsAround({ ...moment, compareMinutes: config.incidents.compareMinutes, leastWindowSeconds: config.goldenSignals.windowSeconds });
  const base = { at: moment.at.toISOString(), windowSeconds: windows.afterSeconds, baselineSeconds: windows.baselineSeconds, measuredAt: moment.now.toISOString() };
  const mute = (sentence: string): Comparison => ({ ...base, errors: null, latency: null, memory: null, restarts: null, control: null, verdict: "insufficient-data", sentence, queries: [], warnings: [] });
  if (!windows.longEnough) return mute(windows.full ? "the next change came too soon: nothing can be compared" : `the change is only ${windows.afterSeconds} s old: nothing can be compared yet`);
  let metrics: MetricsApi | null;
  try {
    metrics = context.outside.metrics(place.environment);
  } catch (error) {
    return mute(`nothing can be compared: ${clauseOf(error)}`);
  }
  if (metrics === null || namespace === undefined) return mute(`nothing can be compared: no Prometheus is configured for ${place.environment}`);
  const asker = createAsker(metrics, (name, rangeSeconds) => fillGoldenQuery(config.goldenSignals[name], { environment: place.environment, namespace, bigPod: place.bigPod, service: place.services, windowSeconds: rangeSeconds }), signal);
  return { ...base, ...(await measure(asker, windows, place.memory)) };
}

async function measure(asker: Asker, wanted: Windows, withMemory: boolean): Promise<Omit<Comparison, "at" | "windowSeconds" | "measuredAt">> {
  const { at, until, coverageSeconds } = wanted;
  const coverage = await asker.points("requests", coverageSeconds, { from: new Date(at.getTime() - Math.max(0, Math.floor(wanted.baselineSeconds / coverageSeconds) - 1) * coverageSeconds * 1000), to: until, stepSeconds: coverageSeconds });
  const present = coverage.points.filter((point) => Number.isFinite(point.value)).map((point) => point.at.getTime());
  const windows = withinData(wanted, present);
  const { afterSeconds, baselineSeconds, stepSeconds, steps } = windows;

  const countsAt = async (agoMs: number) => {
    const [then, end] = [new Date(at.getTime() - agoMs), new Date(until.getTime() - agoMs)];
    const [requestsBefore, errorsBefore, requestsAfter, errorsAfter] = await Promise.all([asker.count("requests", baselineSeconds, then), asker.count("errors", baselineSeconds, then), asker.count("requests", afterSeconds, end), asker.count("errors", afterSeconds, end)]);
    return { before: { requests: requestsBefore, errors: errorsBefore }, after: { requests: requestsAfter, errors: errorsAfter } };
  };
  const samplesOf = async (name: "latency" | "memory") => {
    const { points, troubles } = await asker.points(name, stepSeconds, { from: new Date(at.getTime() - (steps - 1) * stepSeconds * 1000), to: new Date(at.getTime() + steps * stepSeconds * 1000), stepSeconds });
    const values = (wanted: (when: number) => boolean): number[] => points.filter((point) => wanted(point.at.getTime())).map((point) => point.value);
    return { before: values((when) => when <= at.getTime()), after: values((when) => when > at.getTime()), expected: { before: Math.min(steps, Math.floor(baselineSeconds / stepSeconds)), after: steps }, troubles };
  };
  const [counts, latencyInput, memoryInput, restartsBefore, restartsAfter] = await Promise.all([countsAt(0), samplesOf("latency"), withMemory ? samplesOf("memory") : null, asker.count("restarts", baselineSeconds, at), asker.count("restarts", afterSeconds, until)]);
  // Last week's warnings and absences are its own: they do not make this week's answer partial.
  const warnings = asker.warnings();
  const control = judgeControl(compareErrors({ ...(await countsAt(weekMs)), troubles: asker.warnings().slice(warnings.length) }));
  const partial = warnings.map((warning) => `Prometheus warns that its answer may be partial: ${warning}`);
  const holes = coverage.troubles.length > 0 || present.length === 0 ? coverage.troubles : gapsIn(windows, present, comparisonRules.leastCoverage);
  const errors = compareErrors({ ...counts, troubles: [...holes, ...partial] });
  const latency = compareSamples({ name: "latency", unit: "seconds", ...latencyInput, troubles: [...latencyInput.troubles, ...partial] });
  const memory = memoryInput === null ? null : compareSamples({ name: "memory", unit: "bytes", ...memoryInput, troubles: [...memoryInput.troubles, ...partial] });
  const restarts = partial.length > 0 ? null : compareRestarts(restartsBefore, restartsAfter, { before: baselineSeconds, after: afterSeconds });
  const together = compareAll({ errors, latency, memory, restarts, control });
  return { baselineSeconds, errors, latency, memory, restarts: restarts === null ? null : { before: restarts.before, after: restarts.after }, control, ...together, queries: asker.queries(), warnings };
}

interface Asker {
  count(name: GoldenSignal, rangeSeconds: number, at: Date): Promise<Measured>;
  points(name: GoldenSignal, rangeSeconds: number, span: { from: Date; to: Date; stepSeconds: number }): Promise<{ points: { at: Date; value: number }[]; troubles: string[] }>;
  queries(): Comparison["queries"];
  warnings(): string[];
}

const mostWarnings = 10;

function createAsker(metrics: MetricsApi, queryOf: (name: GoldenSignal, rangeSeconds: number) => string, signal: AbortSignal | undefined): Asker {
  const asked = new Map<string, string>();
  const warned = new Set<string>();
  const note = (name: string, query: string, warnings: readonly string[]): void => {
    asked.set(query, name);
    for (const warning of warnings) if (warned.size < mostWarnings) warned.add(clean(warning));
  };
  const manyOf = (name: string, count: number): string => `the query of ${name} gives ${count} series, it must give one: put sum() around it`;

  return {
    async count(name, rangeSeconds, at) {
      const query = queryOf(name, rangeSeconds);
      try {
        const { samples, warnings } = await metrics.instant(query, at, signal);
        note(name, query, warnings);
        const [sample] = samples;
        if (samples.length > 1) return { kind: "trouble", sentence: manyOf(name, samples.length) };
        return sample === undefined ? { kind: "none" } : { kind: "value", value: sample.value };
      } catch (error) {
        note(name, query, []);
        return { kind: "trouble", sentence: clauseOf(error) };
      }
    },
    async points(name, rangeSeconds, span) {
      const query = queryOf(name, rangeSeconds);
      try {
        const { series, warnings } = await metrics.range(query, span, signal);
        note(`${name} over time`, query, warnings);
        if (series.length > 1) return { points: [], troubles: [manyOf(name, series.length)] };
        return { points: series[0]?.points ?? [], troubles: [] };
      } catch (error) {
        note(`${name} over time`, query, []);
        return { points: [], troubles: [clauseOf(error)] };
      }
    },
    queries: () => [...asked].map(([query, name]) => ({ name, query })),
    warnings: () => [...warned],
  };
}

function clauseOf(error: unknown): string {
  if (isVigieError(error)) return clean(error.message).replace(/\.$/, "");
  throw error;
}
