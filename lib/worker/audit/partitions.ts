import { rollPartition } from "#lib/db/repositories/audit-partition.ts";
import { isDatabaseAway } from "#lib/domain/database-away.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

/** Opens the audit log's next partition when it is time. Appends never wait for it: until then they go into the one that is open. */
export function createPartitionKeeper({ context, lease }: { context: Pick<ServiceContext, "db" | "log">; lease: () => LeaseToken | null }): { look(): Promise<void>; close(): Promise<void> } {
  let looking: Promise<void> | null = null;
  async function roll(): Promise<void> {
    if (lease() === null) return;
    try {
      const next = await rollPartition(context.db);
      if (next !== null) context.log.info({ next }, "the audit log goes on in a new partition");
    } catch (error) {
      // Somebody held the log for longer than 300 ms, or the database is away: the next look tries again.
      if (isDatabaseAway(error)) return;
      context.log.warn({ error }, "the audit log's next partition could not be opened now; appends go on in the one before");
    }
  }
  return {
    async look() {
      looking ??= roll().finally(() => {
        looking = null;
      });
      return looking;
    },
    close: async () => looking ?? undefined,
  };
}
