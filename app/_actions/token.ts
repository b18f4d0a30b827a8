"use server";

import { revalidatePath } from "next/cache";
import { z } from "zod";
import type { ActionResult } from "#components/actions/contract.ts";
import { tokenRequestSchema } from "#lib/contracts/token.ts";
import type { TokenCreated, TokenRequest } from "#lib/contracts/token.ts";
import { createToken as create } from "#lib/services/token/create.ts";
import { revokeToken as revoke } from "#lib/services/token/revoke.ts";
import { answer, parsed } from "#app/_actions/answer.ts";

/** The answer is the only place where the token's secret ever stands. */
export async function createToken(request: TokenRequest): Promise<ActionResult<TokenCreated>> {
  return answer("create an API token", async (context, actor) => {
    const created = await create(context, actor, parsed(tokenRequestSchema.safeParse(request)));
    revalidatePath("/settings");
    return created;
  });
}

export async function revokeToken(id: string): Promise<ActionResult<null>> {
  return answer("revoke an API token", async (context, actor) => {
    await revoke(context, actor, parsed(z.string().min(1).max(64).safeParse(id)));
    revalidatePath("/settings");
    return null;
  });
}
