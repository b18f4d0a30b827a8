import { tokenCreatedSchema, tokensResponseSchema } from "#lib/contracts/token.ts";
import { exitCodes } from "#lib/cli/exit.ts";
import { inert, table, writeJson } from "#lib/cli/output.ts";
import type { Session } from "#lib/cli/session.ts";

export async function listTokens({ client, output }: Session): Promise<number> {
  const page = await client.get("api/v1/tokens", tokensResponseSchema);
  if (output.json) writeJson(output, page);
  else output.write(table([["ID", "NAME", "ROLE", "ENVIRONMENTS", "STATUS", "EXPIRES", "LAST USED"], ...page.tokens.map((one) => [one.id, inert(one.name), one.role, one.environments === "*" ? "all" : one.environments.join(","), one.status, one.expiresAt, one.lastUsedAt ?? "never"])]));
  return exitCodes.done;
}

/** Prints the token alone, so that it can be piped into a secret store; it is shown this once. */
export async function createToken({ client, output }: Session, name: string, options: { role: string; environment?: string[]; days: number }): Promise<number> {
  const created = await client.post("api/v1/tokens", { name, role: options.role, ...(options.environment === undefined ? {} : { environments: options.environment }), expiresInDays: options.days }, tokenCreatedSchema);
  if (output.json) writeJson(output, created);
  else {
    output.write(`${created.token}\n`);
    output.note(`Token "${inert(created.name)}" (${created.id}, ${created.role}) holds until ${created.expiresAt}. It cannot be shown again.\n`);
  }
  return exitCodes.done;
}

export async function revokeToken({ client, output }: Session, id: string): Promise<number> {
  await client.remove(`api/v1/tokens/${encodeURIComponent(id)}`);
  if (output.json) writeJson(output, { id, status: "revoked" });
  else output.write(`Token ${id} is over.\n`);
  return exitCodes.done;
}
