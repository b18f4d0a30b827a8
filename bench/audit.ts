import { temporaryFolder } from "#bench/bed.ts";
import { informing } from "#bench/part.ts";
import type { Figure, Part } from "#bench/part.ts";
import { median, percentile } from "#bench/statistics.ts";
import type { AuditBody } from "#lib/contracts/audit.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { createDatabase } from "#lib/db/client.ts";
import type { Database } from "#lib/db/client.ts";
import { auditHead, auditRows } from "#lib/db/repositories/audit.ts";
import { chainStart, createChainVerifier } from "#lib/domain/audit-chain.ts";
import type { ChainRow } from "#lib/domain/audit-chain.ts";
import { createOfflineVerifier } from "#lib/domain/audit-offline.ts";
import { createCheckpointList } from "#lib/domain/checkpoint-list.ts";
import { readyDatabase } from "#lib/runtime/stack/database.ts";

const writers = 32;
const appendSeconds = 20;
/** Entries that are verified; written as fast as the database takes them. */
const entries = 200_000;
const perSecondAim = 200_000;

/** Entries as operations leave them: about 700 bytes, with values. */
const body: AuditBody = {
  action: "operation.outcome", outcome: "succeeded", actor: { kind: "system", id: "bench", name: "Vigie" }, environment: "prod", bigPods: ["core", "experience"], operationId: "5e0e0e0e-0000-4000-8000-000000000000",
  summary: "Promote R-213 to prod (Ada): succeeded. Everything that was changed is well.", reason: "the monthly release", before: { release: 211 },
  after: { status: "succeeded", release: 213, bigPods: { core: { effect: "images", images: { core: `ghcr.io/dreamscape-ai/core@sha256:${"a".repeat(64)}` }, replicas: 2 } } },
};

/** Appends from so many writers at once for a while; milliseconds of each transaction. */
async function append(db: Database, seconds: number): Promise<number[]> {
  const took: number[] = [];
  const end = performance.now() + seconds * 1_000;
  await Promise.all(
    Array.from({ length: writers }, async () => {
      while (performance.now() < end) {
        const begun = performance.now();
        await db.$transaction((tx) => appendAudit(tx, body), { maxWait: 20_000, timeout: 20_000 });
        took.push(performance.now() - begun);
      }
    }),
  );
  return took;
}

/** Seconds that the fastest of three runs took: others on the machine only make it slower. */
function fastest(work: () => void): number {
  return Math.min(...Array.from({ length: 3 }, () => {
    const begun = performance.now();
    work();
    return (performance.now() - begun) / 1_000;
  }));
}

function rate(key: string, what: string, count: number, seconds: number, aim: boolean): Figure {
  const perSecond = count / seconds;
  return { key, what, value: `${Math.round(perSecond).toLocaleString("en")} entries/s`, aim: aim ? { text: `≥ ${perSecondAim.toLocaleString("en")} entries/s`, met: perSecond >= perSecondAim } : null };
}

/** Appending with 32 writers at once, and verifying what was written: in memory, as an export, and out of the database. */
export const audit: Part = {
  name: "audit",
  title: "The audit log: appending and verifying",
  async run({ scope, say }) {
    const database = await readyDatabase(temporaryFolder(scope));
    scope.add(() => database.stop());
    const db = createDatabase(database.url, { poolSize: writers, statementTimeoutMs: 120_000 });
    scope.add(() => db.$disconnect());
    await append(db, 2);
    say(`${writers} writers append for ${appendSeconds} s…`);
    const before = (await auditHead(db))?.sequence ?? 0;
    const took = await append(db, appendSeconds);
    const appended = ((await auditHead(db))?.sequence ?? 0) - before;

    say(`${entries} entries are written and verified…`);
    const { bytes } = await db.auditEntryRow.findFirstOrThrow({ orderBy: { sequence: "desc" } });
    const canonical = bytes.slice(40, bytes.lastIndexOf(',"previous":"'));
    while (((await auditHead(db))?.sequence ?? 0) < entries) await db.$queryRaw`SELECT count(*) FROM generate_series(1, 5000) n, LATERAL audit_append(${canonical} || substr(n::text, 1, 0))`;
    const rows: ChainRow[] = [];
    const begun = performance.now();
    const online = createChainVerifier(chainStart);
    for await (const batch of auditRows(db, 0, entries)) {
      for (const row of batch) if (online.push(row) !== null) throw new Error("an untouched log does not verify");
      rows.push(...batch);
    }
    const throughDatabase = (performance.now() - begun) / 1_000;
    const lines = rows.map(({ sequence, hash, bytes: text }) => JSON.stringify({ sequence, hash, bytes: text }));
    const inMemory = fastest(() => {
      const verifier = createChainVerifier(chainStart);
      for (const row of rows) if (verifier.push(row) !== null) throw new Error("an untouched log does not verify");
    });
    const offline = fastest(() => {
      const verifier = createOfflineVerifier(createCheckpointList([]));
      for (const line of lines) if (verifier.push(line) !== null) throw new Error("an untouched export does not verify");
    });
    return {
      figures: [
        informing("append-rate", `Appending, ${writers} writers: entries a second`, `${(appended / appendSeconds).toFixed(0)}/s`),
        informing("append-median", "Appending: one transaction, median", `${median(took).toFixed(1)} ms`),
        informing("append-p95", "Appending: one transaction, p95", `${percentile(took, 0.95).toFixed(1)} ms`),
        rate("verify-rows", "Verifying rows in memory, columns held against the text", rows.length, inMemory, true),
        rate("verify-export", "Verifying lines of an export", lines.length, offline, true),
        rate("verify-database", "Verifying out of the database, reading included", rows.length, throughDatabase, false),
      ],
      notes: [`Embedded PostgreSQL with fsync, the application's role, one process with ${writers} connections; a transaction is BEGIN, one append of an entry of ${Buffer.byteLength(bytes)} bytes, COMMIT. Appends wait for each other: the head is locked until the transaction ends, which is what makes the chain gapless. Verified were ${entries.toLocaleString("en")} such entries; in memory the fastest of three runs counts.`],
    };
  },
};
