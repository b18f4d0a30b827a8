import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore, type ApiStore, type StoreOptions } from "#sandbox/kube/store.ts";
import { startKubeServer, type KubeServer } from "#sandbox/kube/server.ts";
import type { KubeObject, NodeBackend } from "#sandbox/kube/types.ts";

export interface Answer {
  code: number;
  headers: IncomingMessage["headers"];
  text: string;
  /** Parsed when it is JSON. */
  body: any; // Replies of every kind are looked into field by field.
}

export interface CallOptions {
  body?: unknown;
  raw?: string | Buffer;
  type?: string;
  accept?: string;
  user?: string | null;
  agent?: string;
}

export interface WatchStream {
  code: number;
  /** The next event; undefined when the stream has ended. */
  next(): Promise<{ type: string; object: any } | undefined>;
  close(): void;
}

export interface TestServer {
  store: ApiStore;
  server: KubeServer;
  dataDir: string;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  watch(path: string, options?: CallOptions): Promise<WatchStream>;
  stop(): Promise<void>;
}

/** Answers as a node would: two log lines per container, an echo behind port 8080, nothing behind any other. */
export const echoBackend: NodeBackend = {
  async *logs(pod, container, { follow, tailLines }, signal) {
    const lines = [`${pod.metadata.name}/${container} one`, `${pod.metadata.name}/${container} two`];
    yield* tailLines === undefined ? lines : lines.slice(-tailLines);
    if (follow && !signal.aborted) await once(signal, "abort");
  },
  async proxy(pod, port, { method, path, headers, body }) {
    if (port !== 8080) throw new Error(`dial tcp ${pod.status.podIP}:${port}: connect: connection refused`);
    return { status: 203, headers: { "content-type": "application/json", "x-from": "pod" }, body: JSON.stringify({ method, path, authorization: headers.authorization, body: body.toString() }) };
  },
};

/** A server of its own on a free port, with a folder of its own. Stop it when done. */
export async function startTestServer(options: Partial<StoreOptions> & { backend?: NodeBackend; dataDir?: string } = {}): Promise<TestServer> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "kube-test-"));
  const now = options.now ?? (() => new Date());
  const store = createStore({ ...options, now });
  const server = await startKubeServer({ store, backend: options.backend ?? echoBackend, port: 0, dataDir, now });
  const agent = new Agent({ ca: server.caPem, keepAlive: true });

  async function send(method: string, path: string, call: CallOptions): Promise<IncomingMessage> {
    const user = call.user === undefined ? "admin" : call.user;
    const payload = call.raw ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
    const outgoing = request(`${server.url}${path}`, {
      method, agent,
      headers: {
        ...(user === null ? {} : { authorization: `Bearer ${user.includes(" ") ? user.trim() : server.tokenFor(user)}` }),
        ...(call.accept === undefined ? {} : { accept: call.accept }),
        "user-agent": call.agent ?? "tests/1.0",
        ...(payload === undefined ? {} : { "content-type": call.type ?? "application/json", "content-length": Buffer.byteLength(payload) }),
      },
    });
    // A reset that comes after the headers shows in the stream that is being read.
    outgoing.on("error", () => undefined);
    outgoing.end(payload);
    const [response] = await once(outgoing, "response") as [IncomingMessage];
    return response;
  }

  async function call(method: string, path: string, given: CallOptions = {}): Promise<Answer> {
    const response = await send(method, path, given);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const isJson = String(response.headers["content-type"] ?? "").startsWith("application/json");
    return { code: response.statusCode ?? 0, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
  }

  async function watch(path: string, given: CallOptions = {}): Promise<WatchStream> {
    const response = await send("GET", path, given);
    const lines = readLines(response);
    return {
      code: response.statusCode ?? 0,
      async next() {
        const { value, done } = await lines.next();
        return done ? undefined : JSON.parse(value);
      },
      close: () => response.destroy(),
    };
  }

  return {
    store, server, dataDir, call, watch,
    async stop() {
      agent.destroy();
      await server.stop();
      await store.stop();
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function* readLines(response: IncomingMessage): AsyncGenerator<string> {
  let rest = "";
  try {
    for await (const chunk of response) {
      rest += (chunk as Buffer).toString();
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      yield* lines.filter((line) => line !== "");
    }
  } catch {
    // Cut by the server or by the test: the stream has ended.
  }
}

export function deploymentOf(name: string, changes: Record<string, unknown> = {}): Record<string, any> {
  return {
    apiVersion: "apps/v1", kind: "Deployment", metadata: { name },
    spec: {
      replicas: 2, selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "web", image: "registry.example/web:1" }] } },
      ...changes,
    },
  };
}

export function podOf(name: string, labels: Record<string, string> = {}, spec: Record<string, unknown> = {}): Record<string, any> {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default", labels }, spec: { nodeName: "node-1", containers: [{ name: "web", image: "registry.example/web:1", ports: [{ name: "http", containerPort: 8080 }] }], ...spec } };
}

/** Makes a pod look as a kubelet leaves it when all is well. */
export function markReady(store: ApiStore, name: string): KubeObject | undefined {
  return store.modify("pods", "default", name, { manager: "kubelet", subresource: "status" }, (pod) => {
    pod.status = {
      ...pod.status, phase: "Running", podIP: "10.42.0.7", conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [{ name: "web", ready: true, restartCount: 0, image: "registry.example/web:1", imageID: "", state: { running: { startedAt: "2026-01-01T00:00:00Z" } } }],
    };
  });
}
