import { annotationFailed, annotationTold, claimAnnotation, dueAnnotations } from "#lib/db/repositories/grafana-annotation.ts";
import type { DueAnnotation } from "#lib/db/repositories/grafana-annotation.ts";
import { isVigieError } from "#lib/domain/error.ts";
import type { GrafanaAnnotation, GrafanaApi } from "#lib/ports/grafana.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

export interface AnnotationPusher {
  /** Tells Grafana what it does not know yet. A look during another is left out. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Promotions and rollbacks as regions in Grafana, from start to finish, under the observer's lease. Beside everything else: nothing waits for it, and what
 * fails is tried again, ever more rarely, for a day. Before one is made it is looked for by its tag, so that an answer that was lost makes no second one.
 */
export function createAnnotationPusher({ context, lease }: { context: ServiceContext; lease: () => LeaseToken | null }): AnnotationPusher {
  const { db, config, log, outside } = context;
  const wanted = config.grafana?.annotations === true && config.grafana.token !== undefined;
  const closing = new AbortController();
  let looking: Promise<void> | null = null;

  async function lookAtAll(): Promise<void> {
    if (!wanted) return;
    for (const due of await dueAnnotations(db)) {
      if (closing.signal.aborted || lease() === null) return;
      if (await claimAnnotation(db, due)) await tell(due);
    }
  }

  async function tell(due: DueAnnotation): Promise<void> {
    try {
      const api = outside.grafana();
      if (api === null) return;
      const { id, ended } = await push(api, due);
      await annotationTold(db, due.operationId, { annotationId: id, ended });
    } catch (error) {
      if (closing.signal.aborted) return;
      if (!isVigieError(error)) throw error;
      await annotationFailed(db, due.operationId, error.message);
      // Once is enough: the row keeps the last reason.
      if (due.attempts === 0) log.warn({ operation: due.operationId }, `Grafana was not told of "${due.title}", which is tried again: ${error.message}`);
    }
  }

  async function push(api: GrafanaApi, due: DueAnnotation): Promise<{ id: number | null; ended: boolean }> {
    const annotation = annotationOf(due, config.server.url ?? null);
    const ended = due.finishedAt !== null;
    const known = due.annotationId ?? (await api.find(operationTag(due.operationId), closing.signal));
    if (known === null) return { id: await api.annotate(annotation, closing.signal), ended };
    if (!ended) return { id: known, ended };
    try {
      await api.finish(known, annotation, closing.signal);
    } catch (error) {
      // Removed by somebody: that is theirs to decide.
      if (!isVigieError(error) || error.code !== "not-found") throw error;
    }
    return { id: known, ended };
  }

  return {
    look() {
      looking ??= lookAtAll()
        .catch((error: unknown) => log.warn({ err: error }, "Grafana's annotations cannot be looked after right now; they are tried again"))
        .finally(() => (looking = null));
      return looking;
    },
    async close() {
      closing.abort();
      await looking;
    },
  };
}

function operationTag(operationId: string): string {
  return `vigie:${operationId}`;
}

/** Text without markup: Grafana shows annotations as HTML. */
function annotationOf({ operationId, kind, environment, status, title, actor, bigPods, startedAt, finishedAt }: DueAnnotation, portal: string | null): GrafanaAnnotation {
  const words = `${title}: ${finishedAt === null ? "running" : status}, by ${actor}`.replaceAll(/[<>]/g, "");
  return {
    from: startedAt,
    to: finishedAt,
    text: portal === null ? words : `${words}\n${portal.replace(/\/$/, "")}/operations/${operationId}`,
    tags: ["vigie", operationTag(operationId), kind, environment, ...bigPods],
  };
}
