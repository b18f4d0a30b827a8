"use server";

import { revalidatePath } from "next/cache";
import { z } from "zod";
import type { ActionResult } from "#components/actions/contract.ts";
import { quarantineLiftSchema } from "#lib/contracts/operation.ts";
import { liftQuarantine as lift } from "#lib/services/quarantine/lift.ts";
import { answer, parsed } from "#app/_actions/answer.ts";

/** Lets a release that was returned be promoted again. */
export async function liftQuarantine(id: string, input: { reason: string }): Promise<ActionResult<{ id: string }>> {
  return answer("lift a quarantine", async (context, actor) => {
    await lift(context, actor, parsed(z.string().min(1).max(64).safeParse(id)), parsed(quarantineLiftSchema.safeParse(input)));
    revalidatePath("/releases");
    return { id };
  });
}
