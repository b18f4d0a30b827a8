"use server";

import { z } from "zod";
import type { ActionResult } from "#components/actions/contract.ts";
import { planRequestSchema } from "#lib/contracts/operation.ts";
import type { Plan, PlanRequest } from "#lib/contracts/operation.ts";
import { createPlan } from "#lib/services/plan/create.ts";
import { answer, parsed } from "#app/_actions/answer.ts";

const incidentSchema = z.int().positive().nullable();

/** Makes the plan that the dialog shows. */
export async function plan(request: PlanRequest, incident: number | null = null): Promise<ActionResult<Plan>> {
  return answer("make a plan", (context, actor) => createPlan(context, actor, parsed(planRequestSchema.safeParse(request)), { incident: parsed(incidentSchema.safeParse(incident)) }));
}
