import { rollPartition } from "#lib/db/repositories/audit-partition.ts";
import { isDatabaseAway } from "#lib/domain/database-away.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { createLook } from "#lib/worker/look.ts";
import type { Look } from "#lib/worker/look.ts";

/** Opens the audit log's next partition when it is time. Appends never wait for it: until then they go into the one that is open. */
export function createPartitionKeeper({ context: { db, log }, lease }: { context: Pick<ServiceContext, "db" | "log">; lease: () => LeaseToken | null }): Look {
  return createLook({
    log,
    trouble: "the audit log's next partition could not be opened now; appends go on in the one before",
    async work() {
      if (lease() === null) return;
      const next = await rollPartition(db).catch((error: unknown) => {
        // Others say that the database is away: appends do not need this.
        if (isDatabaseAway(error)) return null;
        throw error;
      });
      if (next !== null) log.info({ next }, "the audit log goes on in a new partition");
    },
  });
}
