"use server";

import { z } from "zod";
import type { ActionResult } from "#components/actions/contract.ts";
import { runbookTickSchema } from "#lib/contracts/incident.ts";
import { tickRunbook as tick } from "#lib/services/runbook/tick.ts";
import { answer, parsed } from "#app/_actions/answer.ts";

/** Ticks a step of an incident's runbook, or takes the tick away. */
export async function tickRunbook(number: number, request: z.input<typeof runbookTickSchema>): Promise<ActionResult<{ changed: boolean }>> {
  return answer("tick a step of a runbook", (context, actor) => tick(context, actor, parsed(z.int().positive().safeParse(number)), parsed(runbookTickSchema.safeParse(request))));
}
