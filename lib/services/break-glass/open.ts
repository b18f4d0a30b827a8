import type { Actor } from "#lib/contracts/actor.ts";
import type { BreakGlass, BreakGlassRequest } from "#lib/contracts/operation.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { ServiceContext } from "#lib/services/context.ts";

export async function openBreakGlass(_context: ServiceContext, _actor: Actor, _request: BreakGlassRequest): Promise<BreakGlass> {
  throw new VigieError("unavailable", "Break-glass cannot be opened here.");
}
