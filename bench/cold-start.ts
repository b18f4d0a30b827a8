import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { largeWorld, startBed } from "#bench/bed.ts";
import { informing, limited } from "#bench/part.ts";
import type { Part } from "#bench/part.ts";
import { median } from "#bench/statistics.ts";

const starts = 3;

/** From the start of the worker's process to a true state of every Big Pod in the database, with nothing there before. */
export const coldStart: Part = {
  name: "cold-start",
  title: "The worker's first true state at 5,000 pods",
  async run({ scope, say }) {
    const bed = await startBed(scope, say, { large: true });
    const client = new pg.Client({ connectionString: bed.stack.databaseUrl });
    await client.connect();
    scope.add(() => client.end());
    let worker = bed.stack.children.worker;
    const seconds: number[] = [];
    for (let index = 0; index < starts; index++) {
      await worker.stop();
      await client.query("DELETE FROM big_pod_state");
      const startedAt = performance.now();
      worker = await bed.stack.startWorker();
      for (;;) {
        const { rows } = await client.query<{ known: number }>("SELECT count(*)::int AS known FROM big_pod_state WHERE status = 'healthy'");
        if (rows[0]?.known === largeWorld.workloads) break;
        if (performance.now() - startedAt > 120_000) throw new Error(`after two minutes ${rows[0]?.known} of ${largeWorld.workloads} Big Pods were known as healthy`);
        await wait(20);
      }
      seconds.push((performance.now() - startedAt) / 1000);
      say(`start ${index + 1}: ${seconds.at(-1)?.toFixed(2)} s`);
    }
    return {
      figures: [limited("median", `Start of the process → every Big Pod's state, median of ${starts}`, median(seconds), 5, "s", 2), informing("longest", "longest", `${Math.max(...seconds).toFixed(2)} s`)],
      notes: [`${largeWorld.workloads} workloads and ${largeWorld.pods} pods in three environments. The states are deleted before each start, so that all of them are written anew; sandbox, PostgreSQL and web run on the same machine.`],
    };
  },
};
