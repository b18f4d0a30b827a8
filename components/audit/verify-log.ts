import type { ActionError, ActionResult } from "#components/actions/contract.ts";
import { auditVerifyLineSchema, errorResponseSchema } from "#lib/contracts/api.ts";
import type { AuditVerification, AuditVerifyProgress } from "#lib/contracts/api.ts";

const unanswered: ActionError = { code: "unavailable", message: "Vigie did not answer to the end, so the log was not verified. Try again in a moment.", detail: null, reference: null };

/** Has the whole log verified. Throws only when `signal` was aborted. */
export async function verifyLog(onProgress: (progress: AuditVerifyProgress) => void, signal: AbortSignal): Promise<ActionResult<AuditVerification>> {
  try {
    return await readVerification(await fetch("/api/v1/audit/verify", { headers: { accept: "application/x-ndjson" }, signal }), onProgress);
  } catch {
    signal.throwIfAborted();
    return { ok: false, error: unanswered };
  }
}

/** Reads the answer line by line: progress is handed on, the last line decides. */
export async function readVerification(response: Response, onProgress: (progress: AuditVerifyProgress) => void): Promise<ActionResult<AuditVerification>> {
  if (!response.ok) return { ok: false, error: errorResponseSchema.parse(await response.json()).error };
  if (response.body === null) return { ok: false, error: unanswered };
  for await (const text of linesOf(response.body)) {
    const line = auditVerifyLineSchema.parse(JSON.parse(text));
    if ("checked" in line) onProgress(line);
    else return "error" in line ? { ok: false, error: line.error } : { ok: true, value: line };
  }
  return { ok: false, error: unanswered };
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const lines = (rest + (value ?? "")).split("\n");
      rest = done ? "" : (lines.pop() ?? "");
      yield* lines.filter((line) => line !== "");
      if (done) return;
    }
  } finally {
    await reader.cancel();
  }
}
