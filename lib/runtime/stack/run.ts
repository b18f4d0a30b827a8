import { isVigieError } from "#lib/domain/error.ts";
import type { Stack } from "#lib/runtime/stack/stack.ts";

/** Runs a stack until Ctrl-C, SIGTERM, the end of the parent or the end of a part; then stops everything, in order. */
export async function runStack(start: () => Promise<Stack>, ready: (stack: Stack) => void): Promise<never> {
  const ended = Promise.withResolvers<string | null>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => ended.resolve(null));
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) ended.resolve(null);
  }, 500);
  const starting = start();
  const outcome = await Promise.race([starting.then((stack) => ({ stack }), (error: unknown) => ({ error })), ended.promise.then(() => "stopped" as const)]);
  if (outcome === "stopped") {
    await starting.then((stack) => stack.stop(), () => undefined);
    process.exit(130);
  }
  if ("error" in outcome) {
    clearInterval(watch);
    printError(outcome.error);
    process.exit(1);
  }
  ready(outcome.stack);
  const sentence = await Promise.race([ended.promise, outcome.stack.broken]);
  clearInterval(watch);
  if (sentence !== null) process.stderr.write(`\n${sentence}. Everything else is stopped too.\n`);
  await outcome.stack.stop();
  process.exit(sentence === null ? 0 : 1);
}

/** An expected failure is its sentence; anything else is told with its stack, since whoever runs a command can use it. */
export function printError(error: unknown): void {
  process.stderr.write(isVigieError(error) ? `\n${error.message}\n` : `\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}
