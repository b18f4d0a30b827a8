import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { audit } from "#bench/audit.ts";
import { auditReview } from "#bench/audit-review.ts";
import { blueGreen } from "#bench/blue-green.ts";
import { firstLoad } from "#bench/first-load.ts";
import { coldStart } from "#bench/cold-start.ts";
import { latency, latencyLarge } from "#bench/latency.ts";
import { load, loadLarge } from "#bench/load.ts";
import { identity } from "#bench/identity.ts";
import { incidents } from "#bench/incidents.ts";
import { loadOfLastMinute, thisMachine } from "#bench/machine.ts";
import { memory } from "#bench/memory.ts";
import type { Part, PartOptions } from "#bench/part.ts";
import { diagnosis } from "#bench/diagnosis.ts";
import { processDown } from "#bench/process-down.ts";
import { promotion } from "#bench/promotion.ts";
import { reasons } from "#bench/reasons.ts";
import { asSection, asTable, mergeResults } from "#bench/report.ts";
import type { PartReport } from "#bench/report.ts";
import { createScope } from "#bench/scope.ts";
import { scrub } from "#bench/scrub.ts";
import { rollback } from "#bench/rollback.ts";
import { startUp } from "#bench/start-up.ts";
import { streams } from "#bench/streams.ts";
import { takeover } from "#bench/takeover.ts";
import { watches } from "#bench/watches.ts";
import { VigieError } from "#lib/domain/error.ts";
import { root } from "#lib/runtime/home.ts";

export const parts: readonly Part[] = [latency, latencyLarge, watches, promotion, rollback, blueGreen, diagnosis, processDown, memory, load, loadLarge, streams, coldStart, takeover, scrub, incidents, audit, auditReview, identity, firstLoad, startUp];

/** Sections of results.md in their order: those of the parts, and what other commands write there (`npm run chaos`, `npm run faults`). */
export const sectionNames: readonly string[] = [...parts.map(({ name }) => name), "chaos", "chaos-real", "faults"];

export interface BenchOptions {
  parts: readonly Part[];
  minutes: number;
  cold: boolean;
}

/** What the command line asks for. Throws VigieError "invalid" with what there is. */
export function readArguments(given: readonly string[]): BenchOptions {
  const chosen: Part[] = [];
  let minutes = 10;
  let cold = false;
  for (let index = 0; index < given.length; index++) {
    const word = given[index];
    if (word === "--cold") cold = true;
    else if (word === "--minutes") {
      minutes = Number(given[++index]);
      if (!(minutes > 0 && minutes <= 24 * 60)) throw new VigieError("invalid", `--minutes takes a number of minutes above 0, not "${given[index] ?? ""}".`);
    } else {
      const part = parts.find(({ name }) => name === word);
      if (part === undefined) throw new VigieError("invalid", `There is no part "${word}" to measure. There are: ${parts.map(({ name }) => name).join(", ")}; and the options --minutes N and --cold.`);
      chosen.push(part);
    }
  }
  return { parts: chosen.length === 0 ? parts : parts.filter((part) => chosen.includes(part)), minutes, cold };
}

const stopped = Symbol("stopped");

/** Runs a part in a scope of its own and ends all it started, also when it fails or `stop` resolves. */
async function runPart(part: Part, options: Omit<PartOptions, "scope">, stop: Promise<typeof stopped>): Promise<PartReport | typeof stopped> {
  const scope = createScope();
  const loadBefore = loadOfLastMinute();
  const started = performance.now();
  const work = part.run({ ...options, scope }).catch((error: unknown) => ({ failed: error instanceof Error ? error.message : String(error) }));
  const result = await Promise.race([work, stop]);
  const left = await scope.close();
  if (result === stopped) return stopped;
  for (const failure of left) options.say(`Something of this part did not end in order: ${String(failure)}`);
  return { name: part.name, title: part.title, at: new Date(), seconds: (performance.now() - started) / 1000, loadBefore, result };
}

/** Measures, prints each part's table and writes bench/results.md after each. Returns the exit code: 1 when a part failed, 130 when `stopping` resolved first. */
export async function runBench({ parts: chosen, minutes, cold }: BenchOptions, stopping: Promise<unknown>, say: (line: string) => void): Promise<number> {
  const machine = thisMachine();
  const file = join(root, "bench/results.md");
  const stop = stopping.then((): typeof stopped => stopped);
  let failed = false;
  say(`${machine.processor}, ${machine.memory}, ${machine.system}, Node ${machine.node}`);
  for (const part of chosen) {
    say(`\n— ${part.name}`);
    const report = await runPart(part, { minutes, cold, say }, stop);
    if (report === stopped) return 130;
    failed ||= "failed" in report.result;
    say(asTable(report, reasons));
    const section = new Map([[part.name, asSection(report, machine, reasons)]]);
    writeFileSync(file, mergeResults(existsSync(file) ? readFileSync(file, "utf8") : "", section, sectionNames));
  }
  say(`\nWritten to ${file}.`);
  return failed ? 1 : 0;
}
