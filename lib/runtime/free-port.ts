import { createServer } from "node:net";
import type { Server } from "node:net";

/** Below what Linux and macOS hand out by themselves (from 32768 and 49152): a port that is free now is not given to some outgoing connection before it is listened on. */
const lowest = 10_240;
const highest = 32_767;
/** How long a port that was handed out is handed to nobody else: the time until whoever asked listens on it. */
const reservedMs = 60_000;

/** A port on loopback that nobody listens on, and that no other process of Vigie was given within the last minute (Linux; elsewhere that is likely only). */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
    const reservation = await listening(`\0vigie-port-${port}`);
    if (reservation === null) continue;
    const probe = await listening(port);
    if (probe === null) {
      reservation.close();
      continue;
    }
    await new Promise((resolve) => probe.close(resolve));
    reservation.unref();
    setTimeout(() => void reservation.close(), reservedMs).unref();
    return port;
  }
}

/** Listens, on a port of loopback or on a socket with a name; null when somebody does already. */
function listening(where: number | string): Promise<Server | null> {
  const server = createServer((socket) => void socket.destroy());
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(null) : reject(error)));
    const listens = (): void => resolve(server);
    if (typeof where === "number") server.listen(where, "127.0.0.1", listens);
    // Names without a file are Linux's own; they are gone with the process.
    else if (process.platform === "linux") server.listen(where, listens);
    else resolve(server);
  });
}
