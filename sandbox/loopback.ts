import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

const loopbackNames = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/** Whether a host name or address (no port) can only mean this machine. */
export function isLoopback(host: string): boolean {
  return loopbackNames.test(host);
}

/** Throws when `host` is not loopback: the stand-ins have open doors and well-known accounts, so nobody else may reach them. */
export function requireLoopback(host: string, what: string): void {
  if (!isLoopback(host)) throw new Error(`${what} only listens on loopback (127.0.0.1, ::1 or localhost), not on "${host}": it lets anyone in. Set its host to 127.0.0.1.`);
}

/** Whether a Host header names loopback. A foreign name that resolves to 127.0.0.1 (DNS rebinding) does not. */
export function isLoopbackHostHeader(header: string | undefined): boolean {
  if (header === undefined) return false;
  return isLoopback(header.replace(/:\d+$/, ""));
}

/** Listens, and answers with the plain-http base URL (no slash at the end). Port 0 takes a free one. Rejects with a sentence when the port is taken. */
export function listenOnLoopback(server: Server, host: string, port: number, what: string): Promise<string> {
  requireLoopback(host, what);
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === "EADDRINUSE" ? `port ${port} is already in use` : cause.message;
      reject(new Error(`${what} could not listen on ${host}:${port}: ${reason}.`, { cause }));
    });
    server.listen(port, host, () => {
      // A TCP server that listens always has an AddressInfo; only pipes answer with a string.
      const address = server.address() as AddressInfo;
      resolve(`http://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${address.port}`);
    });
  });
}

/** Stops taking connections and ends those that are open, streams included. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
