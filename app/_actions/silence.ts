"use server";

import { z } from "zod";
import type { ActionResult } from "#components/actions/contract.ts";
import { silenceRequestSchema } from "#lib/contracts/incident.ts";
import type { SilenceCreated } from "#lib/contracts/signal.ts";
import { silenceSignal as silence } from "#lib/services/signal/silence.ts";
import { endSilence as end } from "#lib/services/signal/unsilence.ts";
import { answer, parsed } from "#app/_actions/answer.ts";

/** Silences an alert in Alertmanager, until an end. */
export async function silenceSignal(request: z.input<typeof silenceRequestSchema>): Promise<ActionResult<SilenceCreated>> {
  return answer("silence an alert", (context, actor) => silence(context, actor, parsed(silenceRequestSchema.safeParse(request))));
}

/** Ends a silence before its time. */
export async function endSilence(environment: string, id: string): Promise<ActionResult<null>> {
  return answer("end a silence", async (context, actor) => {
    await end(context, actor, parsed(z.string().min(1).max(64).safeParse(id)), { environment: parsed(z.string().min(1).max(63).safeParse(environment)) });
    return null;
  });
}
