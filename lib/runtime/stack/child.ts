import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { VigieError } from "#lib/domain/error.ts";
import { root } from "#lib/runtime/home.ts";

export interface Child {
  name: string;
  process: ChildProcess;
  /** Resolves with a sentence when the process is gone. */
  exited: Promise<string>;
  /** SIGTERM, then SIGKILL after the grace. */
  stop(graceMs?: number): Promise<void>;
  /** Last lines it wrote, for messages about its end. */
  tail(): string;
}

/**
 * For processes that live long and allocate little at a time: V8's young generation of 16 MiB and more would be most of what they hold, its first
 * collection of old objects would come after hundreds of MB (measured: a worker that holds 34 MB grew by 0.6 MB a second until then), and later ones only
 * when they have grown up to four times (measured: at 50 changes a second a worker that holds 48 MB took 373 MB after ten minutes, and 225 when they may grow by 30 %; by 20 % it is 13 MB less after four).
 * One helper thread instead of four: each keeps memory of its own (measured: 13 MB less, at the same processor time).
 */
export const smallHeap = ["--max-semi-space-size=2", "--initial-old-space-size=40", "--heap-growing-percent=20", "--v8-pool-size=1"];

/**
 * For the same processes, where the C library is glibc: what is large is given back when it is freed. By itself glibc takes ever larger pieces from
 * a heap that cannot shrink (measured: 6 MB of the worker, 14 of the web process). Source: mallopt(3), M_MMAP_THRESHOLD and M_TRIM_THRESHOLD.
 */
export const smallMalloc = { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "131072" };

/**
 * Starts one of our own processes. Its output goes to a log file (and to the terminal when `echo`); it ends when this process ends,
 * however that happens: the IPC channel closes, and die-with-parent.mjs exits.
 */
export function startChild(name: string, script: string, options: { env: Record<string, string | undefined>; logFile: string; echo?: boolean; cwd?: string; args?: string[]; nodeArgs?: string[]; onMessage?(message: unknown): void }): Child {
  const env: NodeJS.ProcessEnv = { ...process.env, ...options.env, VIGIE_LAUNCHER: String(process.pid) };
  for (const [key, value] of Object.entries(options.env)) if (value === undefined) delete env[key];
  const child = spawn(process.execPath, ["--import", join(root, "lib/runtime/stack/die-with-parent.mjs"), ...(options.nodeArgs ?? []), script, ...(options.args ?? [])], { cwd: options.cwd ?? root, env, stdio: ["ignore", "pipe", "pipe", "ipc"], detached: true });
  const log = createWriteStream(options.logFile, { flags: "a" });
  let tail = "";
  const keep = (chunk: Buffer): void => {
    log.write(chunk);
    tail = (tail + chunk.toString()).slice(-3000);
    if (options.echo === true) process.stderr.write(chunk);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  if (options.onMessage !== undefined) child.on("message", options.onMessage);
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`${name} could not be started: ${error.message}`));
    child.once("close", (code, signal) => {
      log.end();
      resolve(`${name} ended (${signal ?? `exit code ${code}`})`);
    });
  });
  const running = (): boolean => child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  return {
    name,
    process: child,
    exited,
    tail: () => tail.trim().split("\n").slice(-12).join("\n"),
    async stop(graceMs = 12_000) {
      if (!running()) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => running() && child.kill("SIGKILL"), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Waits until `ready` answers true, or throws VigieError "unavailable" with the child's last words. */
export async function untilReady(child: Child, what: string, timeoutMs: number, ready: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let gone: string | null = null;
  void child.exited.then((sentence) => {
    gone = sentence;
  });
  while (!(await ready())) {
    if (gone !== null) throw new VigieError("unavailable", `${gone}:\n${child.tail()}`);
    if (Date.now() > deadline) throw new VigieError("unavailable", `${what} was not ready after ${Math.round(timeoutMs / 1000)} s:\n${child.tail()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
