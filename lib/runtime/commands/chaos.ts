/**
 * `npm run chaos`: operations whose workers and database connections are struck at step boundaries and at random, judged by the cluster's own history.
 * `--runs N` (1000), `--stages N` side by side (3), `--seed N` the first seed; `--real` against the API server of VIGIE_REAL_KUBECONFIG. Writes its section of bench/results.md
 * when the whole number was made (1000; 50 with `--real`): fewer are a try and leave the recorded figures alone.
 * `--log FILE` keeps a line per run and reports over all that stand in it: a thousand runs may be made in several sittings, with a first seed each.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { loadOfLastMinute, thisMachine } from "#bench/machine.ts";
import { informing, limited } from "#bench/part.ts";
import type { PartOutcome } from "#bench/part.ts";
import { asSection, asTable, mergeResults } from "#bench/report.ts";
import { sectionNames } from "#bench/run.ts";
import { percentile } from "#bench/statistics.ts";
import { root } from "#lib/runtime/home.ts";

const runSchema = z.object({ seed: z.number(), what: z.string(), workers: z.number(), status: z.string(), struck: z.array(z.string()), recoveredMs: z.number().nullable(), violations: z.array(z.string()) });
type Run = z.infer<typeof runSchema>;

const { values } = parseArgs({ options: { runs: { type: "string" }, stages: { type: "string", default: "3" }, seed: { type: "string", default: "1" }, log: { type: "string" }, real: { type: "boolean", default: false } } });
const real = values.real;
const runs = count("--runs", values.runs ?? (real ? "50" : "1000"));
const stages = real ? 1 : count("--stages", values.stages);
const seed = count("--seed", values.seed);
if (real && process.env.VIGIE_REAL_KUBECONFIG === undefined) stop("--real needs VIGIE_REAL_KUBECONFIG: the kubeconfig of an API server to test against.");

const folder = mkdtempSync(join(tmpdir(), "vigie-chaos-"));
const log = values.log === undefined ? join(folder, "runs.jsonl") : resolve(values.log);
const before = read().length;
const whole = real ? 50 : 1000;
/** Several sittings are for the whole number. */
const wanted = values.log === undefined ? runs : whole;
const started = performance.now();
const loadBefore = loadOfLastMinute();
let told = 0;
const progress = setInterval(() => {
  const done = read().slice(before);
  if (done.length < told + 10) return;
  told = done.length;
  process.stdout.write(`${done.length} of ${runs} runs, ${done.flatMap((run) => run.struck).length} strikes, ${done.flatMap((run) => run.violations).length} violations\n`);
}, 5_000);
const file = real ? "lib/worker/operations/chaos/chaos.real.test.ts" : "lib/worker/operations/chaos/chaos.test.ts";
const child = spawn(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", file], {
  cwd: root,
  stdio: ["ignore", "inherit", "inherit"],
  env: { ...process.env, CHAOS_RUNS: String(runs), CHAOS_STAGES: String(stages), CHAOS_SEED: String(seed), CHAOS_LOG: log },
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
const code = await new Promise<number>((resolve) => child.once("close", (exit) => resolve(exit ?? 1)));
clearInterval(progress);

const done = read();
const name = real ? "chaos-real" : "chaos";
const report = { name, title: `Operations under chaos, ${real ? "real kube-apiserver" : "sandbox"} and PostgreSQL`, at: new Date(), seconds: (performance.now() - started) / 1000, loadBefore, result: outcome(done) };
process.stdout.write(`${asTable(report, {})}\n`);
if (done.length >= whole) {
  const results = join(root, "bench/results.md");
  writeFileSync(results, mergeResults(existsSync(results) ? readFileSync(results, "utf8") : "", new Map([[name, asSection(report, thisMachine(), {})]]), sectionNames));
  process.stdout.write(`\nWritten to ${results}.\n`);
}
for (const run of done) for (const violation of run.violations) process.stdout.write(`seed ${run.seed}: ${violation}\n`);
rmSync(folder, { recursive: true, force: true });
process.exitCode = code;

function outcome(all: readonly Run[]): PartOutcome {
  const strikes = all.flatMap((run) => run.struck);
  const kinds = [...new Set(strikes.map((words) => words.split(" ")[0] ?? ""))].toSorted();
  const recovered = all.flatMap((run) => run.recoveredMs ?? []).map((ms) => ms / 1000);
  const boundaries = new Set(strikes.filter((words) => words.includes("journal") || words.includes("write")).map((words) => words.split(" ").slice(1).join(" ")));
  return {
    figures: [
      { key: "violations", what: "violations", value: String(all.flatMap((run) => run.violations).length), aim: { text: "0", met: all.every((run) => run.violations.length === 0) } },
      { key: "runs", what: "runs", value: String(all.length), aim: { text: `≥ ${wanted}`, met: all.length >= wanted } },
      informing("strikes", "strikes that hit a running operation", `${strikes.length} (${kinds.map((kind) => `${strikes.filter((words) => words.startsWith(`${kind} `)).length} ${kind}`).join(", ")})`),
      informing("boundaries", "different step boundaries and writes that were hit", String(boundaries.size)),
      limited("recovered-longest", "from the last strike, or a worker being there again, to the end: longest", recovered.length === 0 ? 0 : Math.max(...recovered), 15, "s", 1),
      informing("recovered-p95", "the same, p95", recovered.length === 0 ? "–" : `${percentile(recovered, 0.95).toFixed(1)} s`),
      informing("outcomes", "outcomes", [...new Set(all.map((run) => run.status))].map((status) => `${all.filter((run) => run.status === status).length} ${status}`).join(", ")),
    ],
    notes: [`Promotions, rollbacks, promotions that fail and return, promotions that are aborted; one or two workers; one to three strikes each: SIGKILL, SIGTERM, SIGSTOP past the lease, connections to PostgreSQL reset, silenced, or cut after COMMIT without its answer; ${stages} side by side, seeds from ${seed}${before === 0 ? "" : `; ${before} of the runs were made in sittings before, with other seeds`}.`],
  };
}

function read(): Run[] {
  return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").flatMap((line) => (line === "" ? [] : [runSchema.parse(JSON.parse(line))])) : [];
}

function count(option: string, text: string): number {
  if (!/^[1-9][0-9]{0,6}$/.test(text)) stop(`${option} takes a whole number from 1, not "${text}".`);
  return Number(text);
}

function stop(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}
