import pino from "pino";
import type { Logger } from "pino";
import { redact, redactValue } from "#lib/domain/redact.ts";
import type { Log } from "#lib/ports/runtime.ts";

/** JSON lines on stdout. Whatever is logged goes through `redactValue`: message, fields, errors and their causes. */
export function createLog(part: string): Log {
  return redactingChildren(pino({
    level: process.env.VIGIE_LOG ?? "info",
    base: { part },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { log: redactFields },
    // pino's own would look for an error in what is described already.
    serializers: { err: (described: unknown) => described },
    hooks: {
      logMethod(given, method) {
        method.apply(this, given.map((one: unknown) => (typeof one === "string" ? redact(one) : one)) as typeof given); // the same parts, redacted
      },
    },
  }));
}

/** pino hands what a child is made with to no formatter. */
function redactingChildren(log: Logger): Log {
  const child = log.child.bind(log);
  return Object.assign(log, { child: (fields: Record<string, unknown>): Log => redactingChildren(child(redactFields(fields))) });
}

function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return redactValue(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? describeError(value) : value]))) as Record<string, unknown>; // an object stays one
}

/** Message, code and causes, without the properties that libraries hang on errors (requests, headers, connection strings). */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return String(error);
  return { name: error.name, message: error.message, code: "code" in error ? error.code : undefined, stack: error.stack?.split("\n").slice(1, 8), cause: error.cause === undefined || depth > 8 ? undefined : describeError(error.cause, depth + 1) };
}
