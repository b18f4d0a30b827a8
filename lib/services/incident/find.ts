import type { Actor } from "#lib/contracts/actor.ts";
import type { IncidentRow } from "#lib/db/generated/client.ts";
import type { Action } from "#lib/domain/access.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** "12" or "INC-12" as people write it; null for anything else. */
export function incidentNumber(text: string | number): number | null {
  const match = /^(?:INC-|#)?([1-9][0-9]{0,8})$/i.exec(String(text));
  return match?.[1] === undefined ? null : Number(match[1]);
}

/** One incident by its number, for who may do that with it. Throws VigieError "not-found", "denied". */
export async function findIncident(context: ServiceContext, actor: Actor, number: string | number, action: Action, attempt: (row: IncidentRow) => string): Promise<IncidentRow> {
  const wanted = incidentNumber(number);
  const row = wanted === null ? null : await context.db.incidentRow.findUnique({ where: { number: wanted } });
  const missing = new VigieError("not-found", `There is no incident ${String(number).slice(0, 40)}.`, { detail: { number: String(number).slice(0, 40) } });
  if (row === null) throw missing;
  await authorise(context, actor, action, row.environment, attempt(row), missing);
  return row;
}
