import { appendAudit } from "#lib/db/audit.ts";
import { archivedStart, auditRows } from "#lib/db/repositories/audit.ts";
import { dropPartition, newestOf, partitionsOf } from "#lib/db/repositories/audit-partition.ts";
import type { Database } from "#lib/db/client.ts";
import { archiveFileName } from "#lib/domain/audit-archive.ts";
import type { ArchivedRange } from "#lib/domain/audit-archive.ts";
import { chainStart, createChainVerifier } from "#lib/domain/audit-chain.ts";
import type { ChainFinding, ChainPosition } from "#lib/domain/audit-chain.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { AuditArchive } from "#lib/ports/audit-archive.ts";

/**
 * Archives whole partitions whose newest entry is older than `before`, oldest first: each is verified, written to the archive as an export that can be verified
 * offline, noted in the log with its last hash and the file's SHA-256, and only then dropped, in the transaction of that entry. The open partition always stays.
 * `db` must be connected as the owner of the database: the application may not do this. Throws VigieError "conflict" when the chain does not hold, and what the archive throws.
 */
export async function archiveAudit(db: Database, archive: AuditArchive, before: Date, say: (line: string) => void = () => undefined): Promise<ArchivedRange[]> {
  const done: ArchivedRange[] = [];
  for (const part of (await partitionsOf(db)).toReversed()) {
    if (part.open) break;
    const newest = await newestOf(db, part);
    if (newest === null || newest.at >= before) break;
    const start = (await archivedStart(db)) ?? chainStart;
    if (start.sequence + 1 !== part.low) throw new VigieError("conflict", `The oldest entries in the database begin with ${part.low}, but ${start.sequence + 1} was to come. Verify the log before anything is archived.`);
    const { file, sha256, head } = await written(db, archive, start, part);
    const range: ArchivedRange = { from: part.low, to: part.high, head: head.hash, file, sha256 };
    await db.$transaction(
      async (tx) => {
        await appendAudit(tx, {
          action: "audit.archive", outcome: "succeeded", actor: { kind: "system", id: "retention", name: "Vigie" }, environment: null, bigPods: [], operationId: null,
          summary: `Entries ${part.low} to ${part.high} were archived in ${file}; the log goes on from their last hash`, reason: `older than ${before.toISOString()}`, before: null, after: { ...range, previous: start.hash },
        });
        await dropPartition(tx, part.low, part.high);
      },
      { maxWait: 10_000, timeout: 60_000 },
    );
    say(`Entries ${part.low} to ${part.high} are in ${file} (SHA-256 ${sha256}).`);
    done.push(range);
  }
  return done;
}

/** Writes a partition while verifying it: a chain that does not hold leaves no file and nothing is dropped. */
async function written(db: Database, archive: AuditArchive, start: ChainPosition, part: { low: number; high: number }): Promise<{ file: string; sha256: string; head: ChainPosition }> {
  const verifier = createChainVerifier(start);
  const broken = (bad: ChainFinding): VigieError => new VigieError("conflict", `The log does not hold at entry ${bad.sequence}: ${bad.evidence} Nothing was archived.`);
  async function* lines(): AsyncGenerator<string> {
    for await (const rows of auditRows(db, part.low - 1, part.high)) {
      for (const row of rows) {
        const bad = verifier.push(row);
        if (bad !== null) throw broken(bad);
      }
      yield rows.map(({ sequence, hash, bytes }) => `${JSON.stringify({ sequence, hash, bytes })}\n`).join("");
    }
    const bad = verifier.end();
    if (bad !== null) throw broken(bad);
    if (verifier.position().sequence !== part.high) throw new VigieError("conflict", `Entry ${verifier.position().sequence + 1} is missing: the log was cut before ${part.high}. Nothing was archived.`);
  }
  const file = archiveFileName(part.low, part.high);
  const { sha256 } = await archive.write(file, lines());
  return { file, sha256, head: verifier.position() };
}
