/** `npm run bench`: measures what was promised and writes bench/results.md. `npm run bench -- latency memory --minutes 3` runs parts alone. */
import { readArguments, runBench } from "#bench/run.ts";
import { printError } from "#lib/runtime/stack/run.ts";

const ended = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => ended.resolve());
let broken = false;
// Whatever was thrown where nobody waits: what was started is ended all the same.
for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (error: unknown) => {
    printError(error);
    broken = true;
    ended.resolve();
  });
}
const code = await Promise.resolve()
  .then(() => runBench(readArguments(process.argv.slice(2)), ended.promise, (line) => void process.stdout.write(`${line}\n`)))
  .catch((error: unknown) => {
    printError(error);
    return 1;
  });
process.exit(broken ? 1 : code);
