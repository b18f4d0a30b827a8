import type { Actor } from "#lib/contracts/actor.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { ServiceContext } from "#lib/services/context.ts";

export async function liftQuarantine(_context: ServiceContext, _actor: Actor, _id: string, _input: { reason: string }): Promise<void> {
  throw new VigieError("unavailable", "Quarantines cannot be lifted here.");
}
