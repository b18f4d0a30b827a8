import { findToken } from "#lib/db/repositories/token.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import type { Asker } from "#lib/services/operation/still-allowed.ts";

/** Who is behind an actor: a person is their id; a token is whoever made it, because it speaks with their mouth. */
export interface Behind {
  /** Id of the actor itself, and of the maker of a token where that is known. */
  ids: readonly string[];
  /** Name of a token's maker, for tokens from before ids were kept. Null for people: their names prove nothing. */
  makerName: string | null;
  name: string;
}

export async function whoIsBehind(db: Database | Transaction, actor: Asker): Promise<Behind> {
  const token = actor.kind === "token" ? await findToken(db, actor.id) : null;
  if (token === null) return { ids: [actor.id], makerName: null, name: actor.name };
  return { ids: token.createdById === null ? [actor.id] : [actor.id, token.createdById], makerName: token.createdById === null ? token.createdBy : null, name: actor.name };
}

/** Whether one person stands behind both. Where only a maker's name is known, the name decides: rather one approval too few. */
export function samePerson(one: Behind, other: Behind): boolean {
  if (one.ids.some((id) => other.ids.includes(id))) return true;
  const named = (token: Behind, against: Behind): boolean => token.makerName !== null && (token.makerName === against.name || token.makerName === against.makerName);
  return named(one, other) || named(other, one);
}
