"use server";

import { z } from "zod";
import type { ActionResult } from "#components/actions/contract.ts";
import { quarantineLiftSchema } from "#lib/contracts/operation.ts";
import type { Quarantine } from "#lib/contracts/operation.ts";
import { liftQuarantine as lift } from "#lib/services/quarantine/lift.ts";
import { answer, parsed } from "#app/_actions/answer.ts";

/** Lets a release be promoted to an environment again. */
export async function liftQuarantine(id: string, request: { reason: string }): Promise<ActionResult<Quarantine>> {
  return answer("lift a quarantine", (context, actor) => lift(context, actor, parsed(z.string().min(1).max(64).safeParse(id)), parsed(quarantineLiftSchema.safeParse(request))));
}
