import type { Operation, OperationStep, PlanTarget } from "#lib/contracts/operation.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { asJson, findOperation, storedActor, storedTargets, toOperation } from "#lib/db/repositories/operation.ts";
import type { StoredActor } from "#lib/db/repositories/operation.ts";
import type { StepDraft } from "#lib/domain/operation-steps.ts";
import { effects } from "#lib/services/operation/effects.ts";
import type { OperationStatus } from "#lib/domain/status.ts";
import { ClaimLost } from "#lib/worker/operations/lease.ts";
import type { ClaimKeeper } from "#lib/worker/operations/lease.ts";

const maximumEvidence = 20;

/** What is written down about an operation while it runs. Every write is refused unless the claim's epoch is still the operation's. */
export interface Journal {
  readonly operation: Operation;
  readonly actor: StoredActor;
  steps(): readonly OperationStep[];
  targets(): readonly PlanTarget[];
  begin(): Promise<void>;
  start(step: OperationStep): Promise<void>;
  /** Adds a sentence, when it says something new. */
  note(step: OperationStep, text: string): Promise<void>;
  finish(step: OperationStep, status: "succeeded" | "failed" | "skipped", text: string): Promise<void>;
  /** Keeps what was there before the first write. */
  keepBefore(targets: readonly PlanTarget[]): Promise<void>;
  addSteps(drafts: readonly StepDraft[]): Promise<void>;
  /** Ends the operation; `also` goes into the same transaction, with the database's time. */
  end(status: OperationStatus, note: string, also?: (tx: Transaction, now: Date) => Promise<void>): Promise<void>;
}

/** Reads an operation and opens its journal. Null when it is gone or has ended. */
export async function openJournal(db: Database, keeper: ClaimKeeper): Promise<Journal | null> {
  const { claim } = keeper;
  const row = await findOperation(db, claim.operationId);
  if (row === null || (row.status !== "queued" && row.status !== "running")) return null;
  const operation = toOperation(row);
  const actor = storedActor(row);
  let steps = operation.steps;
  let targets = storedTargets(row);
  const system = { kind: "system" as const, id: claim.worker, name: "Vigie" };

  /** One guarded transaction: the change, the new position, the notice. */
  async function record(change: (tx: Transaction, now: Date) => Promise<{ note?: string; status?: OperationStatus } | void>): Promise<void> {
    await db.$transaction(
      async (tx) => {
        const held = await tx.$queryRaw<unknown[]>`SELECT 1 FROM operation WHERE id = ${claim.operationId} AND epoch = ${claim.epoch} AND status IN ('queued', 'running') FOR UPDATE`;
        if (held.length === 0) throw new ClaimLost(claim, "another worker has claimed it");
        const now = await databaseNow(tx);
        const result = (await change(tx, now)) ?? {};
        const position = await nextPosition(tx);
        await tx.operationRow.update({ where: { id: claim.operationId }, data: { position, ...result } });
        await publish(tx, "operation", claim.operationId, position);
      },
      { maxWait: 5_000, timeout: 10_000 },
    );
  }

  async function update(step: OperationStep, change: (now: string) => Partial<OperationStep>): Promise<void> {
    const at = steps.findIndex((candidate) => candidate.position === step.position);
    const current = steps[at] ?? step;
    let next = current;
    await record(async (tx, now) => {
      next = { ...current, ...change(now.toISOString()) };
      await tx.operationStepRow.update({
        where: { operationId_position: { operationId: claim.operationId, position: step.position } },
        data: { status: next.status, startedAt: next.startedAt, finishedAt: next.finishedAt, evidence: asJson(next.evidence) },
      });
      return next.status === "running" ? { note: next.evidence.at(-1)?.text === undefined ? next.title : `${next.title}: ${next.evidence.at(-1)?.text ?? ""}` } : {};
    });
    steps = steps.map((candidate) => (candidate.position === step.position ? next : candidate));
  }

  const latest = (step: OperationStep): OperationStep => steps.find((candidate) => candidate.position === step.position) ?? step;
  const withLine = (step: OperationStep, at: string, text: string): OperationStep["evidence"] => [...latest(step).evidence, { at, text: text.slice(0, 1000) }].slice(-maximumEvidence);

  return {
    operation,
    actor,
    steps: () => steps,
    targets: () => targets,
    async begin() {
      if (row.status === "running") return;
      await record(async (tx, now) => {
        await tx.operationRow.update({ where: { id: claim.operationId }, data: { status: "running", startedAt: now } });
        await appendAudit(tx, {
          action: "operation.start",
          outcome: "allowed",
          actor: system,
          environment: operation.environment,
          bigPods: targets.map((target) => target.bigPod),
          operationId: operation.id,
          summary: `Began to ${operation.title.charAt(0).toLowerCase()}${operation.title.slice(1)}, as ${actor.name} asked`,
          reason: operation.reason,
          before: effects(operation.plan, "from"),
          after: effects(operation.plan, "to"),
        });
      });
    },
    start: (step) => update(step, (now) => ({ status: "running", startedAt: latest(step).startedAt ?? now })),
    async note(step, text) {
      if (latest(step).evidence.at(-1)?.text === text) return;
      await update(step, (now) => ({ evidence: withLine(step, now, text) }));
    },
    finish: (step, status, text) => update(step, (now) => ({ status, finishedAt: now, evidence: withLine(step, now, text) })),
    async keepBefore(changed) {
      await record(async (tx) => void (await tx.operationRow.update({ where: { id: claim.operationId }, data: { targets: asJson(changed) } })));
      targets = [...changed];
    },
    async addSteps(drafts) {
      await record(async (tx) => {
        await tx.operationStepRow.createMany({ data: drafts.map((draft) => ({ ...draft, operationId: claim.operationId, status: "pending", evidence: [] })) });
        await tx.operationStepRow.updateMany({ where: { operationId: claim.operationId, status: "pending", position: { lt: drafts[0]?.position ?? 0 } }, data: { status: "skipped" } });
      });
      steps = [...steps.map((step) => (step.status === "pending" ? { ...step, status: "skipped" as const } : step)), ...drafts.map((draft) => ({ ...draft, status: "pending" as const, startedAt: null, finishedAt: null, evidence: [] }))];
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
      });
    },
  };
}
