import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { largeWorld, startBed } from "#bench/bed.ts";
import { generateChanges } from "#bench/change-generator.ts";
import { pidOf } from "#bench/memory.ts";
import { informing } from "#bench/part.ts";
import type { Figure, Part, PartOptions, PartOutcome } from "#bench/part.ts";
import { family, processorSeconds, residentBytes, sumOver } from "#bench/process-memory.ts";

const perSecond = 50;
const everyMs = 10_000;
const megabyte = 1_000_000;
const daySeconds = 86_400;

interface Written {
  rows: number;
  bytes: number;
  /** Size of the database with its indexes. */
  size: number;
}

/** Rows inserted and updated so far, and bytes of write-ahead log. */
async function written(client: pg.Client): Promise<Written> {
  const { rows } = await client.query<{ rows: string; bytes: string; size: string }>(
    "SELECT (SELECT coalesce(sum(n_tup_ins + n_tup_upd), 0) FROM pg_stat_user_tables)::text AS rows, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text AS bytes, pg_database_size(current_database())::text AS size",
  );
  return { rows: Number(rows[0]?.rows), bytes: Number(rows[0]?.bytes), size: Number(rows[0]?.size) };
}

function memoryFigure(key: string, what: string, values: readonly number[], limit: number): Figure {
  const most = Math.max(...values);
  const middle = values[Math.floor(values.length / 2)];
  const text = (value: number | undefined): string => `${value?.toFixed(0)} MB`;
  return { key, what, value: `${text(values[0])} → ${text(middle)} → ${text(values.at(-1))}, most ${text(most)}`, aim: { text: `≤ ${limit} MB at most`, met: most <= limit } };
}

async function measure(large: boolean, { scope, say, minutes }: PartOptions): Promise<PartOutcome> {
  if (process.platform !== "linux") return { figures: [informing("load", "Load", "not measured: it is read from /proc, which only Linux has")], notes: [] };
  const bed = await startBed(scope, say, { large });
  const client = new pg.Client({ connectionString: bed.stack.databaseUrl });
  await client.connect();
  scope.add(() => client.end());
  const stopping = new AbortController();
  scope.add(() => stopping.abort());
  const pids = { worker: pidOf(bed, "worker"), web: pidOf(bed, "web") };
  const processor = (): { worker: number; web: number } => ({ worker: sumOver(family(pids.worker), processorSeconds), web: sumOver(family(pids.web), processorSeconds) });
  const memory: { worker: number[]; web: number[] } = { worker: [], web: [] };
  const processorBefore = processor();
  const before = await written(client);
  const startedAt = performance.now();
  say(`${perSecond} changes a second for ${minutes} minutes…`);
  const changing = generateChanges(bed, perSecond, stopping.signal);
  const end = startedAt + minutes * 60_000;
  for (;;) {
    for (const name of ["worker", "web"] as const) memory[name].push(sumOver(family(pids[name]), residentBytes) / megabyte);
    const leftMs = end - performance.now();
    if (leftMs <= 0) break;
    await wait(Math.min(everyMs, leftMs));
    if (memory.worker.length % 6 === 0) say(`${Math.round((performance.now() - startedAt) / 60_000)} min: worker ${memory.worker.at(-1)?.toFixed(0)} MB, web ${memory.web.at(-1)?.toFixed(0)} MB`);
  }
  stopping.abort();
  const { sent, failed } = await changing;
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await written(client);
  const spent = processor();
  const share = (name: "worker" | "web"): string => `${(((spent[name] - processorBefore[name]) / seconds) * 100).toFixed(0)} % of a core`;
  if (failed > sent / 100) throw new Error(`${failed} of ${sent} changes were refused`);
  return {
    figures: [
      memoryFigure("worker", "Worker (RSS), start → middle → end", memory.worker, large ? 350 : 200),
      memoryFigure("web", "Web (RSS), start → middle → end", memory.web, 256),
      informing("worker-processor", "Worker, processor", share("worker")),
      informing("web-processor", "Web, processor", share("web")),
      informing("changes", "Changes made", `${sent} (${(sent / seconds).toFixed(1)} a second)`),
      informing("rows", "Database rows written a day at this rate", `${((((after.rows - before.rows) / seconds) * daySeconds) / 1e6).toFixed(2)} million`),
      informing("bytes", "Write-ahead log a day at this rate", `${((((after.bytes - before.bytes) / seconds) * daySeconds) / 1e9).toFixed(2)} GB`),
      informing("size", "Growth of the database a day at this rate", `${((((after.size - before.size) / seconds) * daySeconds) / 1e9).toFixed(2)} GB`),
    ],
    notes: [`${perSecond} patches of \`pods/status\` a second, over all pods of three environments in turn${large ? ` (${largeWorld.workloads} workloads, ${largeWorld.pods} pods)` : " (18 pods)"}, for ${minutes} minutes; a sample every ${everyMs / 1000} s. MB are 10⁶ bytes. Rows are inserted and updated ones of all tables. The first sample is taken when every Big Pod has been seen.`],
  };
}

export const load: Part = { name: "load", title: "Fifty changes a second, 18 pods", run: (options) => measure(false, options) };
export const loadLarge: Part = { name: "load-large", title: "Fifty changes a second, 5,000 pods", run: (options) => measure(true, options) };
