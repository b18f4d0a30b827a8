import { randomUUID } from "node:crypto";
import type { ErrorResponse } from "#lib/contracts/api.ts";
import { errorHttpStatus, isVigieError } from "#lib/domain/error.ts";
import type { AnswerCode } from "#lib/domain/error.ts";
import { refusalHeaders } from "#lib/domain/rate-limit.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { BodyRefused } from "#app/api/v1/_body.ts";
import { databaseAwaySentence, isDatabaseAway } from "#lib/domain/database-away.ts";

const common = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return Response.json(value, { status, headers: { ...common, ...headers } });
}

/** What is thrown becomes an answer: expected failures with their sentence, all else a general one; the reference leads to the log. */
export function errorAnswer(error: unknown, log: ServiceContext["log"], request: { method: string; path: string }): Response {
  const reference = randomUUID().slice(0, 13);
  const { code, status, message, detail } = describe(error);
  const fields = { reference, code, status, ...request };
  if (status >= 500) log.error({ ...fields, error }, "a call failed");
  else log.info({ ...fields, message }, "a call was refused");
  const body: ErrorResponse = { error: { code, message, detail, reference } };
  const headers: Record<string, string> = code === "limited" ? refusalHeaders(detail) : status === 401 ? { "www-authenticate": 'Bearer realm="vigie"' } : status === 503 ? { "retry-after": "5" } : {};
  return json(body, status, headers);
}

function describe(error: unknown): { code: AnswerCode; status: number; message: string; detail: Record<string, unknown> | null } {
  if (isVigieError(error)) return { code: error.code, status: error instanceof BodyRefused ? error.status : errorHttpStatus[error.code], message: error.message, detail: error.detail === undefined ? null : { ...error.detail } };
  if (isDatabaseAway(error)) return { code: "unavailable", status: 503, message: databaseAwaySentence, detail: null };
  return { code: "internal", status: errorHttpStatus.internal, message: "Something failed inside Vigie, which is a mistake of its own. Give an admin the reference: the log says more.", detail: null };
}
