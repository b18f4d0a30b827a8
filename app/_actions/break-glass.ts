"use server";

import { z } from "zod";
import type { ActionResult } from "#components/actions/contract.ts";
import { breakGlassRequestSchema, breakGlassReviewSchema } from "#lib/contracts/operation.ts";
import type { BreakGlass, BreakGlassRequest } from "#lib/contracts/operation.ts";
import { openBreakGlass as open } from "#lib/services/break-glass/open.ts";
import { reviewBreakGlass as review } from "#lib/services/break-glass/review.ts";
import { answer, parsed } from "#app/_actions/answer.ts";

/** For a quarter of an hour the person's operations in the environment pass its policy gates. */
export async function openBreakGlass(input: BreakGlassRequest): Promise<ActionResult<Pick<BreakGlass, "id" | "expiresAt">>> {
  return answer("open break-glass", async (context, actor) => {
    const { id, expiresAt } = await open(context, actor, parsed(breakGlassRequestSchema.safeParse(input)));
    return { id, expiresAt };
  });
}

/** Someone other than who opened it says that they looked at what was done. */
export async function reviewBreakGlass(id: string, input: { note: string }): Promise<ActionResult<{ id: string }>> {
  return answer("review a break-glass use", async (context, actor) => {
    await review(context, actor, parsed(z.string().min(1).max(64).safeParse(id)), parsed(breakGlassReviewSchema.safeParse(input)));
    return { id };
  });
}
