"use server";

import { z } from "zod";
import type { ActionResult } from "#components/actions/contract.ts";
import { breakGlassRequestSchema, breakGlassReviewSchema } from "#lib/contracts/operation.ts";
import type { BreakGlass, BreakGlassRequest } from "#lib/contracts/operation.ts";
import { openBreakGlass as open } from "#lib/services/break-glass/open.ts";
import { reviewBreakGlass as review } from "#lib/services/break-glass/review.ts";
import { answer, parsed } from "#app/_actions/answer.ts";

/** Overrules an environment's policy gates for a quarter of an hour, for whoever opens it. */
export async function openBreakGlass(request: BreakGlassRequest): Promise<ActionResult<BreakGlass>> {
  return answer("break the glass", (context, actor) => open(context, actor, parsed(breakGlassRequestSchema.safeParse(request))));
}

/** Closes the review of somebody else's use. */
export async function reviewBreakGlass(id: string, request: { note: string }): Promise<ActionResult<BreakGlass>> {
  return answer("review a use of break-glass", (context, actor) => review(context, actor, parsed(z.string().min(1).max(64).safeParse(id)), parsed(breakGlassReviewSchema.safeParse(request))));
}
