import type { Actor } from "#lib/contracts/actor.ts";
import { stripQuerySchema } from "#lib/contracts/history.ts";
import type { Strip } from "#lib/contracts/history.ts";
import { readMarks } from "#lib/db/repositories/history.ts";
import { VigieError } from "#lib/domain/error.ts";
import { stripOf } from "#lib/domain/history.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { visibleEnvironments } from "#lib/services/state/visible.ts";

/** Spans a strip has at most: more than a screen has places for. */
const mostSpans = 300;
const longestDays = 92;

/** The colours of each Big Pod over a time. Throws VigieError "denied", "invalid". */
export async function readStrips(context: ServiceContext, actor: Actor, query: { from: string; to: string; environment?: string; bigPod?: string }): Promise<{ from: string; to: string; strips: Strip[] }> {
  const parsed = stripQuerySchema.safeParse(query);
  if (!parsed.success) throw new VigieError("invalid", "Name the time as from and to, ISO 8601 in UTC, such as from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z.");
  const [from, to] = [new Date(parsed.data.from), new Date(parsed.data.to)];
  if (to <= from || to.getTime() - from.getTime() > longestDays * 86_400_000) throw new VigieError("invalid", `The time must end after it begins, and be at most ${longestDays} days long.`);
  const { environment, bigPod } = parsed.data;
  await authorise(context, actor, "state.read", environment ?? null, "see how the platform was");
  const visible = visibleEnvironments(context.config, actor).filter((name) => environment === undefined || name === environment);
  const until = new Date(Math.min(to.getTime(), context.clock.now().getTime()));
  const marks = await readMarks(context.db, { environments: visible, bigPod: bigPod ?? null, from, to: until });
  const order = context.config.bigPods.map(({ name }) => name);
  const strips = [...marks.values()]
    .filter((one) => order.includes(one.bigPod))
    .map((one) => ({ environment: one.environment, bigPod: one.bigPod, spans: stripOf(one.marks, from.getTime(), until.getTime(), mostSpans) }))
    .toSorted((a, b) => visible.indexOf(a.environment) - visible.indexOf(b.environment) || order.indexOf(a.bigPod) - order.indexOf(b.bigPod));
  return { from: from.toISOString(), to: until.toISOString(), strips };
}
