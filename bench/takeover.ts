import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { startBed } from "#bench/bed.ts";
import type { Bed } from "#bench/bed.ts";
import { informing, limited } from "#bench/part.ts";
import type { Figure, Part } from "#bench/part.ts";

/** Resolves with the seconds until another holds the lease, and until it has written that it looks at the sources. */
async function takeOver(client: pg.Client, strike: () => void): Promise<{ lease: number; written: number }> {
  const ask = async (): Promise<{ epoch: string; now: Date }> => (await client.query<{ epoch: string; now: Date }>("SELECT epoch::text, clock_timestamp() AS now FROM lease WHERE name = 'observer'")).rows[0] ?? { epoch: "", now: new Date() };
  const before = await ask();
  const startedAt = performance.now();
  strike();
  let lease = 0;
  for (;;) {
    const { epoch } = await ask();
    if (lease === 0 && epoch !== before.epoch) lease = (performance.now() - startedAt) / 1000;
    if (lease > 0) {
      // Sources are written again when the new holder has contact with them: all of them, or some would be old.
      const { rows } = await client.query<{ old: number }>("SELECT count(*)::int AS old FROM source_state WHERE state->>'required' = 'true' AND (state->>'contactAt')::timestamptz < $1", [before.now]);
      if (rows[0]?.old === 0) return { lease, written: (performance.now() - startedAt) / 1000 };
    }
    if (performance.now() - startedAt > 60_000) throw new Error("nobody took over within a minute");
    await wait(20);
  }
}

function strikeWith(bed: Bed, signal: NodeJS.Signals): () => void {
  const { process: child } = bed.stack.children.worker;
  return () => void child.kill(signal);
}

/** A second worker that waits, and the first killed, or frozen. */
export const takeover: Part = {
  name: "takeover",
  title: "A second worker takes over",
  async run({ scope, say }) {
    const figures: Figure[] = [];
    for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
      const bed = await startBed(scope, say);
      const client = new pg.Client({ connectionString: bed.stack.databaseUrl });
      await client.connect();
      scope.add(() => client.end());
      await bed.stack.startWorker();
      // It looks at the lease at least once a second; by then it waits.
      await wait(3_000);
      const { lease, written } = await takeOver(client, strikeWith(bed, signal));
      scope.add(() => void bed.stack.children.worker.process.kill("SIGCONT"));
      figures.push(limited(`${signal}-lease`, `${signal} → the second worker holds the lease`, lease, 5, "s", 2), informing(`${signal}-written`, `${signal} → every required source is written by it`, `${written.toFixed(2)} s`));
    }
    return { figures, notes: ["Two workers on one database; the one that observes is struck. The lease runs three seconds from its last renewal, which is at most one second old."] };
  },
};
