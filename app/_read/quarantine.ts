import type { Actor } from "#lib/contracts/actor.ts";
import type { Quarantine } from "#lib/contracts/operation.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { listQuarantine } from "#lib/services/quarantine/list.ts";
import { attempt } from "#app/_read/attempt.ts";

/** What is in quarantine now in the named environments. A page is not lost because it cannot be read: then none is marked. */
export async function readQuarantine(context: ServiceContext, actor: Actor, environments: readonly string[]): Promise<Quarantine[]> {
  const lists = await Promise.all(environments.map((environment) => attempt(listQuarantine(context, actor, { environment }))));
  return lists.flatMap((list) => (list.ok ? list.value : [])).filter((quarantine) => quarantine.lifted === null);
}
