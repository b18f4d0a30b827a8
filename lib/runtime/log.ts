import pino from "pino";
import { redact, redactValue } from "#lib/domain/redact.ts";
import type { Log } from "#lib/ports/runtime.ts";

/** JSON lines on stdout. Whatever is logged goes through `redactValue`: message, fields, errors and their causes. */
export function createLog(part: string): Log {
  return pino({
    level: process.env.VIGIE_LOG ?? "info",
    base: { part },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { log: (fields) => redactValue(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? describeError(value) : value]))) as Record<string, unknown> }, // an object stays one
    hooks: {
      logMethod(given, method) {
        method.apply(this, given.map((one: unknown) => (typeof one === "string" ? redact(one) : one)) as typeof given); // the same parts, redacted
      },
    },
  });
}

/** Message, code and causes, without the properties that libraries hang on errors (requests, headers, connection strings). */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return String(error);
  return { name: error.name, message: error.message, code: "code" in error ? error.code : undefined, stack: error.stack?.split("\n").slice(1, 8), cause: error.cause === undefined || depth > 8 ? undefined : describeError(error.cause, depth + 1) };
}
