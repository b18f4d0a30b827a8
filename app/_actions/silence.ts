"use server";

import type { ActionResult } from "#components/actions/contract.ts";
import { VigieError } from "#lib/domain/error.ts";
import { answer } from "#app/_actions/answer.ts";

/** Interim. */
export async function silenceSignal(): Promise<ActionResult<unknown>> {
  return answer("silence an alert", async () => {
    throw new VigieError("unavailable", "Silences are not there yet.");
  });
}
