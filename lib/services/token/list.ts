import type { Actor } from "#lib/contracts/actor.ts";
import { tokenSchema } from "#lib/contracts/token.ts";
import type { Token } from "#lib/contracts/token.ts";
import { findTokens } from "#lib/db/repositories/token.ts";
import type { StoredToken } from "#lib/db/repositories/token.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** All API tokens, newest first, also those that are over. Throws VigieError "denied". */
export async function listTokens(context: ServiceContext, actor: Actor): Promise<Token[]> {
  await authorise(context, actor, "token.read", null, "see the API tokens");
  return (await findTokens(context.db)).map(publicToken);
}

/** Without the hash: that stays on the database's side. */
export function publicToken(stored: StoredToken): Token {
  return tokenSchema.parse(stored);
}
