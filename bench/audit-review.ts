import { join } from "node:path";
import pg from "pg";
import { fillAudit, needle } from "#bench/audit-fill.ts";
import { temporaryFolder } from "#bench/bed.ts";
import { informing, limited } from "#bench/part.ts";
import type { Figure, Part } from "#bench/part.ts";
import { percentile } from "#bench/statistics.ts";
import { createDatabase } from "#lib/db/client.ts";
import { migrate } from "#lib/db/migrate.ts";
import { findAuditPage } from "#lib/db/repositories/audit-page.ts";
import type { AuditFilter } from "#lib/db/repositories/audit-page.ts";
import { setUpRoles } from "#lib/db/roles.ts";
import { root } from "#lib/runtime/home.ts";
import { startEmbeddedPostgres } from "#lib/runtime/postgres/embedded.ts";

const samples = 20;
const pageLimit = 50;
const rawTimeoutMs = 20_000;

interface Question {
  key: string;
  what: string;
  filter: Partial<AuditFilter>;
  /** The same in SQL, as somebody would write it who knows the table and its indexes. */
  raw: string;
}

/** What people ask, the cheap and the costly, with moments and numbers in the middle of the log. */
function questionsOf(rows: number, now: Date): Question[] {
  const ago = (days: number): string => new Date(now.getTime() - days * 86_400_000).toISOString();
  const text = (words: string): string => `audit_search_text(bytes) LIKE '%${words}%'`;
  const middle = Math.floor(rows / 2);
  return [
    { key: "newest", what: "the newest page", filter: {}, raw: "true" },
    { key: "deep", what: "a page in the middle", filter: { before: middle }, raw: `sequence < ${middle}` },
    { key: "day", what: "one day, 500 days ago", filter: { from: ago(500), to: ago(499) }, raw: `at >= '${ago(500)}' AND at <= '${ago(499)}'` },
    { key: "person", what: "one person", filter: { actorIds: ["person-ada"] }, raw: "actor_id = 'person-ada'" },
    { key: "rare-person", what: "somebody who did a few things in years", filter: { actorIds: [needle.actor] }, raw: `actor_id = '${needle.actor}'` },
    { key: "rare-action", what: "an action that is rare", filter: { action: needle.action }, raw: `action = '${needle.action}'` },
    { key: "person-day", what: "what one person did in prod on one day", filter: { actorIds: ["person-ada"], environment: "prod", from: ago(300), to: ago(299) }, raw: `actor_id = 'person-ada' AND environment = 'prod' AND at >= '${ago(300)}' AND at <= '${ago(299)}'` },
    { key: "denied", what: "refusals (none in the newest tenth)", filter: { outcome: "denied" }, raw: "outcome = 'denied'" },
    { key: "denied-dev", what: "refusals in one environment and Big Pod (none in the newest tenth)", filter: { outcome: "denied", environment: "dev", bigPod: "commerce" }, raw: "outcome = 'denied' AND environment = 'dev' AND big_pods @> ARRAY['commerce']" },
    { key: "never", what: "two common things that never meet", filter: { outcome: "denied", action: "operation.start" }, raw: "outcome = 'denied' AND action = 'operation.start'" },
    { key: "text-rare", what: "a text that stands there twice", filter: { text: needle.text }, raw: text(needle.text) },
    { key: "text-none", what: "a text that stands nowhere", filter: { text: "never written anywhere" }, raw: text("never written anywhere") },
    { key: "text-common", what: "a text that is everywhere", filter: { text: "promotion" }, raw: text("promotion") },
    { key: "text-month", what: "a text with an outcome, of a quarter, a year ago", filter: { text: "canary", outcome: "failed", from: ago(400), to: ago(310) }, raw: `${text("canary")} AND outcome = 'failed' AND at >= '${ago(400)}' AND at <= '${ago(310)}'` },
    { key: "release", what: "all about one release", filter: { release: Math.floor(rows / 15_000) }, raw: `audit_subjects(bytes) @> ARRAY['release:${Math.floor(rows / 15_000)}']` },
    { key: "operation", what: "one operation", filter: { operation: `op-${Math.floor(rows / 9)}` }, raw: `operation_id = 'op-${Math.floor(rows / 9)}'` },
    { key: "seen", what: "what somebody sees who may see staging only", filter: { visible: ["staging"], outcome: "failed" }, raw: "outcome = 'failed' AND (environment IS NULL OR environment = 'staging')" },
  ];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Pages of a log of ten million entries (VIGIE_BENCH_AUDIT_ROWS for another size), beside the same questions put to PostgreSQL directly. */
export const auditReview: Part = {
  name: "audit-review",
  title: "Reading ten million audit entries",
  async run({ scope, say }) {
    const rows = Number(process.env.VIGIE_BENCH_AUDIT_ROWS ?? 10_000_000);
    const folder = temporaryFolder(scope);
    const server = await startEmbeddedPostgres(join(folder, "postgres"), { durable: false });
    scope.add(() => server.stop());
    await migrate(server.ownerUrl, join(root, "prisma/migrations"));
    await setUpRoles(server.ownerUrl, { role: "vigie_app", password: "bench-only" });
    const now = new Date();
    await fillAudit(server.ownerUrl, rows, folder, now, say);
    const url = server.urlFor("vigie_app", "bench-only");
    const db = createDatabase(url);
    scope.add(() => db.$disconnect());
    const client = new pg.Client({ connectionString: url, statement_timeout: rawTimeoutMs });
    await client.connect();
    scope.add(() => client.end());

    const figures: Figure[] = [];
    const all = { page: [] as number[], raw: [] as number[] };
    for (const { key, what, filter, raw } of questionsOf(rows, now)) {
      const ask = (): Promise<unknown> => findAuditPage(db, { limit: pageLimit, visible: "*", ...filter });
      const put = (): Promise<unknown> => client.query(`SELECT * FROM audit_entry WHERE ${raw} ORDER BY sequence DESC LIMIT ${pageLimit + 1}`).catch(() => undefined);
      // Both once beforehand: the question is what reading costs, not what the disk does the first time.
      await ask();
      const rawSamples = (await timed(put)) > 2_000 ? 1 : samples;
      const page: number[] = [];
      const direct: number[] = [];
      for (let index = 0; index < samples; index++) {
        page.push(await timed(ask));
        if (index < rawSamples) direct.push(await timed(put));
      }
      all.page.push(...page);
      all.raw.push(...direct);
      const over = rawSamples === 1 && percentile(direct, 1) >= rawTimeoutMs ? "> " : "";
      figures.push(informing(key, what, `${percentile(page, 0.95).toFixed(1)} ms; in SQL ${over}${percentile(direct, 0.95).toFixed(1)} ms`));
      say(`${what}: ${percentile(page, 0.95).toFixed(1)} ms, in SQL ${percentile(direct, 0.95).toFixed(1)} ms`);
    }
    const p95 = { page: percentile(all.page, 0.95), raw: percentile(all.raw, 0.95) };
    const { rows: sizes } = await client.query<{ size: string }>("SELECT pg_size_pretty(sum(pg_total_relation_size(inhrelid))) AS size FROM pg_inherits WHERE inhparent = 'audit_entry'::regclass");
    return {
      figures: [
        limited("p95", "a page, all questions below, p95", p95.page, 200, "ms", 1),
        informing("p50", "p50", `${percentile(all.page, 0.5).toFixed(1)} ms`),
        limited("ratio", "p95 beside the p95 of the same questions in SQL", p95.page / p95.raw, 2, "×", 2),
        ...figures,
        informing("size", "the log with its indexes", sizes[0]?.size ?? "?"),
      ],
      notes: [
        `${rows} entries with a valid chain over three years, in partitions of a million, hashed by this process and loaded by COPY as the owner, indexed afterwards; ${samples} pages of ${pageLimit} entries of each question (p95), parsed and ready to show, by the application's role and its connection pool.`,
        `"In SQL": SELECT * … WHERE … ORDER BY sequence DESC LIMIT ${pageLimit + 1} on the same tables and indexes, planned by PostgreSQL alone; once instead of ${samples} times where it takes longer than 2 s, and given up after ${rawTimeoutMs / 1000} s.`,
      ],
    };
  },
};
