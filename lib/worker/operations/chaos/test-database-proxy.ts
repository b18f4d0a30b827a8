import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** late: every answer comes five seconds late. lose-commits: a COMMIT of what has an audit entry arrives, its answer does not, and the connection is reset. */
export type ProxyMode = "open" | "half-open" | "lost-answers" | "refuse" | "late" | "lose-commits";

const lateMs = 5_000;

/** A TCP proxy in front of PostgreSQL whose connections can be reset, silenced, or robbed of their answers. */
export interface DatabaseProxy {
  /** The given URL, by way of the proxy. */
  url(direct: string): string;
  set(mode: ProxyMode): void;
  /** Resets what is open. */
  cut(): void;
  stop(): Promise<void>;
}

export async function startDatabaseProxy(direct: string): Promise<DatabaseProxy> {
  const { hostname, port } = new URL(direct);
  const open = new Set<Socket>();
  let mode: ProxyMode = "open";
  const server = createServer((client) => {
    if (mode === "refuse") {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        open.delete(socket);
        // A half-open connection is not told that the other side went away.
        if (mode !== "half-open") (socket === client ? upstream : client).destroy();
      });
    }
    let [wroteEntry, committing] = [false, false];
    client.on("data", (chunk) => {
      wroteEntry ||= mode === "lose-commits" && chunk.includes("audit_append");
      if (wroteEntry && /\bCOMMIT\b/.test(chunk.toString("latin1"))) committing = true;
      if (mode !== "half-open") upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (committing) {
        client.resetAndDestroy();
        upstream.resetAndDestroy();
      } else if (mode === "late") setTimeout(() => client.write(chunk), lateMs);
      else if (mode !== "half-open" && mode !== "lost-answers") client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own = (server.address() as AddressInfo).port; // listening on TCP
  const cut = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    url(text) {
      const url = new URL(text);
      url.hostname = "127.0.0.1";
      url.port = String(own);
      return url.toString();
    },
    set: (next) => void (mode = next),
    cut,
    async stop() {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
