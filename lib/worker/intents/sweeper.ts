import type { AuditBody } from "#lib/contracts/audit.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { orphanedOperations, orphanedSilences } from "#lib/db/repositories/intent.ts";
import type { OrphanedIntent } from "#lib/db/repositories/intent.ts";
import { VigieError, isVigieError } from "#lib/domain/error.ts";
import { templateOf } from "#lib/domain/fold-read.ts";
import { templateImages } from "#lib/domain/template-diff.ts";
import { operationAnnotation } from "#lib/ports/cluster.ts";
import type { EnvironmentViews } from "#lib/ports/environment-view.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { assertLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { createLook } from "#lib/worker/look.ts";
import type { Look } from "#lib/worker/look.ts";

const viewPatienceMs = 5_000;
/** The first look of a worker goes back all the way, later ones as far as a worker may have been away. */
const allDays = 4_000;
const recentDays = 7;

interface IntentSweeperParts {
  context: Pick<ServiceContext, "db" | "config" | "outside" | "log">;
  views: EnvironmentViews;
  /** The observer's. */
  lease: () => LeaseToken | null;
  /** How long an outcome may take to be written down by whoever is at it. */
  graceSeconds?: number;
}

/** What was found out about an intent. */
interface Resolution {
  succeeded: boolean;
  status: string;
  /** Continues the sentence that names the intent. */
  sentence: string;
  bigPods?: Record<string, { carries: boolean; now: Record<string, string> }>;
}

/**
 * Finds intents whose outcome nobody wrote down (a process died in between, a database was restored), looks at the operation and at the cluster, or at Alertmanager, and
 * adds an entry of its own that says what is so now. Where that cannot be seen, it is tried again: nothing is guessed.
 */
export function createIntentSweeper({ context, views, lease, graceSeconds = 120 }: IntentSweeperParts): Look {
  const { db, config, outside, log } = context;
  let epoch: bigint | null = null;

  async function lookOnce(closing: AbortSignal): Promise<void> {
    const token = lease();
    if (token === null) return;
    const days = epoch === token.epoch ? recentDays : allDays;
    const asked = { days, graceSeconds };
    for (const intent of await orphanedOperations(db, { ...asked, environments: config.environments.map(({ name }) => name) })) await resolve(token, intent, ofOperation, closing);
    for (const intent of await orphanedSilences(db, asked)) await resolve(token, intent, ofSilence, closing);
    epoch = token.epoch;
  }

  async function resolve(token: LeaseToken, intent: OrphanedIntent, find: (intent: OrphanedIntent) => Promise<Resolution>, closing: AbortSignal): Promise<void> {
    if (closing.aborted) return;
    let found: Resolution;
    try {
      found = await find(intent);
    } catch (error) {
      if (!isVigieError(error)) throw error;
      log.debug({ intent: intent.sequence, err: error }, "what became of an intent cannot be seen right now");
      return;
    }
    const { status, sentence, succeeded, bigPods } = found;
    const body: AuditBody = {
      action: "intent.resolve", outcome: succeeded ? "succeeded" : "failed", actor: { kind: "system", id: token.holder, name: "Vigie" }, environment: intent.environment, bigPods: intent.bigPods, operationId: intent.operationId,
      summary: `No entry says what became of entry ${intent.sequence} (${intent.actorName}, ${intent.action}): ${sentence}`.slice(0, 2_000), reason: null, before: null,
      after: { intent: intent.sequence, action: intent.action, status, ...(bigPods === undefined ? {} : { bigPods }) },
    };
    await db.$transaction(async (tx) => {
      await assertLease(tx, token);
      await appendAudit(tx, body);
    });
    log.warn({ intent: intent.sequence, operation: intent.operationId, status }, "an intent without an outcome was resolved");
  }

  async function ofOperation({ environment, bigPods, operationId, operation }: OrphanedIntent): Promise<Resolution> {
    const title = operation === null ? "the operation is not known any more" : `"${operation.title}" is ${operation.status}${operation.finishedAt === null ? "" : ` since ${operation.finishedAt.toISOString()}`}${operation.note === null ? "" : ` (${operation.note})`}`;
    const status = operation?.status ?? "lost";
    if (!config.environments.some(({ name }) => name === environment)) return { succeeded: status === "succeeded", status, sentence: `${title}; ${environment ?? "its environment"} is not configured any more, so it cannot run and its cluster cannot be asked.` };
    const view = await views.open(environment ?? "", viewPatienceMs);
    try {
      if (!view.fresh()) throw unseen(environment ?? "");
      const seen = Object.fromEntries(bigPods.map((name) => {
        const workload = view.workload(name);
        return [name, { carries: workload?.metadata.annotations?.[operationAnnotation] === operationId, now: workload === undefined ? {} : templateImages(templateOf(workload)) }];
      }));
      const carrying = bigPods.filter((name) => seen[name]?.carries === true);
      const cluster = carrying.length === 0 ? `nothing in ${environment ?? ""} carries its mark` : `in ${environment ?? ""}, ${carrying.join(", ")} ${carrying.length === 1 ? "was" : "were"} last written by it`;
      return { succeeded: status === "succeeded", status, sentence: `${title}; ${cluster}.`, bigPods: seen };
    } finally {
      view.close();
    }
  }

  async function ofSilence({ action, environment, actorName, reason, before, after }: OrphanedIntent): Promise<Resolution> {
    const configured = config.environments.some(({ name }) => name === environment);
    const alerts = configured ? outside.alerts(environment ?? "") : null;
    if (alerts === null) return { succeeded: false, status: "unknown", sentence: "there is no Alertmanager for its environment any more." };
    const silences = await alerts.silences();
    if (action === "silence.end") {
      const still = silences.some((silence) => silence.id === before?.silence && silence.state !== "expired");
      return still ? { succeeded: false, status: "active", sentence: "Alertmanager still has that silence." } : { succeeded: true, status: "expired", sentence: "Alertmanager has ended that silence." };
    }
    const made = silences.find((silence) => silence.createdBy === actorName && silence.comment === reason && silence.endsAt.toISOString() === after?.endsAt);
    return made === undefined ? { succeeded: false, status: "absent", sentence: "Alertmanager has no such silence." } : { succeeded: true, status: made.state, sentence: `Alertmanager has the silence ${made.id}, ${made.state}.` };
  }

  return createLook({ log, trouble: "Intents without an outcome cannot be looked for; it is tried again", work: lookOnce });
}

function unseen(environment: string): VigieError {
  return new VigieError("upstream", `${environment} cannot be seen right now.`);
}
