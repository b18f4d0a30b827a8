import type { Actor } from "#lib/contracts/actor.ts";
import type { BreakGlass } from "#lib/contracts/operation.ts";
import type { ServiceContext } from "#lib/services/context.ts";

export async function listBreakGlass(_context: ServiceContext, _actor: Actor): Promise<BreakGlass[]> {
  return [];
}
