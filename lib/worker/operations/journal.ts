import type { GateResult, Operation, OperationStep, PlanTarget } from "#lib/contracts/operation.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { asJson, findOperation, storedActor, storedTargets, toOperation } from "#lib/db/repositories/operation.ts";
import type { StoredActor, StoredOperation } from "#lib/db/repositories/operation.ts";
import { lockEnvironment, republishWaiting } from "#lib/db/repositories/operation-queue.ts";
import type { StepDraft } from "#lib/domain/operation-steps.ts";
import { refusalEntry } from "#lib/services/operation/refusal.ts";
import { effects } from "#lib/services/operation/effects.ts";
import type { OperationStatus } from "#lib/domain/status.ts";
import { ClaimLost } from "#lib/worker/operations/lease.ts";
import type { ClaimKeeper } from "#lib/worker/operations/lease.ts";
import { stepFailures } from "#lib/worker/operations/patience.ts";
import type { StepFailure } from "#lib/worker/operations/patience.ts";

const maximumEvidence = 20;

/** What is written down about an operation while it runs. Every write is refused unless the claim's epoch is still the operation's. */
export interface Journal {
  readonly operation: Operation;
  /** As it was stored when it was claimed. */
  readonly row: StoredOperation;
  readonly actor: StoredActor;
  steps(): readonly OperationStep[];
  targets(): readonly PlanTarget[];
  /** Whether its turn was judged and it began; before that nothing may be changed. */
  begun(): boolean;
  /** Begins it, once: start time, audit entry, the gates of this moment, and the targets it runs by (`steps` where they are other ones). Says so to those who wait behind it. */
  begin(turn?: Turn): Promise<void>;
  /** Puts it back among those that wait for a time. The claim is over then. */
  postpone(until: Date, note: string, gates: readonly GateResult[]): Promise<void>;
  /** Ends it before it began. */
  refuse(sentence: string, found: { gates?: readonly GateResult[]; difference?: readonly string[] }): Promise<void>;
  start(step: OperationStep): Promise<void>;
  /** Adds a sentence, when it says something new. */
  note(step: OperationStep, text: string): Promise<void>;
  finish(step: OperationStep, status: "succeeded" | "failed" | "skipped", text: string, failure?: StepFailure | null): Promise<void>;
  /** Why a step failed, where that decides what follows; null: nothing is known besides its text. */
  failureOf(step: OperationStep): StepFailure | null;
  /** Keeps what was there before the first write. */
  keepBefore(targets: readonly PlanTarget[]): Promise<void>;
  addSteps(drafts: readonly StepDraft[]): Promise<void>;
  /** Ends the operation; `also` goes into the same transaction, with the database's time. */
  end(status: OperationStatus, note: string, also?: (tx: Transaction, now: Date) => Promise<void>): Promise<void>;
}

/** What an operation begins with. */
export interface Turn {
  targets: readonly PlanTarget[];
  gates: readonly GateResult[];
  steps: readonly StepDraft[] | null;
}

/** Reads an operation and opens its journal. Null when it is gone or has ended. */
export async function openJournal(db: Database, keeper: ClaimKeeper): Promise<Journal | null> {
  const { claim } = keeper;
  const row = await findOperation(db, claim.operationId);
  if (row === null || row.status !== "running") return null;
  const operation = toOperation(row);
  const actor = storedActor(row);
  let steps = operation.steps;
  let begun = row.startedAt !== null;
  const failures = new Map(row.steps.flatMap((step) => stepFailures.flatMap((failure) => (failure === step.failure ? [[step.position, failure] as const] : []))));
  let targets = storedTargets(row);
  const system = { kind: "system" as const, id: claim.worker, name: "Vigie" };

  /** One guarded transaction: the change, the new position, the notice. */
  async function record(change: (tx: Transaction, now: Date) => Promise<{ note?: string; status?: OperationStatus } | void>, { movesQueue = false }: { movesQueue?: boolean } = {}): Promise<void> {
    await db.$transaction(
      async (tx) => {
        if (movesQueue) await lockEnvironment(tx, operation.environment);
        const held = await tx.$queryRaw<unknown[]>`SELECT 1 FROM operation WHERE id = ${claim.operationId} AND epoch = ${claim.epoch} AND status = 'running' FOR UPDATE`;
        if (held.length === 0) throw new ClaimLost(claim, "another worker has claimed it");
        const now = await databaseNow(tx);
        const result = (await change(tx, now)) ?? {};
        const position = await nextPosition(tx);
        await tx.operationRow.update({ where: { id: claim.operationId }, data: { position, ...result } });
        if (movesQueue) await republishWaiting(tx, operation.environment, position, claim.operationId);
        await publish(tx, "operation", claim.operationId, position);
      },
      { maxWait: 5_000, timeout: 10_000 },
    );
  }

  async function update(step: OperationStep, change: (now: string) => Partial<OperationStep>, failure: StepFailure | null = null): Promise<void> {
    const at = steps.findIndex((candidate) => candidate.position === step.position);
    const current = steps[at] ?? step;
    let next = current;
    await record(async (tx, now) => {
      next = { ...current, ...change(now.toISOString()) };
      await tx.operationStepRow.update({
        where: { operationId_position: { operationId: claim.operationId, position: step.position } },
        data: { status: next.status, startedAt: next.startedAt, finishedAt: next.finishedAt, evidence: asJson(next.evidence), failure },
      });
      return next.status === "running" ? { note: next.evidence.at(-1)?.text === undefined ? next.title : `${next.title}: ${next.evidence.at(-1)?.text ?? ""}` } : {};
    });
    steps = steps.map((candidate) => (candidate.position === step.position ? next : candidate));
  }

  const latest = (step: OperationStep): OperationStep => steps.find((candidate) => candidate.position === step.position) ?? step;
  const withLine = (step: OperationStep, at: string, text: string): OperationStep["evidence"] => [...latest(step).evidence, { at, text: text.slice(0, 1000) }].slice(-maximumEvidence);

  return {
    operation,
    row,
    actor,
    steps: () => steps,
    targets: () => targets,
    begun: () => begun,
    failureOf: (step) => failures.get(step.position) ?? null,
    async begin(turn) {
      if (begun) return;
      const drafts = turn?.steps ?? null;
      await record(async (tx, now) => {
        const fresh = turn === undefined ? {} : { targets: asJson(turn.targets), gates: asJson(turn.gates), note: null };
        await tx.operationRow.update({ where: { id: claim.operationId }, data: { startedAt: now, ...fresh } });
        if (drafts !== null) {
          await tx.operationStepRow.deleteMany({ where: { operationId: claim.operationId } });
          await tx.operationStepRow.createMany({ data: drafts.map((draft) => ({ ...draft, operationId: claim.operationId, status: "pending", evidence: [] })) });
        }
        await appendAudit(tx, {
          action: "operation.start",
          outcome: "allowed",
          actor: system,
          environment: operation.environment,
          bigPods: (turn?.targets ?? targets).map((target) => target.bigPod),
          operationId: operation.id,
          summary: `Began to ${operation.title.charAt(0).toLowerCase()}${operation.title.slice(1)}, as ${actor.name} asked`,
          reason: operation.reason,
          before: effects(operation.plan, "from"),
          after: effects(operation.plan, "to"),
        });
      }, { movesQueue: true });
      begun = true;
      if (turn !== undefined) targets = [...turn.targets];
      if (drafts !== null) steps = drafts.map(pendingStep);
    },
    async postpone(until, note, gates) {
      await record(async (tx) => {
        await tx.operationRow.update({ where: { id: claim.operationId }, data: { status: "scheduled", notBefore: until, gates: asJson(gates), note: note.slice(0, 2000), claimedBy: null, leaseExpiresAt: null } });
      }, { movesQueue: true });
    },
    async refuse(sentence, found) {
      await record(async (tx, now) => {
        await tx.operationStepRow.updateMany({ where: { operationId: claim.operationId, status: { in: ["pending", "running"] } }, data: { status: "skipped" } });
        const gates = found.gates === undefined ? {} : { gates: asJson(found.gates) };
        await tx.operationRow.update({ where: { id: claim.operationId }, data: { status: "refused", note: sentence.slice(0, 2000), finishedAt: now, leaseExpiresAt: null, ...gates } });
        await appendAudit(tx, refusalEntry({ ...operation, by: system, bigPods: targets.map((target) => target.bigPod) }, actor.name, sentence, found));
      }, { movesQueue: true });
    },
    start: (step) => update(step, (now) => ({ status: "running", startedAt: latest(step).startedAt ?? now })),
    async note(step, text) {
      if (latest(step).evidence.at(-1)?.text === text) return;
      await update(step, (now) => ({ evidence: withLine(step, now, text) }));
    },
    async finish(step, status, text, failure = null) {
      await update(step, (now) => ({ status, finishedAt: now, evidence: withLine(step, now, text) }), failure);
      if (failure !== null) failures.set(step.position, failure);
    },
    async keepBefore(changed) {
      await record(async (tx) => void (await tx.operationRow.update({ where: { id: claim.operationId }, data: { targets: asJson(changed) } })));
      targets = [...changed];
    },
    async addSteps(drafts) {
      await record(async (tx) => {
        await tx.operationStepRow.createMany({ data: drafts.map((draft) => ({ ...draft, operationId: claim.operationId, status: "pending", evidence: [] })) });
        await tx.operationStepRow.updateMany({ where: { operationId: claim.operationId, status: "pending", position: { lt: drafts[0]?.position ?? 0 } }, data: { status: "skipped" } });
      });
      steps = [...steps.map((step) => (step.status === "pending" ? { ...step, status: "skipped" as const } : step)), ...drafts.map(pendingStep)];
    },
    async end(status, note, also) {
      await record(async (tx, now) => {
        await tx.operationStepRow.updateMany({ where: { operationId: claim.operationId, status: { in: ["pending", "running"] } }, data: { status: "skipped" } });
        await tx.operationRow.update({ where: { id: claim.operationId }, data: { status, note: note.slice(0, 2000), finishedAt: now, leaseExpiresAt: null } });
        await appendAudit(tx, {
          action: "operation.outcome",
          outcome: status === "succeeded" ? "succeeded" : "failed",
          actor: system,
          environment: operation.environment,
          bigPods: targets.map((target) => target.bigPod),
          operationId: operation.id,
          summary: `${operation.title} (${actor.name}): ${status}. ${note}`.slice(0, 2000),
          reason: operation.reason,
          before: effects(operation.plan, "from"),
          after: status === "succeeded" ? { status, ...effects(operation.plan, "to") } : { status },
        });
        await also?.(tx, now);
      }, { movesQueue: true });
    },
  };
}

function pendingStep(draft: StepDraft): OperationStep {
  return { ...draft, status: "pending", startedAt: null, finishedAt: null, evidence: [] };
}
