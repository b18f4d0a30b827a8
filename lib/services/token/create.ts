import { createHash, randomBytes } from "node:crypto";
import type { Actor } from "#lib/contracts/actor.ts";
import { tokenRequestSchema } from "#lib/contracts/token.ts";
import type { TokenCreated, TokenRequest } from "#lib/contracts/token.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { insertToken } from "#lib/db/repositories/token.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { publicToken } from "#lib/services/token/list.ts";

/**
 * Makes an API token; the result is the only place where its secret ever stands. Throws VigieError "denied", or "invalid" for an
 * environment that is not configured.
 */
export async function createToken(context: ServiceContext, actor: Actor, request: TokenRequest): Promise<TokenCreated> {
  await authorise(context, actor, "token.create", null, "create an API token");
  const { name, role, environments, expiresInDays } = tokenRequestSchema.parse(request);
  const known = context.config.environments.map((environment) => environment.name);
  const unknown = environments === "*" ? [] : environments.filter((environment) => !known.includes(environment));
  if (unknown.length > 0) throw new VigieError("invalid", `There is no environment ${unknown.join(", ")}. Choose among ${known.join(", ")}.`, { detail: { path: "environments" } });
  const id = randomBytes(8).toString("hex");
  const token = `vgt_${id}_${randomBytes(32).toString("base64url")}`;
  const stored = await context.db.$transaction(async (tx) => {
    const row = await insertToken(tx, { id, name, hash: createHash("sha256").update(token, "utf8").digest("hex"), role, environments: environments === "*" ? ["*"] : environments, createdBy: { id: actor.id, name: actor.name }, expiresInDays });
    await appendAudit(tx, {
      action: "token.create", outcome: "succeeded", actor: { kind: actor.kind, id: actor.id, name: actor.name }, environment: null, bigPods: [], operationId: null,
      summary: `${actor.name} created the API token ${name} (${role}, ${environments === "*" ? "all environments" : environments.join(", ")})`, reason: null, before: null,
      after: { id, name, role, environments, expiresAt: row.expiresAt },
    });
    return row;
  });
  return { ...publicToken(stored), token };
}
