import { createServer, type Server } from "node:https";
import { mkdirSync } from "node:fs";
import { Socket, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createFaults, type Faults } from "#sandbox/kube/faults.ts";
import type { ApiServer } from "#sandbox/kube/http/api-context.ts";
import { handleRequest } from "#sandbox/kube/http/router.ts";
import { loadTls, writePrivate } from "#sandbox/kube/http/tls.ts";
import { kubeconfigText, loadTokens, USERS, type User } from "#sandbox/kube/http/tokens.ts";
import { createWatchHub } from "#sandbox/kube/http/watch-hub.ts";
import type { ApiStore } from "#sandbox/kube/store.ts";
import type { NodeBackend } from "#sandbox/kube/types.ts";

export interface KubeServerOptions {
  store: ApiStore;
  backend: NodeBackend;
  /** 0: a free one. */
  port: number;
  host?: string;
  /** Certificates, tokens and kubeconfig files are kept here across starts. */
  dataDir: string;
  /** The clock, for certificates. */
  now: () => Date | number;
  faults?: Faults;
}

export interface KubeServer {
  url: string;
  caPem: string;
  /** The admin's; beside it lie kubeconfig-reader and kubeconfig-writer. */
  kubeconfigPath: string;
  /** Text of a kubeconfig for "admin", "reader" or "writer". Throws for anyone else. */
  kubeconfigFor(user: string): string;
  tokenFor(user: string): string;
  faults: Faults;
  /** Open watches, for tests and the console. */
  watchCount(): number;
  /** Closes every connection; the store stays open, it is its owner's to stop. */
  stop(): Promise<void>;
}

const SYSTEM_NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"];

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      // A TCP server that listens has an address of this form.
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function knownUser(user: string): User {
  const found = USERS.find((one) => one === user);
  if (!found) throw new Error(`there is no user "${user}" in the sandbox; known: ${USERS.join(", ")}`);
  return found;
}

/** Serves the store as a Kubernetes API over TLS. Rejects when the port is taken or `dataDir` cannot be written. */
export async function startKubeServer(options: KubeServerOptions): Promise<KubeServer> {
  const { store, dataDir } = options;
  const host = options.host ?? "127.0.0.1";
  const faults = options.faults ?? createFaults();
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const tls = await loadTls(join(dataDir, "tls"), host, new Date(options.now()));
  const tokens = loadTokens(dataDir);
  for (const name of SYSTEM_NAMESPACES) {
    if (!store.get("namespaces", undefined, name)) store.create("namespaces", { metadata: { name } as never }, { manager: "kube-apiserver" });
  }
  const api: ApiServer = { store, backend: options.backend, faults, hub: createWatchHub(store, faults) };
  const sockets = new Set<Socket>();

  function build(): Server {
    const server = createServer({ key: tls.keyPem, cert: tls.certPem, keepAliveTimeout: 65_000, requestTimeout: 0 }, (request, response) => {
      void handleRequest(api, tokens, request, response);
    });
    server.on("connection", (socket) => {
      if (!(socket instanceof Socket)) return;
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    server.on("secureConnection", (socket) => socket.on("error", () => socket.destroy()));
    // A client that goes away in the middle of a handshake or a request is no event of ours.
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    server.on("clientError", (_error, socket) => socket.destroy());
    return server;
  }

  function close(server: Server): Promise<void> {
    return new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.resetAndDestroy();
    });
  }

  let server: Server | undefined = build();
  const port = await listen(server, options.port, host);
  // Outages follow one another in order, however fast they are switched.
  let switching: Promise<void> = Promise.resolve();
  const applyDown = async () => {
    if (faults.state().down && server) {
      const closing = server;
      server = undefined;
      await close(closing);
    } else if (!faults.state().down && !server) {
      server = build();
      await listen(server, port, host);
    }
  };
  const stopFaults = faults.onChange((before, after) => {
    if (before.down !== after.down) switching = switching.then(applyDown).catch((error: unknown) => console.error("sandbox: the API server cannot come back:", error));
  });
  if (faults.state().down) switching = switching.then(applyDown);

  const url = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const configFor = (user: User) => kubeconfigText(url, tls.caPem, user, tokens.tokenOf(user));
  const kubeconfigPath = join(dataDir, "kubeconfig");
  for (const user of USERS) writePrivate(user === "admin" ? kubeconfigPath : `${kubeconfigPath}-${user}`, configFor(user));

  return {
    url,
    caPem: tls.caPem,
    kubeconfigPath,
    kubeconfigFor: (user) => configFor(knownUser(user)),
    tokenFor: (user) => tokens.tokenOf(knownUser(user)),
    faults,
    watchCount: () => api.hub.count(),
    async stop() {
      stopFaults();
      api.hub.stop();
      await switching;
      if (server) await close(server);
    },
  };
}
