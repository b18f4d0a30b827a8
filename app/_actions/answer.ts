import { randomBytes } from "node:crypto";
import { headers } from "next/headers";
import { unstable_rethrow } from "next/navigation";
import type { ZodError } from "zod";
import type { ActionResult } from "#components/actions/contract.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import { isVigieError, VigieError } from "#lib/domain/error.ts";
import { clientAddress } from "#lib/runtime/client-address.ts";
import { requireActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { recordRefusal } from "#lib/services/access/record-refusal.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { takeLimit } from "#lib/services/limit/take.ts";

/**
 * What every server action is: ask who it is, do one thing, answer. What was foreseen keeps its sentence; anything else becomes a
 * general one with the reference under which the log has it.
 */
export async function answer<Value>(doing: string, work: (context: ServiceContext, actor: Actor) => Promise<Value>, { limited = true }: { limited?: boolean } = {}): Promise<ActionResult<Value>> {
  try {
    const actor = await requireActor().catch(async (error: unknown) => {
      if (isVigieError(error) && error.code === "unauthenticated") await recordAnonymous(doing);
      throw error;
    });
    if (limited) await takeLimit(getRuntime().context, "change", { actor });
    return { ok: true, value: await work(getRuntime().context, actor) };
  } catch (error) {
    unstable_rethrow(error);
    const reference = randomBytes(6).toString("hex");
    if (isVigieError(error)) {
      getRuntime().log.info({ reference, code: error.code, error }, `${doing}: refused`);
      return { ok: false, error: { code: error.code, message: error.message, detail: error.detail ?? null, reference } };
    }
    logUnforeseen(reference, doing, error);
    return { ok: false, error: { code: "internal", message: "Something went wrong inside Vigie, and it is not known whether anything was done. Look at Operations before you try again, and give the reference to whoever looks after Vigie.", detail: null, reference } };
  }
}

/** Somebody without a session tried: that is in the audit log too, a few times a minute. */
async function recordAnonymous(doing: string): Promise<void> {
  const address = clientAddress({ headers: await headers() });
  await recordRefusal(getRuntime().context, { action: "access.denied", actor: { kind: "person", id: "anonymous", name: `somebody at ${address}` }, summary: `Somebody at ${address}, not signed in, was not allowed to ${doing}`, after: { address } });
}

function logUnforeseen(reference: string, doing: string, error: unknown): void {
  try {
    getRuntime().log.error({ reference, error }, `${doing}: failed`);
  } catch {
    // Without a configuration there is no log of our own.
    process.stderr.write(`${reference} ${doing}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  }
}

/** What came from the browser, checked; VigieError "invalid" otherwise. */
export function parsed<Value>(result: { success: true; data: Value } | { success: false; error: ZodError }): Value {
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new VigieError("invalid", `${issue === undefined ? "What was sent cannot be read" : `${issue.path.join(".") || "What was sent"}: ${issue.message}`}. Reload the page and try again.`);
}
