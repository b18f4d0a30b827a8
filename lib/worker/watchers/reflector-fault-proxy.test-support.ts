import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A TCP relay that can go dead without closing, be slow, reset everything, or stop listening. */
export interface FaultProxy {
  url: string;
  /** Connections stay open and new ones are accepted, but no byte passes. */
  freeze(): void;
  thaw(): void;
  /** Every byte from the server waits this long. */
  delayMs: number;
  resetAll(): void;
  /** New connections are refused, old ones reset. */
  refuse(): Promise<void>;
  listenAgain(): Promise<void>;
  connections(): number;
  close(): Promise<void>;
}

export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const pairs = new Set<{ near: Socket; far: Socket }>();
  let frozen = false;
  let port = 0;
  let server: Server;

  const accept = (near: Socket) => {
    const far = connect(targetPort, "127.0.0.1");
    const pair = { near, far };
    pairs.add(pair);
    const held: (() => void)[] = [];
    thawing.add(() => held.splice(0).forEach((pass) => pass()));
    const pass = (to: Socket, chunk: Buffer, delayMs: number) => {
      const write = () => void (to.destroyed || to.write(chunk));
      if (frozen) held.push(write);
      else if (delayMs > 0) setTimeout(write, delayMs);
      else write();
    };
    near.on("data", (chunk) => pass(far, chunk, 0));
    far.on("data", (chunk) => pass(near, chunk, proxy.delayMs));
    const end = (other: Socket) => () => {
      pairs.delete(pair);
      if (!frozen) other.destroy();
      else held.push(() => other.destroy());
    };
    near.on("close", end(far)).on("error", () => undefined);
    far.on("close", end(near)).on("error", () => undefined);
  };
  const thawing = new Set<() => void>();

  async function listen(): Promise<void> {
    server = createServer(accept);
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    // A server that listens on TCP has an address of this kind.
    port = (server.address() as AddressInfo).port;
  }
  const stop = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  await listen();

  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${port}`,
    freeze: () => void (frozen = true),
    thaw() {
      frozen = false;
      for (const release of thawing) release();
    },
    delayMs: 0,
    resetAll() {
      for (const { near, far } of pairs) {
        near.resetAndDestroy();
        far.destroy();
      }
    },
    async refuse() {
      const closed = stop();
      proxy.resetAll();
      await closed;
    },
    listenAgain: listen,
    connections: () => pairs.size,
    async close() {
      const closed = stop();
      proxy.resetAll();
      await closed;
    },
  };
  return proxy;
}
