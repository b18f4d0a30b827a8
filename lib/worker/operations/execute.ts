import type { Config } from "#lib/contracts/config.ts";
import type { Database } from "#lib/db/client.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import type { EnvironmentView, EnvironmentViews } from "#lib/ports/environment-view.ts";
import type { Outside } from "#lib/ports/outside.ts";
import type { Log } from "#lib/ports/runtime.ts";
import { isVigieError } from "#lib/domain/error.ts";
import type { Claim } from "#lib/worker/operations/claim.ts";
import { openJournal } from "#lib/worker/operations/journal.ts";
import type { Journal } from "#lib/worker/operations/journal.ts";
import { ClaimLost, keepClaim } from "#lib/worker/operations/lease.ts";
import type { ClaimKeeper } from "#lib/worker/operations/lease.ts";
import { permitted } from "#lib/worker/operations/permitted.ts";
import { runToEnd } from "#lib/worker/operations/run.ts";

export interface ExecuteParts {
  db: Database;
  log: Log;
  config: Config;
  views: EnvironmentViews;
  apiOf: (environment: string) => ClusterApi;
  outside: Outside;
}

/** How long an environment may take to be seen before an operation that has changed nothing is given up. */
const firstSightMs = 20_000;

/** Runs one claimed operation. Returns when it ended or was lost to another worker; rejects when it should be taken up again. */
export async function execute({ db, log, config, views, apiOf, outside }: ExecuteParts, claim: Claim, stop: AbortSignal): Promise<void> {
  const keeper = keepClaim(db, claim, stop, log);
  let view: EnvironmentView | null = null;
  try {
    const journal = await openJournal(db, keeper);
    if (journal === null) return;
    log.info({ operation: claim.operationId, epoch: String(claim.epoch), title: journal.operation.title }, "Claimed an operation");
    const environment = config.environments.find((candidate) => candidate.name === claim.environment);
    if (environment === undefined) {
      await journal.end("failed", `${claim.environment} is not in the configuration any more. Nothing more was changed.`);
      return;
    }
    view = await see(views, keeper, journal, environment.policy.rolloutTimeoutSeconds * 1000);
    if (view === null) return;
    const { requestedAt } = journal.operation;
    const status = await runToEnd({ db, log, config, keeper, journal, environment, cluster: apiOf(environment.name), view, outside, permitted: () => permitted({ db, config }, journal), restartMark: requestedAt });
    log.info({ operation: claim.operationId, status }, "An operation ended");
  } catch (error) {
    if (!(error instanceof ClaimLost)) throw error;
    log.info({ operation: claim.operationId, why: error.message }, "An operation is left to whoever claims it next");
  } finally {
    view?.close();
    await keeper.close();
  }
}

/**
 * Opens the environment. An operation that has changed nothing ends when it cannot be seen in time; one that has is tried again and again,
 * because only what is seen can be finished or returned.
 */
async function see(views: EnvironmentViews, keeper: ClaimKeeper, journal: Journal, patienceMs: number): Promise<EnvironmentView | null> {
  const touched = journal.steps().some((step) => step.name !== "check" && step.status !== "pending");
  const until = performance.now() + (touched ? patienceMs : 0);
  for (;;) {
    try {
      const view = await views.open(journal.operation.environment, firstSightMs);
      if (!keeper.lost.aborted) return view;
      view.close();
      throw keeper.lost.reason as ClaimLost;
    } catch (error) {
      if (!isVigieError(error)) throw error;
      if (keeper.lost.aborted) throw keeper.lost.reason;
      if (performance.now() < until) continue;
      await journal.begin();
      await journal.end("failed", touched ? `${error.message} The operation had begun: look at ${journal.operation.environment} now.` : `${error.message} Nothing was changed.`);
      return null;
    }
  }
}
