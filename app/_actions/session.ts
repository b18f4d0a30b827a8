"use server";

import type { ActionResult } from "#components/actions/contract.ts";
import { signOutCurrent } from "#lib/runtime/session.ts";
import { answer } from "#app/_actions/answer.ts";

/** Ends this session everywhere. Done already is done too. */
export async function signOut(): Promise<ActionResult<null>> {
  return answer("sign out", async () => {
    await signOutCurrent();
    return null;
    // Leaving is never too often.
  }, { limited: false });
}
