import { failedWithoutSignal, overOperationSignals } from "#lib/db/repositories/signal-sources.ts";
import { endSignals, recordSignal } from "#lib/db/repositories/signal.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { assertLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

/** Operations that failed or had to be taken back become signals, once each; they end with the next success there, or by themselves. */
export async function lookAtOperations({ context, token }: { context: ServiceContext; token: LeaseToken }): Promise<void> {
  const { db, config } = context;
  const [failed, over] = await Promise.all([failedWithoutSignal(db), overOperationSignals(db, config.incidents.quietMinutes * 60)]);
  if (failed.length === 0 && over.length === 0) return;
  await db.$transaction(async (tx) => {
    await assertLease(tx, token);
    await endSignals(tx, over);
    for (const operation of failed) {
      const last = config.environments.at(-1)?.name === operation.environment;
      const [only] = operation.bigPods;
      await recordSignal(tx, {
        key: `operation:${operation.id}`, kind: "operation", title: `${operation.title} ${operation.status === "failed" ? "failed" : "failed and was taken back"}`.slice(0, 300), detail: operation.note?.slice(0, 1_000) ?? null,
        environment: operation.environment, bigPod: operation.bigPods.length === 1 && only !== undefined ? only : null, service: null, severity: last && operation.status === "failed" ? "critical" : "warning", state: "firing",
        onsetAt: operation.finishedAt.toISOString(), endedAt: null, labels: {}, annotations: {}, way: "operation", silence: null, link: null, fingerprint: `operation/${operation.id}`, operationId: operation.id,
      });
    }
  });
}
