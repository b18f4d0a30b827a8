import { findToken } from "#lib/db/repositories/token.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import type { Asker } from "#lib/services/operation/still-allowed.ts";

/** Who is behind an actor: a person is their id; a token is whoever made it, because it speaks with their mouth. */
export interface Behind {
  id: string;
  name: string;
  /** Of a token; `id` null for tokens from before ids were kept. Null for people. */
  maker: { id: string | null; name: string } | null;
}

/** Made with the bootstrap token: for nobody in particular, so two of its tokens may well be two people's. It is none of them itself, though. */
const bootstrap = "bootstrap";

export async function whoIsBehind(db: Database | Transaction, actor: Asker): Promise<Behind> {
  const token = actor.kind === "token" ? await findToken(db, actor.id) : null;
  return { id: actor.id, name: actor.name, maker: token === null ? null : { id: token.createdById, name: token.createdBy } };
}

/** Whether one person stands behind both. Where only a maker's name is known, the name decides: rather one approval too few. */
export function samePerson(one: Behind, other: Behind): boolean {
  return one.id === other.id || made(one, other) || made(other, one) || sameMaker(one, other);
}

function made(maker: Behind, token: Behind): boolean {
  if (token.maker === null) return false;
  return token.maker.id === null ? token.maker.name === maker.name : token.maker.id === maker.id;
}

function sameMaker({ maker: one }: Behind, { maker: other }: Behind): boolean {
  if (one === null || other === null || one.id === bootstrap || one.name === bootstrap) return false;
  return one.id === null || other.id === null ? one.name === other.name : one.id === other.id;
}
