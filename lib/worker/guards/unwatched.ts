import type { BigPodState, SourceState } from "#lib/contracts/state.ts";
import type { Database } from "#lib/db/client.ts";
import { databaseNow } from "#lib/db/client.ts";
import { shortBlindnessMs } from "#lib/domain/gate-soak.ts";
import { assertLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

/**
 * Called when a worker begins to observe, with what is stored: where the last contact lies more than a minute back, the history gets an "unknown" for
 * the time between, so that "healthy without a break" is never said of hours in which nobody looked.
 */
export async function recordUnwatched(db: Database, token: LeaseToken, stored: { states: readonly BigPodState[]; sources: readonly SourceState[] }): Promise<void> {
  const lastSeen = new Map<string, number>();
  for (const { environment, required, contactAt } of stored.sources) {
    if (environment === null || !required || contactAt === null) continue;
    // The newest contact: while any source was heard of, somebody watched, and told what was stale.
    lastSeen.set(environment, Math.max(lastSeen.get(environment) ?? 0, new Date(contactAt).getTime()));
  }
  await db.$transaction(async (tx) => {
    await assertLease(tx, token);
    const now = await databaseNow(tx);
    for (const state of stored.states) {
      const seenMs = lastSeen.get(state.environment);
      if (state.status !== "healthy" || seenMs === undefined || now.getTime() - seenMs <= shortBlindnessMs) continue;
      const row = { environment: state.environment, bigPod: state.bigPod, version: state.version };
      await tx.stateHistory.create({ data: { ...row, status: "unknown", cause: "no worker was watching", at: new Date(seenMs) } });
      await tx.stateHistory.create({ data: { ...row, status: state.status, cause: null, at: now } });
    }
  });
}
