import http from "node:http";
import https from "node:https";
import type { IncomingMessage } from "node:http";
import { createSecureContext } from "node:tls";
import { isDeepStrictEqual } from "node:util";
import { firstOf } from "#lib/adapters/egress/first-of.ts";
import { configuredLookup } from "#lib/adapters/egress/outgoing.ts";
import { ClusterError } from "#lib/ports/cluster.ts";
import type { ClusterConnection, Credentials, TlsMaterial } from "#lib/adapters/kubernetes/connection.ts";
import { failureOfAbort, failureOfNetwork, failureOfReply, TimeLimit, type Attempt, type Phase } from "#lib/adapters/kubernetes/failure.ts";

export interface TransportRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query. */
  path: string;
  /** "list pods in dreamscape-prod", for sentences. */
  what: string;
  body?: string;
  contentType?: string;
  accept?: string;
  /** Until the status line, and longest silence within a body; the transport's own when left out, and never longer than that. */
  timeoutMs?: number;
  /** Bytes of the body; more is an error. */
  maxBytes?: number;
  signal?: AbortSignal | undefined;
  /** "pods": requests that wait for a pod rather than for the API server, so that slow pods keep no connection from the others. */
  pool?: "calls" | "pods";
}

export interface Reply {
  status: number;
  headers: IncomingMessage["headers"];
  body: string;
}

export interface Transport {
  /** Any status resolves; no answer, or half of one, throws a ClusterError. */
  call(request: TransportRequest): Promise<Reply>;
  /** As call, but any status outside 2xx throws too. */
  succeed(request: TransportRequest): Promise<Reply>;
  /** A long answer on a connection pool of its own: its bytes as they come. Resolves at the status line; only 2xx resolves. Ends quietly when the signal fires. */
  stream(request: TransportRequest & { signal: AbortSignal }): Promise<AsyncIterable<Buffer>>;
  close(): void;
}

export interface TransportOptions {
  cluster: string;
  connection: ClusterConnection;
  /** Until the status line, and longest silence within a body. */
  requestTimeoutMs: number;
  connectTimeoutMs: number;
}

const defaultMaxBytes = 64 * 1024 * 1024;
type Pool = "calls" | "pods" | "streams";

export function createTransport(options: TransportOptions): Transport {
  const { connection, requestTimeoutMs } = options;
  const address = connection.server.host;
  const secure = connection.server.protocol === "https:";
  const basePath = connection.server.pathname.replace(/\/+$/, "");
  const closing = new AbortController();
  const agents = createAgents(connection, secure);

  const attemptOf = (request: TransportRequest): Attempt => ({ cluster: options.cluster, address, what: request.what, write: request.method !== "GET" });

  /** Sends the request and resolves at the status line. `retry`: whether a dead kept-alive connection may be replaced once. */
  async function open(request: TransportRequest, pool: Pool, retry = true): Promise<IncomingMessage> {
    const attempt = attemptOf(request);
    if (closing.signal.aborted) throw new ClusterError("unreachable", `The connection to cluster ${JSON.stringify(options.cluster)} is closed: Vigie is stopping.`);
    const credentials = await credentialsFor(attempt);
    const { signal, release } = firstOf([request.signal, closing.signal]);
    try {
      if (signal.aborted) throw failureOfAbort(attempt, "connect", signal.reason);
      return await send(request, attempt, pool, credentials, signal);
    } catch (error) {
      const stale = error instanceof StaleConnection;
      if (stale && retry && !attempt.write) return open(request, pool, false);
      throw stale ? error.failure : error;
    } finally {
      release();
    }
  }

  async function credentialsFor(attempt: Attempt): Promise<Credentials> {
    try {
      return await connection.credentials();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ClusterError("unauthorized", `There are no credentials for cluster ${JSON.stringify(attempt.cluster)}: ${why}`, { cause });
    }
  }

  function send(request: TransportRequest, attempt: Attempt, pool: Pool, credentials: Credentials, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      let phase: Phase = "connect";
      const limitMs = request.timeoutMs ?? requestTimeoutMs;
      const connectLimitMs = Math.min(options.connectTimeoutMs, limitMs);
      const outgoing = (secure ? https : http).request({
        protocol: connection.server.protocol,
        hostname: connection.server.hostname.replace(/^\[|\]$/g, ""),
        port: connection.server.port || (secure ? 443 : 80),
        method: request.method,
        path: basePath + request.path,
        agent: agents.get(pool, credentials.tls),
        headers: {
          "user-agent": "vigie",
          accept: request.accept ?? "application/json",
          ...credentials.headers,
          ...(request.body !== undefined && { "content-type": request.contentType ?? "application/json", "content-length": Buffer.byteLength(request.body) }),
        },
      });
      const abort = () => outgoing.destroy(new Error("aborted"));
      const answerTimer = setTimeout(() => outgoing.destroy(new TimeLimit(limitMs)), limitMs);
      const connectTimer = setTimeout(() => phase === "connect" && outgoing.destroy(new TimeLimit(connectLimitMs)), connectLimitMs);
      const done = () => {
        clearTimeout(answerTimer);
        clearTimeout(connectTimer);
        signal.removeEventListener("abort", abort);
      };
      signal.addEventListener("abort", abort, { once: true });

      outgoing.on("socket", (socket) => {
        const sent = () => void (phase = "sent");
        if (outgoing.reusedSocket) sent();
        else socket.once(secure ? "secureConnect" : "connect", sent);
      });
      outgoing.on("response", (incoming) => {
        done();
        resolve(incoming);
      });
      outgoing.on("error", (error) => {
        done();
        if (signal.aborted) return reject(failureOfAbort(attempt, phase, signal.reason));
        const failure = failureOfNetwork(attempt, error, phase);
        const dead = outgoing.reusedSocket && !(error instanceof TimeLimit);
        reject(dead ? new StaleConnection(failure) : failure);
      });
      outgoing.end(request.body);
    });
  }

  /** Reads a whole body. An answer that stops, breaks off or is too long is an error: half an answer is none. */
  async function read(request: TransportRequest, incoming: IncomingMessage): Promise<Reply> {
    const attempt = attemptOf(request);
    const maxBytes = request.maxBytes ?? defaultMaxBytes;
    const chunks: Buffer[] = [];
    let size = 0;
    const quietMs = Math.min(requestTimeoutMs, request.timeoutMs ?? requestTimeoutMs);
    const quiet = setTimeout(() => incoming.destroy(new TimeLimit(quietMs)), quietMs);
    const abort = () => incoming.destroy(new Error("aborted"));
    const { signal, release } = firstOf([request.signal, closing.signal]);
    signal.addEventListener("abort", abort, { once: true });
    try {
      if (signal.aborted) abort();
      for await (const chunk of incoming as AsyncIterable<Buffer>) {
        quiet.refresh();
        size += chunk.length;
        if (size > maxBytes) {
          throw new ClusterError("server", `The answer of cluster ${JSON.stringify(options.cluster)} is larger than ${Math.round(maxBytes / 1024)} KiB (${request.what}).`, { outcomeUnknown: attempt.write });
        }
        chunks.push(chunk);
      }
    } catch (error) {
      incoming.destroy();
      if (error instanceof ClusterError) throw error;
      throw signal.aborted ? failureOfAbort(attempt, "body", signal.reason) : failureOfNetwork(attempt, error, "body");
    } finally {
      clearTimeout(quiet);
      release();
    }
    const status = incoming.statusCode ?? 0;
    return { status, headers: incoming.headers, body: Buffer.concat(chunks).toString("utf8") };
  }

  /**
   * A refusal for its credentials (401) was not carried out. Where they have been renewed meanwhile, the request is sent once more with the new ones: an
   * expired token then costs nothing instead of a wait.
   */
  async function renewed(before: Credentials): Promise<boolean> {
    connection.forget();
    try {
      return !isDeepStrictEqual((await connection.credentials()).headers, before.headers);
    } catch {
      return false;
    }
  }

  async function call(request: TransportRequest): Promise<Reply> {
    const before = await credentialsFor(attemptOf(request));
    const reply = await read(request, await open(request, request.pool ?? "calls"));
    if (reply.status !== 401 || request.signal?.aborted === true || !(await renewed(before))) return reply;
    return read(request, await open(request, request.pool ?? "calls"));
  }

  async function* bytes(request: TransportRequest & { signal: AbortSignal }, incoming: IncomingMessage): AsyncGenerator<Buffer> {
    const { signal, release } = firstOf([request.signal, closing.signal]);
    const abort = () => incoming.destroy();
    signal.addEventListener("abort", abort, { once: true });
    try {
      if (signal.aborted) return;
      for await (const chunk of incoming as AsyncIterable<Buffer>) yield chunk;
    } catch (error) {
      if (signal.aborted) return;
      throw failureOfNetwork(attemptOf(request), error, "body");
    } finally {
      release();
      incoming.destroy();
    }
  }

  const failure = (request: TransportRequest, reply: Reply) =>
    failureOfReply(attemptOf(request), { status: reply.status, retryAfter: reply.headers["retry-after"], body: reply.body }, Date.now());

  return {
    call,
    async succeed(request) {
      const reply = await call(request);
      if (reply.status < 200 || reply.status > 299) throw failure(request, reply);
      return reply;
    },
    async stream(request) {
      const before = await credentialsFor(attemptOf(request));
      let incoming = await open(request, "streams");
      if (incoming.statusCode === 401 && (await renewed(before))) {
        incoming.resume();
        incoming = await open(request, "streams");
      }
      const status = incoming.statusCode ?? 0;
      if (status < 200 || status > 299) throw failure(request, await read({ ...request, maxBytes: 256 * 1024 }, incoming));
      return bytes(request, incoming);
    },
    close() {
      closing.abort();
      agents.close();
    },
  };
}

/** A kept-alive connection that the server had closed already: nothing was wrong with the request. */
class StaleConnection extends Error {
  readonly failure: ClusterError;
  constructor(failure: ClusterError) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Keep-alive agents, one per pool, made anew when the client certificate or the CA changes. */
function createAgents(connection: ClusterConnection, secure: boolean): { get(pool: Pool, tls: TlsMaterial): http.Agent; close(): void } {
  let current: { tls: TlsMaterial; pools: Record<Pool, http.Agent> } | null = null;
  const made: http.Agent[] = [];
  const make = (tls: TlsMaterial): Record<Pool, http.Agent> => {
    // Made once: reading the certificates again for every connection costs milliseconds each.
    const material = secure ? sharedContext(tls) : {};
    const common = { keepAlive: true, keepAliveMsecs: 15_000, scheduling: "lifo" as const, lookup: configuredLookup() };
    const agent = (maxSockets: number): http.Agent =>
      secure
        ? new https.Agent({ ...common, maxSockets, ...material, rejectUnauthorized: connection.verifyTls, ...(connection.servername !== undefined && { servername: connection.servername }) })
        : new http.Agent({ ...common, maxSockets });
    return { calls: agent(32), pods: agent(64), streams: agent(Infinity) };
  };
  return {
    get(pool, tls) {
      if (current === null || !sameTls(current.tls, tls)) {
        current = { tls, pools: make(tls) };
        // Agents of the old certificate stay until their last request is over.
        made.push(...Object.values(current.pools));
      }
      return current.pools[pool];
    },
    close() {
      for (const agent of made) agent.destroy();
    },
  };
}

/** What cannot be used fails where it is used, as a failure to connect. */
function sharedContext(tls: TlsMaterial): https.AgentOptions {
  try {
    return { secureContext: createSecureContext(tls) };
  } catch {
    return tls;
  }
}

function sameTls(a: TlsMaterial, b: TlsMaterial): boolean {
  if (a === b) return true;
  const same = (x: string | Buffer | undefined, y: string | Buffer | undefined) =>
    x === y || (x !== undefined && y !== undefined && Buffer.from(x).equals(Buffer.from(y)));
  return same(a.ca, b.ca) && same(a.cert, b.cert) && same(a.key, b.key);
}
