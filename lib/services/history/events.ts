import type { Actor } from "#lib/contracts/actor.ts";
import { eventQuerySchema } from "#lib/contracts/history.ts";
import type { ClusterEvent } from "#lib/contracts/history.ts";
import { readEvents } from "#lib/db/repositories/history.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** The cluster's events about a Big Pod, newest first, also those its API server has forgotten. Throws VigieError "denied", "invalid", "not-found". */
export async function listEvents(context: ServiceContext, actor: Actor, query: { environment: string; bigPod: string; before?: string; limit?: number }): Promise<{ events: ClusterEvent[]; next: string | null }> {
  const parsed = eventQuerySchema.safeParse(query);
  if (!parsed.success) throw new VigieError("invalid", "Name the environment and the Big Pod whose events are wanted.");
  const { environment, bigPod, before, limit } = parsed.data;
  if (!context.config.environments.some(({ name }) => name === environment) || !context.config.bigPods.some(({ name }) => name === bigPod)) throw new VigieError("not-found", `There is no ${bigPod} in ${environment}.`);
  await authorise(context, actor, "state.read", environment, `read the events of ${bigPod}`);
  const events = await readEvents(context.db, { environment, bigPod, before: before === undefined ? null : new Date(before), limit: limit + 1 });
  const page = events.slice(0, limit);
  return { events: page, next: events.length > limit ? (page.at(-1)?.lastAt ?? null) : null };
}
