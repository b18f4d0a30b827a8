import { type FaultCluster } from "#lib/worker/watchers/fault-run-cluster.test-support.ts";
import { faultRun, type Recovery, type RunSettings, type Violation } from "#lib/worker/watchers/fault-run.test-support.ts";

/** Many fault runs side by side, and what came of them. */

export interface FaultRunsOptions {
  runs: number;
  /** Run number i has seed + i: one run can be made again alone. */
  seed: number;
  cluster: FaultCluster;
  settings: RunSettings;
  /** Runs at a time. */
  side: number;
  /** Every so many runs one is an outage of a whole minute; none when left out. */
  minuteEvery?: number;
  onRun?: (done: number, violations: readonly Violation[]) => void;
  signal?: AbortSignal;
}

export interface FaultReport {
  cluster: string;
  runs: number;
  writes: number;
  seconds: number;
  /** How often each fault happened, and the slowest recovery from it. */
  faults: Map<string, { count: number; slowestMs: number; seed: number }>;
  slowest: { loud: Recovery | null; silent: Recovery | null };
  violations: Violation[];
}

/** The times of production: nothing is scaled. */
export const realTimes: RunSettings = {
  times: { hold: [300, 14_000], noticeMs: 2_500, noticeSilentNetworkMs: 5_000, noticeSilentWatchMs: 9_000, noticeSlowListMs: 3_000, downMs: 2_000 },
  tuning: {},
  pulse: {},
  writeGapMs: 400,
};

/** About a sixth of them, as far as a watch's time-out, whole seconds, allows. The limits of recovery stay five and ten seconds. */
export const shortTimes: RunSettings = {
  times: { hold: [100, 3_000], noticeMs: 1_500, noticeSilentNetworkMs: 1_800, noticeSilentWatchMs: 2_800, noticeSlowListMs: 600, downMs: 400 },
  tuning: { watchSeconds: 1, watchGraceMs: 1_000, backoffMinMs: 40, backoffMaxMs: 500, unsupportedRetryMs: 500, slowListMs: 600, pageTimeoutMs: 1_200, steadyMs: 100 },
  pulse: { intervalMs: 400, timeoutMs: 500 },
  writeGapMs: 100,
};

const outageMinuteMs = 60_000;

export async function runFaultRuns(options: FaultRunsOptions): Promise<FaultReport> {
  const { runs, seed, cluster, settings, side, minuteEvery, onRun, signal } = options;
  const startedAt = performance.now();
  const report: FaultReport = { cluster: cluster.title, runs: 0, writes: 0, seconds: 0, faults: new Map(), slowest: { loud: null, silent: null }, violations: [] };
  let next = 0;

  function note(recovery: Recovery): void {
    const known = report.faults.get(recovery.fault) ?? { count: 0, slowestMs: 0, seed: recovery.seed };
    known.count += 1;
    if (recovery.ms > known.slowestMs) Object.assign(known, { slowestMs: recovery.ms, seed: recovery.seed });
    report.faults.set(recovery.fault, known);
    const which = recovery.silent ? "silent" : "loud";
    if (recovery.ms > (report.slowest[which]?.ms ?? -1)) report.slowest[which] = recovery;
  }

  async function lane(): Promise<void> {
    while (next < runs && signal?.aborted !== true) {
      const own = seed + next;
      const minute = minuteEvery !== undefined && next % minuteEvery === minuteEvery - 1;
      next += 1;
      try {
        const result = await faultRun(cluster, own, minute ? { ...settings, outageMs: outageMinuteMs } : settings);
        result.recoveries.forEach(note);
        report.violations.push(...result.violations);
        report.writes += result.writes;
      } catch (error) {
        report.violations.push({ seed: own, fault: "the run itself", what: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
      report.runs += 1;
      onRun?.(report.runs, report.violations);
    }
  }
  await Promise.all(Array.from({ length: Math.min(side, runs) }, lane));
  report.seconds = (performance.now() - startedAt) / 1000;
  return report;
}

/** One line per violation, each with how to make its run again. */
export function violationLines({ violations }: FaultReport): string[] {
  return violations.map(({ seed, fault, what }) => `seed ${seed}, ${fault}: ${what}\n  again: npm run faults -- --seed ${seed} --runs 1`);
}
