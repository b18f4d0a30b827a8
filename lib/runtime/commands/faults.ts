/**
 * `npm run faults`: random sequences of faults between reflectors and an API server, with the times of production; 1,000 runs against the sandbox, and 100
 * against the real API server that VIGIE_REAL_KUBECONFIG names. Writes the section "faults" of bench/results.md.
 * Options: --runs N, --seed N, --side N (runs at a time), --short (scaled times), --only sandbox|real, --minute-every N (every Nth run is an outage of a minute; 0: none).
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { loadOfLastMinute, thisMachine } from "#bench/machine.ts";
import { informing, limited, type Figure, type PartOutcome } from "#bench/part.ts";
import { reasons } from "#bench/reasons.ts";
import { asSection, asTable, mergeResults } from "#bench/report.ts";
import { sectionNames } from "#bench/run.ts";
import { VigieError } from "#lib/domain/error.ts";
import { root } from "#lib/runtime/home.ts";
import { printError } from "#lib/runtime/stack/run.ts";
import { realFaultCluster, sandboxFaultCluster } from "#lib/worker/watchers/fault-run-cluster.test-support.ts";
import { realTimes, runFaultRuns, shortTimes, violationLines, type FaultReport } from "#lib/worker/watchers/fault-runs.test-support.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Asked {
  runs: number | null;
  seed: number;
  side: number;
  minuteEvery: number;
  short: boolean;
  only: string | undefined;
}

function readAsked(): Asked {
  const { values } = parseArgs({ options: { runs: { type: "string" }, seed: { type: "string", default: "1" }, side: { type: "string", default: "40" }, "minute-every": { type: "string", default: "100" }, short: { type: "boolean", default: false }, only: { type: "string" } } });
  const whole = (name: string, text: string, least: number): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least) throw new VigieError("invalid", `--${name} takes a whole number from ${least}, not "${text}".`);
    return value;
  };
  if (values.only !== undefined && !["sandbox", "real"].includes(values.only)) throw new VigieError("invalid", `--only takes sandbox or real, not "${values.only}".`);
  return { runs: values.runs === undefined ? null : whole("runs", values.runs, 1), seed: whole("seed", values.seed, 0), side: whole("side", values.side, 1), minuteEvery: whole("minute-every", values["minute-every"], 0), short: values.short, only: values.only };
}

const seconds = (ms: number | undefined): string => (ms === undefined ? "none" : `${(ms / 1000).toFixed(2)} s`);

function figuresOf(report: FaultReport, key: string): Figure[] {
  const { cluster, slowest } = report;
  const total = [...report.faults.values()].reduce((sum, { count }) => sum + count, 0);
  return [
    informing(`${key}-runs`, `Runs against the ${cluster}`, `${report.runs} with ${total} faults and ${report.writes} writes, in ${Math.round(report.seconds)} s`),
    limited(`${key}-violations`, `${cluster}: violations`, report.violations.length, 0, ""),
    limited(`${key}-slowest`, `${cluster}: slowest recovery (${slowest.loud?.fault ?? "none"})`, (slowest.loud?.ms ?? 0) / 1000, 5, "s", 2),
    limited(`${key}-silent`, `${cluster}: slowest recovery from silence (${slowest.silent?.fault ?? "none"})`, (slowest.silent?.ms ?? 0) / 1000, 10, "s", 2),
  ];
}

function byKind(report: FaultReport): string {
  const kinds = [...report.faults].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, { count, slowestMs }]) => `${name} ${count} (${seconds(slowestMs)})`);
  return `${report.cluster}, faults and the slowest recovery from each: ${kinds.join("; ")}.`;
}

async function main(): Promise<number> {
  const asked = readAsked();
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => stopping.abort());
  const kubeconfig = process.env["VIGIE_REAL_KUBECONFIG"];
  if (asked.only === "real" && kubeconfig === undefined) throw new VigieError("invalid", "VIGIE_REAL_KUBECONFIG names no kubeconfig: set it, with the right to create namespaces and what is in them.");
  const clusters = [
    ...(asked.only === "real" ? [] : [{ key: "sandbox", runs: asked.runs ?? 1_000, side: asked.side, make: sandboxFaultCluster }]),
    ...(asked.only === "sandbox" || kubeconfig === undefined ? [] : [{ key: "real", runs: asked.runs ?? 100, side: Math.min(asked.side, 10), make: () => realFaultCluster(kubeconfig) }]),
  ];
  const loadBefore = loadOfLastMinute();
  // Everything runs in this process: how late it was itself is part of every time below.
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const startedAt = performance.now();
  const reports: [string, FaultReport][] = [];
  for (const { key, runs, side, make } of clusters) {
    const cluster = make();
    let told = 0;
    try {
      const report = await runFaultRuns({
        runs, seed: asked.seed, cluster, side, settings: asked.short ? shortTimes : realTimes, signal: stopping.signal,
        ...(!asked.short && asked.minuteEvery > 0 && { minuteEvery: asked.minuteEvery }),
        onRun(done, violations) {
          if (done - told < Math.max(1, runs / 20) && done < runs) return;
          told = done;
          say(`${cluster.title}: ${done} of ${runs} runs, ${violations.length} violations, ${Math.round((performance.now() - startedAt) / 1000)} s`);
        },
      });
      for (const line of violationLines(report)) say(line);
      reports.push([key, report]);
    } finally {
      await cluster.close();
    }
  }
  const outcome: PartOutcome = {
    figures: reports.flatMap(([key, report]) => figuresOf(report, key)),
    notes: [
      `Three reflectors (two of one kind) behind a gate that can do what networks and servers in trouble do; random writes behind it all the while; two to four faults a run. Recovery: from the end of the fault until every reflector is live and equals a fresh list, less the time in which this process itself was held up. A violation is also: called live for ten seconds while it is not what is there, another state than the fault's, a state without a reason, events that do not add up. ${asked.short ? "With shortened times (watches of 1 s, waits of at most 0.5 s)." : `With the times of production, nothing scaled${asked.minuteEvery > 0 ? `; every ${asked.minuteEvery}th run is an outage of 60 s` : ""}.`} Seeds ${asked.seed} and on.`,
      ...reports.map(([, report]) => byKind(report)),
      `Reflectors, gates and the sandbox share one process. Its own delay: p99 ${(delay.percentile(99) / 1e6).toFixed(0)} ms, longest ${(delay.max / 1e6).toFixed(0)} ms.`,
    ],
  };
  const machine = thisMachine();
  const section = { name: "faults", title: "Reflectors under random faults", at: new Date(), seconds: (performance.now() - startedAt) / 1000, loadBefore, result: outcome };
  say(asTable(section, reasons));
  for (const note of outcome.notes) say(`\n${note}`);
  const whole = asked.runs === null && !asked.short && !stopping.signal.aborted;
  const file = join(root, "bench/results.md");
  if (whole) {
    writeFileSync(file, mergeResults(existsSync(file) ? readFileSync(file, "utf8") : "", new Map([["faults", asSection(section, machine, reasons)]]), sectionNames));
    say(`\nWritten to ${file}.`);
  }
  return reports.some(([, { violations }]) => violations.length > 0) ? 1 : stopping.signal.aborted ? 130 : 0;
}

process.exit(
  await main().catch((error: unknown) => {
    printError(error);
    return 1;
  }),
);
