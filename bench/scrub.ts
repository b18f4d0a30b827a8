import pg from "pg";
import { largeWorld, startBed } from "#bench/bed.ts";
import { informing, limited } from "#bench/part.ts";
import type { Part } from "#bench/part.ts";
import { percentile } from "#bench/statistics.ts";

const days = 90;
const moments = 60;
const strips = 10;
const dayMs = 86_400_000;

/** The overview as it was at any moment of the kept time, by the API that the slider asks. */
export const scrub: Part = {
  name: "scrub",
  title: "Looking back at any moment of 90 days",
  async run({ scope, say }) {
    const bed = await startBed(scope, say, { large: true });
    const client = new pg.Client({ connectionString: bed.stack.databaseUrl });
    await client.connect();
    scope.add(() => client.end());
    say(`an hourly change of each of ${largeWorld.workloads} Big Pods over ${days} days…`);
    const { rowCount } = await client.query(
      `INSERT INTO state_history (environment, big_pod, status, cause, version, at, detail)
       SELECT s.environment, s.big_pod, CASE WHEN h % 7 = 0 THEN 'broken' ELSE 'healthy' END, CASE WHEN h % 7 = 0 THEN 'it was broken then' END, 'v1.' || h, now() - make_interval(hours => h) - interval '1 minute', s.detail
       FROM big_pod_state s CROSS JOIN generate_series(1, $1::int) AS h`,
      [days * 24 - 1],
    );
    await client.query("ANALYZE state_history");
    const now = Date.now();
    const timed = async (path: string): Promise<number> => {
      const startedAt = performance.now();
      const { status, body } = await bed.api.get(path);
      if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body).slice(0, 300)}`);
      return performance.now() - startedAt;
    };
    const answers: number[] = [];
    // Spread over the whole time, in no order of it.
    for (let index = 0; index < moments; index++) answers.push(await timed(`history?at=${new Date(now - ((((index * 37) % moments) + 0.5) / moments) * days * dayMs).toISOString()}`));
    const drawn: number[] = [];
    for (let index = 0; index < strips; index++) drawn.push(await timed(`history/strips?from=${new Date(now - 30 * dayMs).toISOString()}&to=${new Date(now).toISOString()}`));
    return {
      figures: [
        limited("p95", "A moment of the overview, p95", percentile(answers, 0.95), 1_000, "ms"),
        informing("p50", "p50", `${percentile(answers, 0.5).toFixed(0)} ms`),
        informing("longest", "longest", `${percentile(answers, 1).toFixed(0)} ms`),
        informing("strips", "All strips over 30 days, p95", `${percentile(drawn, 0.95).toFixed(0)} ms`),
      ],
      notes: [`${moments} moments spread over ${days} days, one after the other, each answered whole to this process; ${rowCount ?? 0} rows of history of ${largeWorld.workloads} Big Pods.`],
    };
  },
};
