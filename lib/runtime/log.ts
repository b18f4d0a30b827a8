import pino from "pino";
import type { Log } from "#lib/ports/runtime.ts";

/** JSON lines on stdout. Fields that may carry a secret are cut out wherever they stand. */
export function createLog(part: string): Log {
  const secret = ["authorization", "cookie", "token", "password", "clientSecret", "secret", "kubeconfig"];
  return pino({
    level: process.env.VIGIE_LOG ?? "info",
    base: { part },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `headers.${name}`]), censor: "[removed]" },
    serializers: { error: describeError },
  });
}

/** Message, code and causes, without the properties that libraries hang on errors (requests, headers, connection strings). */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  return { name: error.name, message: error.message.replaceAll(/(\w+:\/\/[^:/\s]+:)[^@\s]+@/g, "$1[removed]@"), code: "code" in error ? error.code : undefined, stack: error.stack?.split("\n").slice(1, 8), cause: error.cause === undefined ? undefined : describeError(error.cause) };
}
