import type { Actor } from "#lib/contracts/actor.ts";
import type { Drift } from "#lib/contracts/drift.ts";
import { readDrifts } from "#lib/db/repositories/drift.ts";
import { authorise, noSuchEnvironment } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { visibleEnvironments } from "#lib/services/state/visible.ts";

/** Big Pods that run something else than Vigie applied last, in the environments one may see. Throws VigieError "denied" and "not-found". */
export async function listDrifts(context: ServiceContext, actor: Actor, query: { environment?: string | undefined }): Promise<{ drifts: (Drift & { environment: string })[] }> {
  await authorise(context, actor, "state.read", query.environment ?? null, "read drifts");
  if (query.environment !== undefined && !context.config.environments.some(({ name }) => name === query.environment)) throw noSuchEnvironment(query.environment);
  const visible = visibleEnvironments(context.config, actor).filter((name) => query.environment === undefined || name === query.environment);
  const found = await readDrifts(context.db, visible);
  return { drifts: visible.flatMap((environment) => (found.get(environment) ?? []).map((drift) => ({ environment, ...drift }))) };
}
