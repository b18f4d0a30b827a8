import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { ClusterError, type ClusterApi } from "#lib/ports/cluster.ts";
import type { Log } from "#lib/ports/runtime.ts";
import { createClusterApi } from "#lib/adapters/kubernetes/cluster-api.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

async function serve(listener: RequestListener): Promise<ClusterApi> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on TCP has an address of this kind.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`;
  const api = createClusterApi({ name: "prod", connection: { server: new URL(url), servername: undefined, verifyTls: true, credentials: async () => ({ headers: {}, tls: {} }), forget() {} }, log: silent, requestTimeoutMs: 1_000 });
  onTestFinished(() => {
    api.close();
    server.closeAllConnections();
    server.close();
  });
  return api;
}

const refused = "dial tcp 10.42.1.7:3003: connect: connection refused";
const ask = (api: ClusterApi, path = "/health", timeoutMs = 500) => api.podHttp("prod", "core-1", 3003, path, timeoutMs);
async function thrown(promise: Promise<unknown>): Promise<ClusterError> {
  const error = await promise.then(() => new Error("nothing was thrown"), (caught: unknown) => caught);
  if (!(error instanceof ClusterError)) throw error;
  return error;
}

describe("a pod's port through the API server", () => {
  it("asks a Service the same way, and a Service without ready pods is no answer", async () => {
    const seen: string[] = [];
    const api = await serve((request, response) => {
      seen.push(request.url ?? "");
      if (seen.length === 1) response.writeHead(200).end("ok");
      else response.writeHead(503, { "content-type": "application/json" }).end(JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", message: 'no endpoints available for service "core-preview"', reason: "ServiceUnavailable", code: 503 }));
    });
    expect(await api.serviceHttp("prod", "core-preview", 80, "/health", 500)).toEqual({ status: 200, body: "ok" });
    expect(seen).toEqual(["/base/api/v1/namespaces/prod/services/core-preview%3A80/proxy/health"]);
    expect((await thrown(api.serviceHttp("prod", "core-preview", 80, "/health", 500))).message).toContain("no endpoints available");
  });

  it("gives whatever the pod answers, at the path asked for", async () => {
    const seen: string[] = [];
    const api = await serve((request, response) => {
      seen.push(request.url ?? "");
      response.writeHead(503).end('{"status":"fail"}');
    });
    expect(await ask(api)).toEqual({ status: 503, body: '{"status":"fail"}' });
    await ask(api, "/a b/c%20d/?full=1&x=?");
    expect(seen).toEqual(["/base/api/v1/namespaces/prod/pods/core-1%3A3003/proxy/health", "/base/api/v1/namespaces/prod/pods/core-1%3A3003/proxy/a%20b/c%20d/?full=1&x=?"]);
    for (const path of ["/../../secrets", "/a/%2e%2e/b"]) expect((await thrown(ask(api, path))).reason).toBe("invalid");
    expect(seen).toHaveLength(2);
  });

  it("reaches a Service the same way", async () => {
    const seen: string[] = [];
    const api = await serve((request, response) => {
      seen.push(request.url ?? "");
      response.writeHead(200).end("fine");
    });
    expect(await api.serviceHttp("prod", "core-preview", 80, "/health?full=1", 500)).toEqual({ status: 200, body: "fine" });
    expect(seen).toEqual(["/base/api/v1/namespaces/prod/services/core-preview%3A80/proxy/health?full=1"]);
    expect((await thrown(api.serviceHttp("prod", "..", 80, "/../x", 500))).reason).toBe("invalid");
  });

  it.each([
    ["a Status (1.23 and later)", 503, JSON.stringify({ kind: "Status", apiVersion: "v1", code: 503, reason: "ServiceUnavailable", message: `error trying to reach service: ${refused}` })],
    ["plain text (earlier)", 503, `Error: '${refused}'\nTrying to reach: 'http://10.42.1.7:3003/health'`],
    ["plain text of a tunnel", 502, `Error trying to reach service: '${refused}'`],
  ])("tells a refused connection from the server's own trouble: %s", async (_title, status, body) => {
    const api = await serve((_request, response) => void response.writeHead(status).end(body));
    const reply = await ask(api);
    expect(reply.status).toBe(0);
    expect(reply.body).toContain("connection refused");
  });

  it.each([
    [403, JSON.stringify({ kind: "Status", code: 403, message: 'pods "core-1" is forbidden: User "v" cannot get resource "pods/proxy"' }), "forbidden"],
    [404, JSON.stringify({ kind: "Status", code: 404, message: 'pods "core-1" not found', details: { name: "core-1", kind: "pods" } }), "not-found"],
    [503, JSON.stringify({ kind: "Status", code: 503, message: "error trying to reach service: dial tcp 10.42.1.7:3003: i/o timeout" }), "server"],
    [502, "unable to proxy: no tunnel to the node", "server"],
    [501, JSON.stringify({ kind: "Status", code: 501, message: "not implemented" }), "unsupported"],
  ])("throws what the API server itself refuses: %i %s", async (status, body, reason) => {
    const api = await serve((_request, response) => void response.writeHead(status).end(body));
    expect((await thrown(ask(api))).reason).toBe(reason);
  });

  it("gives up on an answer that trickles", async () => {
    const api = await serve((_request, response) => {
      const timer = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(timer));
    });
    const startedAt = performance.now();
    expect((await thrown(ask(api, "/health", 150))).reason).toBe("timeout");
    expect(performance.now() - startedAt).toBeLessThan(900);
  });
});

describe("a container's log", () => {
  it("comes by lines as they are written, and ends at the signal", async () => {
    const ending = new AbortController();
    let url = "";
    let closed = false;
    const api = await serve((request, response) => {
      url = request.url ?? "";
      response.on("close", () => void (closed = true));
      response.write("first\nsecond\nthi");
      setTimeout(() => response.write("rd\nfourth\n"), 30);
    });
    const lines: string[] = [];
    for await (const line of api.podLog("prod", "core-1", { container: "auth", follow: true, tailLines: 100, timestamps: true }, ending.signal)) {
      lines.push(line);
      if (lines.length === 3) ending.abort();
    }
    expect(lines).toEqual(["first", "second", "third"]);
    expect(url).toBe("/base/api/v1/namespaces/prod/pods/core-1/log?container=auth&follow=true&tailLines=100&timestamps=true");
    await expect.poll(() => closed).toBe(true);
  });

  it("cuts a line at 16 KiB and goes on", async () => {
    const api = await serve((_request, response) => void response.end(`${"x".repeat(40_000)}\nnext\n`));
    const lines: string[] = [];
    for await (const line of api.podLog("prod", "core-1", { container: "auth", follow: false }, new AbortController().signal)) lines.push(line);
    expect(lines).toEqual([`${"x".repeat(16_384)}… (23616 more bytes cut)`, "next"]);
  });

  it("throws when it breaks off", async () => {
    const api = await serve((request, response) => {
      response.write("first\n");
      setTimeout(() => request.socket.resetAndDestroy(), 20);
    });
    const lines: string[] = [];
    const error = await thrown((async () => { for await (const line of api.podLog("prod", "core-1", { container: "auth", follow: true }, new AbortController().signal)) lines.push(line); })());
    expect(error.reason).toBe("unreachable");
    expect(lines).toEqual(["first"]);
  });
});
