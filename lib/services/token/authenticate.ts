import { createHash, timingSafeEqual } from "node:crypto";
import { tokenPattern } from "#lib/contracts/token.ts";
import { findToken, touchToken } from "#lib/db/repositories/token.ts";
import { VigieError } from "#lib/domain/error.ts";
import { recordRefusal } from "#lib/services/access/record-refusal.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { judgeGuess } from "#lib/services/limit/guess.ts";
import type { SignedIn } from "#lib/services/session/read.ts";

export interface Presented {
  token: string;
  /** Where the call came from, as far as that is known; for the audit log. */
  address: string;
  /** VIGIE_BOOTSTRAP_TOKEN: an admin's token for the first steps, never stored. */
  bootstrapToken: string | undefined;
  /** False: asked again during a long answer, which is no new use. */
  use?: boolean;
}

const minimumBootstrapLength = 32;

/** At start: a bootstrap token that could be guessed is refused. Throws VigieError "invalid". */
export function checkBootstrapToken(token: string | undefined): void {
  if (token !== undefined && token !== "" && token.length < minimumBootstrapLength) {
    throw new VigieError("invalid", `VIGIE_BOOTSTRAP_TOKEN is shorter than ${minimumBootstrapLength} characters. Use a random value, for instance of \`openssl rand -base64 32\`, or unset it.`);
  }
}

/**
 * Who a bearer token speaks for; null when it is unknown, wrong, expired or revoked, which is an audit entry (at most so many a minute).
 * Hashes are compared in constant time. Throws VigieError "limited" when too many came from that address that were wrong.
 */
export async function authenticateToken(context: ServiceContext, presented: Presented): Promise<SignedIn | null> {
  return judgeGuess(context, { address: presented.address, credential: presented.token }, () => judge(context, presented));
}

async function judge(context: ServiceContext, presented: Presented): Promise<SignedIn | null> {
  const hash = sha256(presented.token);
  const bootstrap = presented.bootstrapToken;
  if (bootstrap !== undefined && bootstrap.length >= minimumBootstrapLength && timingSafeEqual(hash, sha256(bootstrap))) {
    return { actor: { kind: "token", id: "bootstrap", name: "bootstrap", grants: [{ role: "admin", environments: "*" }] }, sessionExpiresAt: new Date(context.clock.now().getTime() + 3_600_000) };
  }
  const id = tokenPattern.exec(presented.token)?.[1];
  const stored = id === undefined ? null : await findToken(context.db, id);
  if (stored === null || !timingSafeEqual(hash, Buffer.from(stored.hash, "hex"))) {
    await recordRefusal(context, { action: "token.use-denied", actor: { kind: "token", id: "unknown", name: `unknown token from ${presented.address}` }, summary: `A call from ${presented.address} brought an API token that does not exist`, after: { address: presented.address } });
    return null;
  }
  if (stored.status !== "active") {
    await recordRefusal(context, { action: "token.use-denied", actor: { kind: "token", id: stored.id, name: stored.name }, summary: `A call from ${presented.address} brought the API token ${stored.name}, which is ${stored.status}`, after: { address: presented.address, status: stored.status } });
    return null;
  }
  if (presented.use !== false) await touchToken(context.db, stored.id);
  return { actor: { kind: "token", id: stored.id, name: stored.name, grants: [{ role: stored.role, environments: stored.environments }] }, sessionExpiresAt: new Date(stored.expiresAt) };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}
