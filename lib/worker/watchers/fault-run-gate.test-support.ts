import { once } from "node:events";
import http, { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createInterface } from "node:readline";

/** An HTTP gate in front of one API server that can do to its answers whatever networks, balancers and servers in trouble do. */

export interface GateUpstream {
  url: string;
  headers: Record<string, string>;
  tls: { ca?: string | Buffer | undefined; cert?: string | Buffer | undefined; key?: string | Buffer | undefined };
}

export interface GateRequest {
  what: "version" | "list" | "watch";
  /** "configmaps" */
  resource: string;
  /** "" for the core group. */
  group: string;
  /** 1 for the first page of a list. */
  page: number;
  /** What follows the dot of the token: which of the reflectors asks. */
  client: string;
}

/** `half`: half of the answer, then a reset. `goneInStream`: the watch opens and says 410. */
export type GateAnswer = { status: number; retryAfter?: number; body?: string } | "reset" | "half" | "goneInStream" | { delayMs: number } | null;

interface Relay {
  asked: GateRequest;
  response: ServerResponse;
  /** Nothing comes through any more, for good: as on a connection that died without a word. */
  deaf: boolean;
  said: string[];
  kept: string | null;
  keptTimer: NodeJS.Timeout | undefined;
}

export interface FaultGate {
  readonly url: string;
  /** Asked before every request. */
  decide: (request: GateRequest) => GateAnswer;
  /** The one token that is accepted, whatever follows a dot; others get 401. */
  token: string;
  /** While true, open watches go deaf and new ones are deaf from the beginning. */
  silentWatches: boolean;
  /** What is done to the lines of watches. */
  meddle: "nothing" | "replay" | "reorder" | "bookmarks";
  /** Ends open watches, all or those of one resource. */
  cut(how: "end" | "reset", resource?: string): void;
  /** No byte passes; connections stay open and are accepted. */
  freeze(): void;
  thaw(): void;
  /** Answers that are delayed are given now. */
  hurry(): void;
  refuse(): Promise<void>;
  listenAgain(): Promise<void>;
  close(): Promise<void>;
}

export const statusBody = (code: number, reason: string, message: string): string => JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", code, reason, message });

function classify(request: IncomingMessage, pages: ReadonlyMap<string, number>): GateRequest {
  const url = new URL(request.url ?? "/", "http://gate");
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const group = parts[0] === "apis" ? (parts[1] ?? "") : "";
  const what = url.pathname === "/version" ? "version" : url.searchParams.has("watch") ? "watch" : "list";
  return { what, client: request.headers.authorization?.split(".")[1] ?? "", resource: what === "version" ? "" : (parts.at(-1) ?? ""), group, page: pages.get(url.searchParams.get("continue") ?? "") ?? 1 };
}

export async function startFaultGate(upstream: GateUpstream, random: () => number): Promise<FaultGate> {
  const target = new URL(upstream.url);
  const secure = target.protocol === "https:";
  const agent = secure ? new https.Agent({ keepAlive: true, ...upstream.tls }) : new http.Agent({ keepAlive: true });
  const relays = new Set<Relay>();
  const pages = new Map<string, number>();
  const delayed = new Set<() => void>();
  const held: (() => void)[] = [];
  let frozen = false;
  let port = 0;

  const whenThawed = (step: () => void): void => void (frozen ? held.push(step) : step());
  const refuseWith = (response: ServerResponse, status: number, body: string, retryAfter?: number): void => {
    response.writeHead(status, { "content-type": "application/json", ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }) });
    response.end(body);
  };

  function ask(request: IncomingMessage, response: ServerResponse, onAnswer: (incoming: IncomingMessage) => void): void {
    const sent = (secure ? https : http).request({ hostname: target.hostname, port: target.port, path: request.url, method: request.method, headers: { accept: "application/json", ...upstream.headers }, agent }, onAnswer);
    // What breaks behind the gate breaks before it.
    sent.on("error", () => whenThawed(() => void request.socket.resetAndDestroy()));
    response.on("close", () => void sent.destroy());
    sent.end();
  }

  function list(request: IncomingMessage, response: ServerResponse, asked: GateRequest, half: boolean): void {
    ask(request, response, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", () => void request.socket.resetAndDestroy());
      incoming.on("end", () => {
        const body = Buffer.concat(chunks);
        const token = /"continue":"([^"]+)"/.exec(body.toString("utf8", 0, Math.min(body.length, 4_000)))?.[1];
        if (token !== undefined) pages.set(token, asked.page + 1);
        whenThawed(() => {
          response.writeHead(incoming.statusCode ?? 502, { "content-type": incoming.headers["content-type"] ?? "application/json", "content-length": body.length });
          if (!half) return void response.end(body);
          response.write(body.subarray(0, Math.floor(body.length / 2)), () => void request.socket.resetAndDestroy());
        });
      });
    });
  }

  function watch(request: IncomingMessage, response: ServerResponse, asked: GateRequest): void {
    const relay: Relay = { asked, response, deaf: gate.silentWatches, said: [], kept: null, keptTimer: undefined };
    relays.add(relay);
    response.on("close", () => {
      clearTimeout(relay.keptTimer);
      relays.delete(relay);
    });
    if (relay.deaf) {
      response.writeHead(200, { "content-type": "application/json" });
      return void response.flushHeaders();
    }
    ask(request, response, (incoming) => {
      whenThawed(() => {
        response.writeHead(incoming.statusCode ?? 502, { "content-type": "application/json" });
        response.flushHeaders();
      });
      const lines = createInterface({ input: incoming, crlfDelay: Number.POSITIVE_INFINITY });
      lines.on("line", (line) => whenThawed(() => pass(relay, line)));
      lines.on("error", () => undefined);
      incoming.on("end", () => whenThawed(() => {
        if (relay.deaf) return;
        letGo(relay);
        response.end();
      }));
      incoming.on("error", () => whenThawed(() => relay.deaf || void request.socket.resetAndDestroy()));
    });
  }

  function say(relay: Relay, line: string): void {
    if (relay.deaf || relay.response.writableEnded) return;
    relay.response.write(`${line}\n`);
  }
  function letGo(relay: Relay): void {
    clearTimeout(relay.keptTimer);
    const line = relay.kept;
    relay.kept = null;
    if (line !== null) say(relay, line);
  }
  const uidOf = (line: string): string | undefined => /"uid":"([^"]+)"/.exec(line)?.[1];

  function pass(relay: Relay, line: string): void {
    if (relay.deaf) return;
    const bookmark = line.startsWith('{"type":"BOOKMARK"');
    switch (gate.meddle) {
      case "nothing":
        letGo(relay);
        return say(relay, line);
      case "replay":
        say(relay, line);
        if (!bookmark) relay.said.push(line);
        for (let count = 0; count < 3 && relay.said.length > 0; count += 1) if (random() < 0.4) say(relay, relay.said[Math.floor(random() * relay.said.length)] ?? line);
        return;
      case "reorder": {
        // An event overtakes the one before it; of one object only now and then, and a bookmark never.
        const before = relay.kept;
        if (before !== null && (bookmark || uidOf(before) === uidOf(line) && random() < 0.5)) letGo(relay);
        if (bookmark) return say(relay, line);
        if (relay.kept === null) {
          relay.kept = line;
          relay.keptTimer = setTimeout(() => letGo(relay), 150);
          return;
        }
        say(relay, line);
        return letGo(relay);
      }
      case "bookmarks": {
        if (bookmark && random() < 0.5) return;
        say(relay, line);
        const version = /"resourceVersion":"([^"]+)"/.exec(line)?.[1];
        if (version !== undefined) say(relay, JSON.stringify({ type: "BOOKMARK", object: { kind: "x", metadata: { resourceVersion: version, creationTimestamp: null } } }));
        return;
      }
    }
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    const asked = classify(request, pages);
    if (frozen) return void held.push(() => handle(request, response));
    if (request.headers.authorization?.split(".")[0] !== `Bearer ${gate.token}`) return refuseWith(response, 401, statusBody(401, "Unauthorized", "Unauthorized"));
    const answer = gate.decide(asked);
    if (answer === "reset") return void request.socket.resetAndDestroy();
    if (answer === "goneInStream") {
      response.writeHead(200, { "content-type": "application/json" });
      return void response.end(`{"type":"ERROR","object":${statusBody(410, "Expired", "too old resource version")}}\n`);
    }
    if (answer !== null && typeof answer === "object" && "status" in answer) return refuseWith(response, answer.status, answer.body ?? statusBody(answer.status, "Fault", `fault ${answer.status}`), answer.retryAfter);
    const forward = (): void => (asked.what === "watch" ? watch(request, response, asked) : list(request, response, asked, answer === "half"));
    if (answer === null || answer === "half") return forward();
    const now = (): void => {
      clearTimeout(timer);
      delayed.delete(now);
      if (!response.destroyed) forward();
    };
    const timer = setTimeout(now, answer.delayMs);
    delayed.add(now);
  }

  const server = createServer(handle);
  server.keepAliveTimeout = 60_000;
  async function listen(): Promise<void> {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    // A server that listens on TCP has an address of this kind.
    port = (server.address() as AddressInfo).port;
  }
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
  });
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  await listen();

  let silent = false;
  const gate: FaultGate = {
    url: `http://127.0.0.1:${port}`,
    decide: () => null,
    token: "first",
    get silentWatches() {
      return silent;
    },
    set silentWatches(now) {
      silent = now;
      if (now) for (const relay of relays) relay.deaf = true;
    },
    meddle: "nothing",
    cut(how, resource) {
      for (const relay of relays) {
        if (resource !== undefined && relay.asked.resource !== resource) continue;
        letGo(relay);
        // A deaf one may have been left over from a fault before this one.
        if (how === "end" && !relay.deaf) relay.response.end();
        else relay.response.socket?.resetAndDestroy();
      }
    },
    freeze: () => void (frozen = true),
    thaw() {
      frozen = false;
      for (const step of held.splice(0)) step();
    },
    hurry() {
      for (const now of delayed) now();
    },
    refuse: stop,
    listenAgain: async () => void (server.listening || (await listen())),
    async close() {
      frozen = false;
      held.length = 0;
      gate.hurry();
      await stop();
      agent.destroy();
    },
  };
  return gate;
}
