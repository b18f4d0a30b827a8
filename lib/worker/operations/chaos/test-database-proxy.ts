import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

export type ProxyMode = "open" | "half-open" | "lost-answers" | "refuse";

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
    client.on("data", (chunk) => {
      if (mode !== "half-open") upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (mode === "open" || mode === "refuse") client.write(chunk);
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
