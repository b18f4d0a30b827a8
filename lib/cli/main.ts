import { runCommandLine } from "#lib/cli/program.ts";

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());
process.once("SIGTERM", () => interrupted.abort());
// A reader that went away (`vigie audit export | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
process.exitCode = await runCommandLine(process.argv.slice(2), { environment: process.env, stdout: process.stdout, stderr: process.stderr, signal: interrupted.signal });
