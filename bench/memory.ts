import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { startBed } from "#bench/bed.ts";
import type { Bed } from "#bench/bed.ts";
import { cookieHeader, openBrowser, signedIn } from "#bench/browser.ts";
import { openEventStreams } from "#bench/event-stream.ts";
import { informing } from "#bench/part.ts";
import type { Figure, Part } from "#bench/part.ts";
import { family, parentOf, proportionalBytes, residentBytes, sumOver } from "#bench/process-memory.ts";
import { createScope } from "#bench/scope.ts";

const streams = 20;
const everyMs = 10_000;
const megabyte = 1_000_000;

interface Sample {
  worker: number;
  web: number;
  postgresShared: number;
  postgres: number;
}

/** Process id of the postmaster: the parent of whoever serves us. */
export async function postmaster({ stack }: Bed): Promise<number> {
  const client = new pg.Client({ connectionString: stack.databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    return parentOf(rows[0]?.pid ?? 0);
  } finally {
    await client.end();
  }
}

export function pidOf(bed: Bed, name: "worker" | "web"): number {
  const { pid } = bed.stack.children[name].process;
  if (pid === undefined) throw new Error(`${name} does not run`);
  return pid;
}

function row(key: keyof Sample, what: string, samples: readonly Sample[], limit: number | null): Figure {
  const values = samples.map((sample) => sample[key] / megabyte);
  const most = Math.max(...values);
  const text = (value: number | undefined): string => `${value?.toFixed(0)} MB`;
  return { key, what, value: `${text(values[0])} → ${text(values.at(-1))}, most ${text(most)}`, aim: limit === null ? null : { text: `≤ ${limit} MB at most`, met: most <= limit } };
}

/** What the processes take while people look at them. */
export const memory: Part = {
  name: "memory",
  title: "Memory",
  async run({ scope, say, minutes }) {
    if (process.platform !== "linux") return { figures: [informing("worker", "Memory", "not measured: it is read from /proc, which only Linux has")], notes: [] };
    const bed = await startBed(scope, say);
    const brief = createScope();
    scope.add(() => brief.close());
    const cookie = await cookieHeader(await signedIn(await openBrowser(brief, say), bed.url), bed.url);
    await brief.close();
    const open = await openEventStreams(scope, bed.url, cookie, streams);
    const main = await postmaster(bed);
    const take = (): Sample => ({
      worker: sumOver(family(pidOf(bed, "worker")), residentBytes),
      web: sumOver(family(pidOf(bed, "web")), residentBytes),
      postgresShared: sumOver(family(main), residentBytes),
      postgres: sumOver(family(main), proportionalBytes),
    });
    const samples: Sample[] = [];
    const end = Date.now() + minutes * 60_000;
    say(`${minutes} minutes with ${streams} streams…`);
    for (;;) {
      samples.push(take());
      const leftMs = end - Date.now();
      if (leftMs <= 0) break;
      await wait(Math.min(everyMs, leftMs));
      if (samples.length % 6 === 0) say(`${Math.round((samples.length * everyMs) / 60_000)} min: worker ${Math.round((samples.at(-1)?.worker ?? 0) / megabyte)} MB, web ${Math.round((samples.at(-1)?.web ?? 0) / megabyte)} MB`);
    }
    if (open() !== streams) throw new Error(`only ${open()} of ${streams} streams stayed open`);
    return {
      figures: [
        row("worker", "Worker (RSS), start → end", samples, 200),
        row("web", "Web (RSS), start → end", samples, 256),
        row("postgres", "PostgreSQL (PSS of all its processes), start → end", samples, null),
        row("postgresShared", "PostgreSQL (RSS summed: shared pages counted in each process)", samples, null),
      ],
      notes: [`${minutes} minutes of the demo with ${streams} open streams and the sandbox's ordinary life (health answers, jobs, events); a sample every ${everyMs / 1000} s. MB are 10⁶ bytes. The first sample is taken right after the start.`],
    };
  },
};
