"use server";

import type { ActionResult } from "#components/actions/contract.ts";
import { adoptRequestSchema } from "#lib/contracts/drift.ts";
import type { Adopted, AdoptRequest } from "#lib/contracts/drift.ts";
import { adoptDrift as adopt } from "#lib/services/drift/adopt.ts";
import { answer, parsed } from "#app/_actions/answer.ts";

/** Records what runs as what is wanted. */
export async function adoptDrift(input: AdoptRequest): Promise<ActionResult<Adopted>> {
  return answer("adopt a drift", (context, actor) => adopt(context, actor, parsed(adoptRequestSchema.safeParse(input))));
}
