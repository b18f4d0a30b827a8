import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { generate } from "selfsigned";
import { describe, expect, it, onTestFinished } from "vitest";
import { ClusterError, kinds, type ClusterApi } from "#lib/ports/cluster.ts";
import type { Log } from "#lib/ports/runtime.ts";
import { createClusterApi } from "#lib/adapters/kubernetes/cluster-api.ts";
import type { ClusterConnection, Credentials } from "#lib/adapters/kubernetes/connection.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const signal = new AbortController().signal;

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => undefined)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  // A server that listens on TCP has an address of this kind.
  return (server.address() as AddressInfo).port;
}

function apiAt(url: string, more: { credentials?: () => Promise<Credentials>; forget?: () => void; timeoutMs?: number; servername?: string } = {}): ClusterApi {
  const connection: ClusterConnection = { server: new URL(url), servername: more.servername, verifyTls: true, credentials: more.credentials ?? (async () => ({ headers: {}, tls: {} })), forget: more.forget ?? (() => undefined) };
  const api = createClusterApi({ name: "prod", connection, log: silent, requestTimeoutMs: more.timeoutMs ?? 300, connectTimeoutMs: 200 });
  onTestFinished(() => api.close());
  return api;
}

async function serve(listener: RequestListener, more: Parameters<typeof apiAt>[1] = {}): Promise<ClusterApi> {
  return apiAt(`http://127.0.0.1:${await listen(createHttpServer(listener))}`, more);
}

async function thrown(promise: Promise<unknown>): Promise<ClusterError> {
  const error = await promise.then(() => new Error("nothing was thrown"), (caught: unknown) => caught);
  if (!(error instanceof ClusterError)) throw error;
  return error;
}

const status = (code: number, more: Record<string, unknown> = {}) => JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code, message: `the server's words ${code}`, ...more });
const get = (api: ClusterApi) => api.get(kinds.deployments, "prod", "core");
const patch = (api: ClusterApi) => api.patch(kinds.deployments, "prod", "core", "merge", {});
const core = JSON.stringify({ metadata: { name: "core", uid: "u", resourceVersion: "1" }, spec: {} });

describe("answers that refuse", () => {
  it.each([
    [400, {}, "invalid", false],
    [401, {}, "unauthorized", false],
    [403, {}, "forbidden", false],
    [404, { details: { name: "core", kind: "deployments" } }, "not-found", false],
    [404, { details: {} }, "unsupported", false],
    [405, {}, "unsupported", false],
    [409, {}, "conflict", false],
    [410, {}, "gone", false],
    [413, {}, "invalid", false],
    [422, { details: { causes: [{ field: "spec.replicas" }] } }, "invalid", false],
    [422, { details: { causes: [{ field: "metadata.uid" }] } }, "conflict", false],
    [429, {}, "throttled", false],
    [500, {}, "server", true],
    [502, {}, "server", true],
    [503, {}, "server", true],
    [504, {}, "server", true],
    [302, {}, "server", false],
  ] as const)("%i %j is %s, with the server's words; a write's outcome unknown: %s", async (code, more, reason, outcomeUnknown) => {
    const api = await serve((_request, response) => void response.writeHead(code).end(status(code, more)));
    const read = await thrown(get(api));
    expect(read).toMatchObject({ reason, status: code, outcomeUnknown: false });
    expect(read.message).toContain(`the server's words ${code}`);
    expect(read.message).toMatch(/^[A-Z].*\.$/);
    expect(await thrown(patch(api))).toMatchObject({ reason, outcomeUnknown });
  });

  it("ACCEPTANCE 22: keeps Retry-After in seconds, as a date, or in the details", async () => {
    const replies: [Record<string, string>, string][] = [
      [{ "retry-after": "3" }, status(429)],
      [{ "retry-after": new Date(Date.now() + 60_000).toUTCString() }, status(503)],
      [{}, status(504, { details: { retryAfterSeconds: 7 } })],
      [{ "retry-after": "soon" }, status(429)],
    ];
    const api = await serve((_request, response) => {
      const [headers, body] = replies.shift() ?? [{}, ""];
      response.writeHead(429, headers).end(body);
    });
    expect((await thrown(get(api))).retryAfterMs).toBe(3_000);
    const dated = (await thrown(get(api))).retryAfterMs ?? 0;
    expect(dated).toBeGreaterThan(57_000);
    expect(dated).toBeLessThanOrEqual(60_000);
    expect((await thrown(get(api))).retryAfterMs).toBe(7_000);
    expect((await thrown(get(api))).retryAfterMs).toBeNull();
  });

  it("makes foreign words fit for one line, and leaves quoted objects out", async () => {
    const api = await serve((_request, response) => void response.writeHead(422).end(status(422, { message: `"" is invalid: patch: Invalid value: "{\\"env\\":\\"PASSWORD=hunter2\\"}": json: <b>bad</b>\u001b[31m\nline` })));
    const { message } = await thrown(patch(api));
    expect(message).not.toContain("hunter2");
    for (const sign of ["<", ">", "\u001b", "\n"]) expect(message).not.toContain(sign);
    expect(message).toContain("json:");
  });

  it("reads credentials anew after a 401", async () => {
    let forgotten = 0;
    const api = await serve((_request, response) => void response.writeHead(401).end(status(401)), { forget: () => void (forgotten += 1) });
    expect((await thrown(get(api))).message).toContain("may have expired");
    await thrown((async () => { for await (const _ of api.watch(kinds.pods, { resourceVersion: "1", timeoutSeconds: 1 }, signal)); })());
    expect(forgotten).toBe(2);
  });

  it("asks once more with credentials that were renewed meanwhile", async () => {
    let token = "old";
    const asked: string[] = [];
    const api = await serve(
      (request, response) => {
        asked.push(String(request.headers.authorization));
        if (request.headers.authorization === "Bearer new") response.end(core);
        else response.writeHead(401).end(status(401));
      },
      { credentials: async () => ({ headers: { authorization: `Bearer ${token}` }, tls: {} }), forget: () => void (token = "new") },
    );
    expect((await get(api)).metadata.name).toBe("core");
    expect(asked).toEqual(["Bearer old", "Bearer new"]);
  });

  it("says when there are no credentials at all", async () => {
    const api = await serve((_request, response) => void response.end(core), { credentials: () => Promise.reject(new Error("the plug-in failed")) });
    expect(await thrown(get(api))).toMatchObject({ reason: "unauthorized", message: 'There are no credentials for cluster "prod": the plug-in failed' });
  });
});

describe("answers that cannot be used", () => {
  it.each([
    ["no JSON", "<html>"],
    ["no metadata", "{}"],
    ["no uid", JSON.stringify({ metadata: { name: "core", resourceVersion: "1" } })],
    ["labels that are no words", JSON.stringify({ metadata: { name: "core", uid: "u", resourceVersion: "1", labels: { a: 1 } } })],
  ])("%s is the server's failure", async (_title, body) => {
    const api = await serve((_request, response) => void response.end(body));
    expect(await thrown(get(api))).toMatchObject({ reason: "server", outcomeUnknown: false });
    expect(await thrown(patch(api))).toMatchObject({ reason: "server", outcomeUnknown: true, message: expect.stringContaining("cannot be understood") });
  });

  it("lets everything but metadata through untouched", async () => {
    const whole = { kind: "ConfigMap", metadata: { name: "c", uid: "u", resourceVersion: "1", annotations: null, extra: 1 }, data: { "__proto__": "x", a: "1" }, other: [1, { b: 2 }] };
    const text = JSON.stringify(whole).replace('"data":{', '"data":{"__proto__":"kept",');
    const api = await serve((_request, response) => void response.end(text));
    const object = await get(api);
    expect(object["other"]).toEqual([1, { b: 2 }]);
    expect(Object.keys(object.data ?? {})).toEqual(["__proto__", "a"]);
    expect(object.metadata.annotations).toBeUndefined();
  });

  it("stops reading what is too long", async () => {
    const api = await serve((_request, response) => {
      const chunk = "x".repeat(64 * 1024);
      const more = () => {
        while (response.writable && response.write(chunk));
      };
      response.on("drain", more);
      more();
    }, { timeoutMs: 2_000 });
    expect((await thrown(api.version())).message).toContain("is larger than 64 KiB");
  });
});

describe("connections", () => {
  it("says when nobody listens, and that a write had no effect", async () => {
    const server = createTcpServer();
    const port = await listen(server);
    server.close();
    await once(server, "close");
    const api = apiAt(`http://127.0.0.1:${port}`);
    expect(await thrown(patch(api))).toMatchObject({ reason: "unreachable", outcomeUnknown: false, message: `Cluster "prod" at 127.0.0.1:${port} cannot be reached: connection refused, nothing listens there. Check that it runs, and the server in its kubeconfig.` });
  });

  it("says when the name does not exist", async () => {
    expect((await thrown(get(apiAt("http://nobody.invalid:1", { timeoutMs: 5_000 })))).message).toMatch(/its name cannot be resolved|does not accept a connection/);
  });

  it("says when no answer comes, when it stops half-way, and when it breaks off", async () => {
    let how: "silence" | "half" | "reset" | "broken" = "silence";
    const api = await serve((request, response) => {
      if (how === "silence") return;
      if (how === "reset") return void request.socket.resetAndDestroy();
      response.writeHead(200, { "content-length": "1000" });
      response.write("{");
      if (how === "broken") setImmediate(() => request.socket.resetAndDestroy());
    });
    expect(await thrown(patch(api))).toMatchObject({ reason: "timeout", outcomeUnknown: true, message: expect.stringMatching(/^Cluster "prod" at 127\.0\.0\.1:\d+ did not answer within 0\.3 s \(patch deployments\.apps\/core in prod\)\.$/) });
    how = "half";
    expect(await thrown(patch(api))).toMatchObject({ reason: "timeout", outcomeUnknown: true, message: expect.stringContaining("stopped in the middle of its answer") });
    how = "reset";
    expect(await thrown(patch(api))).toMatchObject({ reason: "unreachable", outcomeUnknown: true, message: expect.stringContaining("was lost: connection reset") });
    how = "broken";
    expect(await thrown(patch(api))).toMatchObject({ reason: "unreachable", outcomeUnknown: true });
    expect(await thrown(get(api))).toMatchObject({ reason: "unreachable", outcomeUnknown: false });
  });

  it("replaces a kept connection that died while idle, for reads; a write stays uncertain", async () => {
    const sockets: Socket[] = [];
    let kill = false;
    const api = await serve((request, response) => {
      if (kill && sockets.includes(request.socket)) return void request.socket.resetAndDestroy();
      sockets.push(request.socket);
      response.end(core);
    });
    await get(api);
    kill = true;
    expect((await get(api)).metadata.name).toBe("core");
    expect(await thrown(patch(api))).toMatchObject({ reason: "unreachable", outcomeUnknown: true });
  });

  it("gives up at the caller's signal, and after close", async () => {
    const api = await serve(() => undefined, { timeoutMs: 5_000 });
    const ending = new AbortController();
    const waiting = thrown(api.get(kinds.pods, "prod", "x", ending.signal));
    setTimeout(() => ending.abort(), 20);
    expect((await waiting).message).toContain("Vigie gave up");
    const pending = thrown(get(api));
    setTimeout(() => api.close(), 20);
    await pending;
    expect((await thrown(get(api))).message).toContain("Vigie is stopping");
  });

  it("checks the server's certificate and says what is wrong with it", async () => {
    const ours = await generate([{ name: "commonName", value: "127.0.0.1" }], { extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }] });
    const other = await generate([{ name: "commonName", value: "other" }]);
    const requests: IncomingMessage[] = [];
    const port = await listen(createHttpsServer({ cert: ours.cert, key: ours.private }, (request, response) => {
      requests.push(request);
      response.end(core);
    }));
    const withCa = (ca: string | undefined, servername?: string) => apiAt(`https://127.0.0.1:${port}`, { credentials: async () => ({ headers: { authorization: "Bearer t" }, tls: { ca } }), ...(servername !== undefined && { servername }), timeoutMs: 3_000 });
    expect((await get(withCa(ours.cert))).metadata.name).toBe("core");
    expect(requests[0]?.headers).toMatchObject({ authorization: "Bearer t", "user-agent": "vigie" });
    expect(await thrown(patch(withCa(other.cert)))).toMatchObject({ reason: "unreachable", outcomeUnknown: false, message: expect.stringContaining("is not signed by the certificate authority in the kubeconfig") });
    expect((await thrown(get(withCa(ours.cert, "elsewhere.example")))).message).toContain("its certificate is for another name");
    const plain = await listen(createHttpServer());
    expect((await thrown(get(apiAt(`https://127.0.0.1:${plain}`)))).message).toContain("does not speak TLS as expected");
    expect(requests).toHaveLength(1);
  });
});

describe("requests", () => {
  it("name the manager, the kind of patch and the dry run, and no name climbs out of its place", async () => {
    const seen: string[] = [];
    const api = await serve((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers["content-type"] ?? ""}`.trim());
      response.end(core);
    });
    await api.patch(kinds.deployments, "prod", "core", "strategic-merge", {}, { dryRun: true });
    await api.patch(kinds.deployments, "prod", "core", "json", [], { subresource: "scale" });
    await api.replace(kinds.configMaps, "prod", "../secrets/x?y#z", {});
    await api.create(kinds.configMaps, "prod", {});
    expect(seen).toEqual([
      "PATCH /apis/apps/v1/namespaces/prod/deployments/core?fieldManager=vigie&dryRun=All application/strategic-merge-patch+json",
      "PATCH /apis/apps/v1/namespaces/prod/deployments/core/scale?fieldManager=vigie application/json-patch+json",
      "PUT /api/v1/namespaces/prod/configmaps/..%2Fsecrets%2Fx%3Fy%23z?fieldManager=vigie application/json",
      "POST /api/v1/namespaces/prod/configmaps?fieldManager=vigie application/json",
    ]);
    await expect(api.get(kinds.configMaps, "prod", "..")).rejects.toMatchObject({ reason: "invalid", message: expect.stringContaining("cannot be part of a path") });
  });
});
