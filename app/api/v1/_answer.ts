import { randomUUID } from "node:crypto";
import type { ErrorResponse } from "#lib/contracts/api.ts";
import { errorHttpStatus, isVigieError } from "#lib/domain/error.ts";
import type { ErrorCode } from "#lib/domain/error.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { BodyRefused } from "#app/api/v1/_body.ts";

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
  const headers: Record<string, string> = status === 401 ? { "www-authenticate": 'Bearer realm="vigie"' } : status === 503 ? { "retry-after": "5" } : {};
  return json(body, status, headers);
}

function describe(error: unknown): { code: ErrorCode; status: number; message: string; detail: Record<string, unknown> | null } {
  if (isVigieError(error)) return { code: error.code, status: error instanceof BodyRefused ? error.status : errorHttpStatus[error.code], message: error.message, detail: error.detail === undefined ? null : { ...error.detail } };
  if (isDatabaseAway(error)) return { code: "unavailable", status: 503, message: "Vigie cannot reach its database, so nothing was done. Try again in a minute.", detail: null };
  return { code: "unavailable", status: 500, message: "Something failed inside Vigie, which is a mistake of its own. Give an admin the reference: the log says more.", detail: null };
}

/** Prisma's codes for a server that cannot be reached or has no room, and those of the network and of PostgreSQL shutting down or failing over. */
const awayCodes = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028", "ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "ETIMEDOUT", "EPIPE", "57P01", "57P02", "57P03", "53300", "53100", "08001", "08003", "08006", "25006", "57014"]);
const awayKinds = new Set(["DatabaseNotReachable", "ConnectionClosed", "SocketTimeout", "TooManyConnections", "TransactionWriteConflict"]);

function isDatabaseAway(error: unknown, depth = 0): boolean {
  if (typeof error !== "object" || error === null || depth > 6) return false;
  const { code, kind, originalCode, message } = error as { code?: unknown; kind?: unknown; originalCode?: unknown; message?: unknown };
  if ([code, originalCode].some((value) => typeof value === "string" && awayCodes.has(value)) || (typeof kind === "string" && awayKinds.has(kind))) return true;
  if (typeof message === "string" && /connection terminated|timeout exceeded when trying to connect|Can't reach database server/i.test(message)) return true;
  const { cause, meta } = error as { cause?: unknown; meta?: { driverAdapterError?: unknown } };
  return isDatabaseAway(cause, depth + 1) || isDatabaseAway(meta?.driverAdapterError, depth + 1);
}
