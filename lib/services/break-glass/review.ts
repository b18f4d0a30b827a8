import type { Actor } from "#lib/contracts/actor.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { ServiceContext } from "#lib/services/context.ts";

export async function reviewBreakGlass(_context: ServiceContext, _actor: Actor, _id: string, _input: { note: string }): Promise<void> {
  throw new VigieError("unavailable", "Break-glass cannot be reviewed here.");
}
