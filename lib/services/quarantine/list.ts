import type { Actor } from "#lib/contracts/actor.ts";
import type { Quarantine } from "#lib/contracts/operation.ts";
import type { ServiceContext } from "#lib/services/context.ts";

export async function listQuarantine(_context: ServiceContext, _actor: Actor, _query: { environment?: string }): Promise<Quarantine[]> {
  return [];
}
