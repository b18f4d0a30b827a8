export interface Running {
  /** Printed as one JSON line once everything answers. */
  ready: object;
  stop(): Promise<void>;
}

const stopTimeoutMs = 8000;

/**
 * Runs a process until SIGTERM, SIGINT or, when it was started with an IPC channel, until its parent is gone; then stops in order.
 * Exits 0 after an ordered stop, 1 when the start failed (one sentence on stderr) or the stop took longer than 8 s.
 */
export async function runUntilStopped(start: () => Promise<Running>): Promise<void> {
  const asked = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => resolve());
    if (process.channel !== undefined) process.once("disconnect", () => resolve());
  });
  const running = await start().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
  // A parent that dies takes the other end of our stdout with it; that must not end us before the ordered stop.
  process.stdout.on("error", () => undefined);
  console.log(JSON.stringify(running.ready));
  await asked;
  setTimeout(() => process.exit(1), stopTimeoutMs).unref();
  await running.stop();
  process.exit(0);
}
