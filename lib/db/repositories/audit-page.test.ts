import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { auditMatches, findAuditPage } from "#lib/db/repositories/audit-page.ts";
import type { AuditFilter } from "#lib/db/repositories/audit-page.ts";
import { subjectsOf } from "#lib/domain/audit-subjects.ts";

const rows = 30_000;
let database: TestDatabase;
let owner: pg.Client;

/** Many entries at once, past audit_append: what is asked here is how they are found, not how they are chained. */
async function fill(): Promise<void> {
  await owner.query("DROP INDEX audit_entry_review_idx");
  await owner.query(`
    INSERT INTO audit_entry SELECT n, at, action, outcome, 'person', actor, actor, environment, ARRAY[big_pod], NULL, jsonb_build_object('at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'previous', repeat('0', 64), 'sequence', n,
      'body', jsonb_build_object('action', action, 'outcome', outcome, 'actor', jsonb_build_object('kind', 'person', 'id', actor, 'name', actor), 'environment', environment, 'bigPods', ARRAY[big_pod], 'operationId', NULL, 'summary', summary, 'reason', NULL, 'before', NULL, 'after', jsonb_build_object('release', n / 1000)))::text, md5(n::text)
    FROM (SELECT n, timestamptz '2026-01-01T00:00:00Z' + n * interval '1 minute' AS at, 'plan.create' AS action, CASE WHEN n <= 8000 AND n % 2 = 0 THEN 'denied' ELSE 'allowed' END AS outcome, CASE n WHEN 17 THEN 'rare' ELSE 'person-' || n % 7 END AS actor,
      (ARRAY['dev', 'staging', 'prod'])[1 + n % 3] AS environment, (ARRAY['core', 'experience'])[1 + n % 2] AS big_pod, CASE n WHEN 42 THEN 'The kraken 100%_\\ "woke"' WHEN 43 THEN 'Zoë rang the ÉCOLE' ELSE 'entry ' || n END AS summary FROM generate_series(1, ${rows}) n) made`);
  await owner.query("CREATE INDEX audit_entry_review_idx ON audit_entry USING gin (audit_search_text(bytes) public.gin_trgm_ops, audit_subjects(bytes), big_pods, environment, outcome, action, actor_id)");
  await owner.query("SELECT audit_partition_close()");
  await owner.query("ANALYZE audit_entry");
}

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await fill();
}, 180_000);
afterAll(async () => {
  await owner.end();
  await database.drop();
});

/** A page may look at two windows of 10,000 rows, whatever the machine: each look at this clock is 50 ms later. */
function page(filter: Partial<AuditFilter>): ReturnType<typeof findAuditPage> {
  let at = 0;
  return findAuditPage(database.db, { limit: 5, visible: "*", ...filter }, { now: () => (at += 50), partitionTimeoutMs: 60_000 });
}

test.each<[string, Partial<AuditFilter>, number[]]>([
  ["a text", { text: "kraken" }, [42]],
  ["a text with signs", { text: 'KRAKEN 100%_\\ "wo' }, [42]],
  ["a text with accents", { text: "zoë RANG the École" }, [43]],
  ["a text and a filter that rules it out", { text: "kraken", environment: "dev", outcome: "failed" }, []],
  ["somebody who did one thing", { actorIds: ["rare"] }, [17]],
  ["what a release did, long ago", { release: 3, outcome: "denied", bigPod: "core", environment: "prod" }, [3998, 3992, 3986, 3980, 3974]],
  ["refusals that ended long ago", { outcome: "denied" }, [8000, 7998, 7996, 7994, 7992]],
  ["three common things that rarely meet", { outcome: "denied", environment: "dev", bigPod: "core" }, [7998, 7992, 7986, 7980, 7974]],
  ["common things that never meet", { outcome: "denied", bigPod: "experience" }, []],
])("ACCEPTANCE 37: %s is found at once, however far below the newest entries", async (_, filter, expected) => {
  const { entries, next } = await page(filter);
  expect(entries.map(({ sequence }) => sequence)).toEqual(expected);
  if (expected.length < 5) expect(next).toBeNull();
});

test("ACCEPTANCE 37: a page of one value is read in the order of its index, nothing is sorted or walked", async () => {
  const { rows: plan } = await owner.query<{ "QUERY PLAN": string }>("EXPLAIN SELECT * FROM audit_entry WHERE (outcome, sequence) >= ('denied', 1) AND (outcome, sequence) <= ('denied', 30000) ORDER BY outcome DESC, sequence DESC LIMIT 5");
  const text = plan.map((line) => line["QUERY PLAN"]).join("\n");
  expect(text).toMatch(/Index Scan Backward using entries_1_outcome_sequence_idx/);
  expect(text).not.toMatch(/Seq Scan|-> +Sort/);
});

test("ACCEPTANCE 46: a text without three letters in a row, which no index answers, ends the page early and says where to go on", async () => {
  const { entries, next } = await page({ text: "%_\\" });
  expect(entries).toEqual([]);
  expect(next).toBeGreaterThan(rows / 2);
  let before = next ?? 0;
  const found: number[] = [];
  for (let pages = 0; before > 0 && pages < 200; pages++) {
    const more = await page({ text: "%_\\", before });
    found.push(...more.entries.map(({ sequence }) => sequence));
    before = more.next ?? 0;
  }
  expect(found).toEqual([42]);
});

test.each(["(a+)+$", "%".repeat(200), "_".repeat(200), "a%".repeat(100), "\\".repeat(199), "[[:alpha:]]{1,1000}", "'; DROP TABLE audit_entry; --"])("ACCEPTANCE 46: %j is looked for as it stands", async (text) => {
  expect((await page({ text })).entries).toEqual([]);
});

test("a page goes on where the one before ended, over the border of a partition", async () => {
  await owner.query("SELECT audit_append($1)", [JSON.stringify({ action: "plan.create", actor: { id: "new", kind: "person", name: "new" }, after: null, before: null, bigPods: [], environment: null, operationId: null, outcome: "allowed", reason: null, summary: "after the border" })]);
  const first = await page({ limit: 2 });
  expect(first).toMatchObject({ entries: [{ sequence: rows + 1 }, { sequence: rows }], next: rows });
  expect((await page({ limit: 2, before: rows })).entries.map(({ sequence }) => sequence)).toEqual([rows - 1, rows - 2]);
});

test("an export meets every match once, oldest first", async () => {
  const found: number[] = [];
  for await (const entries of auditMatches(database.db, { outcome: "denied", environment: "prod", visible: "*" }, rows + 1)) found.push(...entries.map(({ sequence }) => sequence));
  expect(found).toEqual(Array.from({ length: 8_000 }, (_, index) => index + 1).filter((n) => n % 2 === 0 && n % 3 === 2));
});

test.each([
  [{ action: "incident.note" as const, before: null, after: { number: 12, release: 3 } }, ["incident:12", "release:3"]],
  [{ action: "incident.merge" as const, before: null, after: { number: 12, into: 9 } }, ["incident:12", "incident:9"]],
  [{ action: "operation.request" as const, before: { release: 213 }, after: { release: 214, incident: 7 } }, ["incident:7", "release:214", "release:213"]],
  [{ action: "operation.request" as const, before: null, after: { number: 5 } }, []],
])("database and page agree on what %o is about", async (body, subjects) => {
  const { rows: found } = await owner.query<{ subjects: string[] }>("SELECT audit_subjects($1) AS subjects", [JSON.stringify({ body })]);
  expect(found[0]?.subjects.toSorted()).toEqual(subjects.toSorted());
  const { incidents, releases } = subjectsOf(body);
  expect([...incidents.map((number) => `incident:${number}`), ...releases.map((number) => `release:${number}`)].toSorted()).toEqual(subjects.toSorted());
});
