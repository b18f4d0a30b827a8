import { listenForOperations } from "#lib/db/queue.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import type { EnvironmentViews } from "#lib/ports/environment-view.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { claimNext, releaseClaim } from "#lib/worker/operations/claim.ts";
import type { Claim } from "#lib/worker/operations/claim.ts";
import { execute } from "#lib/worker/operations/execute.ts";

export interface OperationsParts {
  context: ServiceContext;
  databaseUrl: string;
  views: EnvironmentViews;
  apiOf: (environment: string) => ClusterApi;
  /** Name of this worker, unique over all that run. */
  holder: string;
}

/** Looked for this often besides being woken: finds what a lost notice or a dead worker left behind. */
const sweepMs = 1_000;

/**
 * Executes operations: one claim, one run, as many environments at once as there are. Woken by jobs, and by a sweep each second.
 * `stop` takes no new work, ends the runs at their next step without ending the operations, and gives their leases up.
 */
export async function startOperations({ context, databaseUrl, views, apiOf, holder }: OperationsParts): Promise<{ stop(): Promise<void> }> {
  const { db, config, log } = context;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let sweeping = false;
  let again = false;
  let silent = false;

  async function runClaim(claim: Claim): Promise<void> {
    try {
      await execute({ db, log, config, views, apiOf, outside: context.outside }, claim, stopping.signal);
    } catch (error) {
      log.warn({ operation: claim.operationId, error }, "An operation was left where it stands; it is taken up again");
    } finally {
      await releaseClaim(db, claim).catch(() => undefined); // Then it runs out by itself.
    }
  }

  async function sweep(): Promise<void> {
    if (sweeping) {
      again = true;
      return;
    }
    sweeping = true;
    try {
      do {
        again = false;
        for (let claim = await claimNext(db, holder); claim !== null; claim = stopping.signal.aborted ? null : await claimNext(db, holder)) {
          const run = runClaim(claim).finally(() => running.delete(run));
          running.add(run);
        }
      } while (again && !stopping.signal.aborted);
      if (silent) log.info({}, "Operations can be looked for again");
      silent = false;
    } catch (error) {
      if (!silent) log.warn({ error }, "Operations cannot be looked for: the database does not answer");
      silent = true;
    } finally {
      sweeping = false;
    }
  }

  const wake = (): void => {
    if (!stopping.signal.aborted) void sweep();
  };
  const queue = await listenForOperations(databaseUrl, log, wake);
  const timer = setInterval(wake, sweepMs);
  wake();
  return {
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await queue.stop();
      await Promise.all(running);
    },
  };
}
