import type { Actor } from "#lib/contracts/actor.ts";
import type { Signal } from "#lib/contracts/incident.ts";
import type { SignalQuery } from "#lib/contracts/signal.ts";
import { listSignalRows, toSignal } from "#lib/db/repositories/signal.ts";
import { VigieError } from "#lib/domain/error.ts";
import { visibleEnvironments } from "#lib/services/access/visible-environments.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Signals of environments the actor may see, newest onset first; those of no environment are seen by who sees all. Throws VigieError "denied", "invalid" (before). */
export async function listSignals(context: ServiceContext, actor: Actor, query: SignalQuery): Promise<{ signals: Signal[]; next: string | null }> {
  await authorise(context, actor, "incident.read", query.environment ?? null, "see signals");
  const environments = query.environment === undefined ? visibleEnvironments(context, actor, "incident.read") : [query.environment];
  const before = query.before === undefined ? null : parseCursor(query.before);
  const rows = await listSignalRows(context.db, { ...query, environments, before });
  const page = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  return { signals: page.flatMap(toSignal), next: last === undefined ? null : `${last.onsetAt.getTime()}_${last.id}` };
}

function parseCursor(text: string): { onsetAt: Date; id: string } {
  const [, at = "", id = ""] = /^(\d{1,15})_([0-9a-f-]{36})$/.exec(text) ?? [];
  if (id === "") throw new VigieError("invalid", '"before" is what the page before gave as "next".', { detail: { path: "before" } });
  return { onsetAt: new Date(Number(at)), id };
}
