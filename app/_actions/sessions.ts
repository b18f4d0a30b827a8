"use server";

import { revalidatePath } from "next/cache";
import { z } from "zod";
import type { ActionResult } from "#components/actions/contract.ts";
import { revokeOtherSessions as revokeOthers, revokeSession as revoke } from "#lib/services/session/revoke.ts";
import { answer, parsed } from "#app/_actions/answer.ts";

/** Ends one of one's own sessions, in whatever browser it is. */
export async function revokeSession(id: string): Promise<ActionResult<null>> {
  return answer("end a session", async (context, actor) => {
    await revoke(context, actor, parsed(z.string().min(1).max(64).safeParse(id)));
    revalidatePath("/settings");
    return null;
  });
}

/** Ends all of one's own sessions but this one; how many. */
export async function revokeOtherSessions(): Promise<ActionResult<number>> {
  return answer("end all other sessions", async (context, actor) => {
    const count = await revokeOthers(context, actor);
    revalidatePath("/settings");
    return count;
  });
}
