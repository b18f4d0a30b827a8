import type { Actor } from "#lib/contracts/actor.ts";
import { eventQuerySchema } from "#lib/contracts/history.ts";
import type { ClusterEvent } from "#lib/contracts/history.ts";
import { readEvents } from "#lib/db/repositories/history.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise, noSuchEnvironment } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** The cluster's events about a Big Pod, newest first, also those its API server has forgotten. Throws VigieError "denied", "invalid", "not-found". */
export async function listEvents(context: ServiceContext, actor: Actor, query: { environment: string; bigPod: string; before?: string; limit?: number }): Promise<{ events: ClusterEvent[]; next: string | null }> {
  const parsed = eventQuerySchema.safeParse(query);
  if (!parsed.success) throw new VigieError("invalid", "Name the environment and the Big Pod whose events are wanted.");
  const { environment, bigPod, before, limit } = parsed.data;
  await authorise(context, actor, "state.read", environment, `read the events of ${bigPod}`);
  if (!context.config.environments.some(({ name }) => name === environment)) throw noSuchEnvironment(environment);
  if (!context.config.bigPods.some(({ name }) => name === bigPod)) throw new VigieError("not-found", `There is no ${bigPod} in ${environment}.`);
  const events = await readEvents(context.db, { environment, bigPod, before: before === undefined ? null : cursorOf(before), limit: limit + 1 });
  const page = events.slice(0, limit);
  const last = page.at(-1);
  return { events: page, next: events.length > limit ? (last === undefined ? null : `${last.lastAt}/${last.uid}`) : null };
}

function cursorOf(before: string): { at: Date; uid: string | null } {
  const slash = before.indexOf("/");
  const at = new Date(slash === -1 ? before : before.slice(0, slash));
  if (Number.isNaN(at.getTime())) throw new VigieError("invalid", "`before` names no moment. Hand over the `next` of the page before as it is.");
  return { at, uid: slash === -1 ? null : before.slice(slash + 1) };
}
