import { setImmediate as breathe } from "node:timers/promises";
import type { Actor } from "#lib/contracts/actor.ts";
import type { AuditVerification, AuditVerifyProgress, AuditVerifyQuery } from "#lib/contracts/api.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { archivedStart, auditHead, auditRows, hashOfEntry } from "#lib/db/repositories/audit.ts";
import { knownKeys, storedCheckpoints } from "#lib/db/repositories/checkpoint.ts";
import { chainStart, createChainVerifier, notedHead } from "#lib/domain/audit-chain.ts";
import type { ChainPosition, KnownHeads } from "#lib/domain/audit-chain.ts";
import { createCheckpointList } from "#lib/domain/checkpoint-list.ts";
import { readPublicKeys } from "#lib/domain/checkpoint.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

export interface VerifyOptions extends AuditVerifyQuery {
  signal?: AbortSignal | undefined;
}

/** For a person or a token: the result names no content, so whoever may read the log may verify all of it. Each verification is an entry, with what it found. */
export async function verifyAudit(context: ServiceContext, actor: Actor, { signal, ...query }: VerifyOptions = {}): Promise<AuditVerification> {
  const steps = verifyAuditStepwise(context, actor, query);
  for await (const step of steps) {
    if (!("checked" in step)) return step;
    signal?.throwIfAborted();
  }
  throw new Error("a verification ends with its result");
}

/** As verifyAudit, told step by step: how far it is, at the beginning and after each batch, and at the end what was found. Ends with its reader. */
export async function* verifyAuditStepwise(context: ServiceContext, actor: Actor, query: AuditVerifyQuery): AsyncGenerator<AuditVerifyProgress | AuditVerification, void> {
  await authorise(context, actor, "audit.read", null, "verify the audit log");
  let result: AuditVerification | null = null;
  let checked: number | null = null;
  try {
    const steps = chainSteps(context, query);
    for (;;) {
      const step = await steps.next();
      if (step.done) {
        result = step.value;
        break;
      }
      checked = step.value.checked;
      yield step.value;
    }
  } finally {
    // Also when its reader went away on the way; not when it never began.
    if (checked !== null) await record(context, actor, result, checked);
  }
  if (result !== null) yield result;
}

async function record(context: ServiceContext, actor: Actor, result: AuditVerification | null, checked: number): Promise<void> {
  const bad = result?.firstBad?.evidence ?? result?.checkpoints?.firstBad?.evidence;
  const found = result === null ? `and stopped after ${checked} entries` : result.valid ? `${result.entries} entries, unbroken` : `and found it broken: ${bad ?? "it does not hold"}`;
  await context.db.$transaction((tx) =>
    appendAudit(tx, {
      action: "audit.verify", outcome: result?.valid === true ? "succeeded" : "failed", actor: { kind: actor.kind, id: actor.id, name: actor.name }, environment: null, bigPods: [], operationId: null,
      summary: `${actor.name} verified the audit log${result?.valid === true ? ": " : " "}${found}`.slice(0, 2_000), reason: null, before: null,
      after: result === null ? { entries: checked } : { valid: result.valid, entries: result.entries, head: result.head, ...(result.firstBad === null ? {} : { firstBad: result.firstBad.sequence }) },
    }),
  );
}

/**
 * Recomputes the chain from the stored bytes, in batches, up to the entry that was last when it began, and holds it against the copies of signed checkpoints.
 * Names the first entry that is not what was written, or the first checkpoint that cannot be believed. Throws VigieError "not-found" when the entry before `from` does not exist.
 */
export async function verifyChain(context: Pick<ServiceContext, "db">, options: VerifyOptions = {}): Promise<AuditVerification> {
  const steps = chainSteps(context, options);
  for (;;) {
    const step = await steps.next();
    if (step.done) return step.value;
    options.signal?.throwIfAborted();
  }
}

async function* chainSteps({ db }: Pick<ServiceContext, "db">, query: AuditVerifyQuery): AsyncGenerator<AuditVerifyProgress, AuditVerification> {
  const start = await trustedStart(db, query.from ?? 1);
  const to = (await auditHead(db))?.sequence ?? 0;
  const noted = query.knownSequence !== undefined && query.knownHash !== undefined ? { sequence: query.knownSequence, hash: query.knownHash } : null;
  const of = Math.max(0, to - start.sequence);
  yield { checked: 0, of };
  const { heads, ...checkpoints } = await believedCheckpoints(db, to);
  const verifier = createChainVerifier(start, both(notedHead(noted), heads));
  const valid = checkpoints.firstBad === null;
  let entries = 0;
  for await (const rows of auditRows(db, start.sequence, to)) {
    for (const row of rows) {
      const firstBad = verifier.push(row);
      if (firstBad) return { valid: false, entries: entries + 1, head: verifier.position(), firstBad, checkpoints };
      entries += 1;
    }
    yield { checked: entries, of };
  }
  const firstBad = verifier.end();
  return { valid: valid && firstBad === null, entries, head: verifier.position(), firstBad, checkpoints };
}

/** The stored checkpoints up to the first that cannot be believed. Those made of a longer log than the one that is verified are newer than it, unless it was cut. */
async function believedCheckpoints(db: ServiceContext["db"], to: number) {
  const keys = (await knownKeys(db)).flatMap(({ publicKey }) => publicKeysOf(publicKey));
  const list = createCheckpointList(keys);
  let firstBad: ReturnType<typeof list.push> = null;
  for await (const batch of storedCheckpoints(db, 200)) {
    for (const signed of batch) firstBad ??= list.push(signed);
    if (firstBad !== null) break;
    // Signatures take their time: others are to be answered meanwhile.
    await breathe();
  }
  const newest = list.newest()?.checkpoint ?? null;
  const grown = (await auditHead(db))?.sequence ?? 0;
  // A checkpoint that was made since `to` was read says nothing about a log that goes on beyond it.
  const heads: KnownHeads = { at: list.heads.at, last: () => ((newest?.size ?? 0) > to && grown >= (newest?.size ?? 0) ? null : list.heads.last()) };
  return { heads, checked: list.count(), newest: newest === null ? null : { size: newest.size, time: newest.time }, firstBad };
}

function publicKeysOf(pem: string) {
  try {
    return readPublicKeys(pem);
  } catch {
    return []; // A key that somebody spoilt verifies nothing: its checkpoints are told as unsigned.
  }
}

function both(one: KnownHeads, other: KnownHeads): KnownHeads {
  return {
    at: (sequence) => one.at(sequence) ?? other.at(sequence),
    last() {
      const [a, b] = [one.last(), other.last()];
      return a === null || (b !== null && b.sequence > a.sequence) ? b : a;
    },
  };
}

/** The position before `from`; of a log whose beginning was archived, the head that the archive left. */
async function trustedStart(db: ServiceContext["db"], from: number): Promise<ChainPosition> {
  const archived = await archivedStart(db);
  if (from <= 1 || archived?.sequence === from - 1) return archived ?? chainStart;
  const hash = await hashOfEntry(db, from - 1);
  if (hash === null) throw new VigieError("not-found", `There is no audit entry ${from - 1}, which entry ${from} would continue. Verify from 1 to find where the log breaks.`, { detail: { from } });
  return { sequence: from - 1, hash };
}
