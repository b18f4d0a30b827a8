import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A very small API server for fault tests: ConfigMaps of one namespace, with paging, watches and a history that can be forgotten. */

export interface TinyObject {
  metadata: { name: string; namespace: string; uid: string; resourceVersion: string };
  data: Record<string, string>;
}

export interface TinyRequest {
  kind: "list" | "watch" | "version";
  /** 1 for the first page. */
  page: number;
}

export type TinyFault = { status: number; headers?: Record<string, string>; body?: unknown } | "reset" | "silence" | { inStream: unknown } | { delayMs: number } | null;

export interface TinyCluster {
  url: string;
  port: number;
  put(name: string, data: Record<string, string>): TinyObject;
  remove(name: string): void;
  objects(): Map<string, TinyObject>;
  /** Versions up to now can no longer be watched from. */
  forget(): void;
  /** Asked before every request; what it returns happens instead of (or before) the answer. */
  fault: (request: TinyRequest) => TinyFault;
  /** Writes a line into every open watch. */
  say(event: unknown): void;
  /** Ends every open watch: properly, or by a reset. */
  cut(how: "end" | "reset"): void;
  /** While true, watches stay open and get nothing. One that has missed something stays deaf for good, as a broken connection would. */
  muted: boolean;
  requests: TinyRequest[];
  openWatches(): number;
  close(): Promise<void>;
}

interface OpenWatch {
  response: ServerResponse;
  timer: NodeJS.Timeout;
  deaf: boolean;
}

const statusOf = (code: number, reason: string, message: string) => ({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", code, reason, message });

export async function startTinyCluster(): Promise<TinyCluster> {
  let revision = 100;
  let forgotten = 0;
  let uids = 0;
  const objects = new Map<string, TinyObject>();
  const history: { revision: number; type: string; object: TinyObject }[] = [];
  const watches = new Set<OpenWatch>();
  const snapshots = new Map<number, TinyObject[]>();
  const send = (response: ServerResponse, event: unknown) => response.write(`${JSON.stringify(event)}\n`);

  function record(type: string, object: TinyObject): void {
    history.push({ revision, type, object });
    for (const watch of watches) {
      watch.deaf ||= cluster.muted;
      if (!watch.deaf) send(watch.response, { type, object });
    }
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://tiny");
    const query = url.searchParams;
    const offset = Number(query.get("continue")?.split(":")[0] ?? 0);
    const limit = Number(query.get("limit") ?? 0);
    const asked: TinyRequest = { kind: url.pathname === "/version" ? "version" : query.has("watch") ? "watch" : "list", page: limit === 0 ? 1 : offset / limit + 1 };
    cluster.requests.push(asked);
    const fault = cluster.fault(asked);
    if (fault === "reset") return void request.socket.resetAndDestroy();
    if (fault === "silence") return;
    if (fault !== null && "status" in fault) {
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      return void response.end(JSON.stringify(fault.body ?? statusOf(fault.status, "Fault", `fault ${fault.status}`)));
    }
    const answer = () => {
      if (asked.kind === "version") return void response.writeHead(200).end(JSON.stringify({ gitVersion: "v1.30.0+tiny" }));
      if (asked.kind === "list") return list(response, offset, limit, query.get("continue"));
      watch(response, Number(query.get("resourceVersion")), Number(query.get("timeoutSeconds")), fault !== null && "inStream" in fault ? fault.inStream : undefined);
    };
    if (fault !== null && "delayMs" in fault) setTimeout(answer, fault.delayMs);
    else answer();
  });

  function list(response: ServerResponse, offset: number, limit: number, token: string | null): void {
    const at = token === null ? revision : Number(token.split(":")[1]);
    response.setHeader("content-type", "application/json");
    if (at < forgotten) return void response.writeHead(410).end(JSON.stringify(statusOf(410, "Expired", "The provided continue parameter is too old")));
    // Every page is of the same moment, as etcd's are.
    if (token === null) snapshots.set(at, [...objects.values()]);
    const all = snapshots.get(at) ?? [];
    const page = limit === 0 ? all : all.slice(offset, offset + limit);
    const more = limit !== 0 && offset + limit < all.length;
    response.end(JSON.stringify({ metadata: { resourceVersion: String(at), ...(more && { continue: `${offset + limit}:${at}` }) }, items: page }));
  }

  function watch(response: ServerResponse, from: number, seconds: number, inStream: unknown): void {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    if (inStream !== undefined || from < forgotten) {
      send(response, { type: "ERROR", object: inStream ?? statusOf(410, "Expired", `too old resource version: ${from} (${forgotten})`) });
      return void response.end();
    }
    const open: OpenWatch = {
      response,
      deaf: cluster.muted,
      timer: setTimeout(() => {
        if (cluster.muted || open.deaf) return;
        send(response, { type: "BOOKMARK", object: { kind: "ConfigMap", metadata: { resourceVersion: String(revision), creationTimestamp: null } } });
        response.end();
      }, seconds * 1000),
    };
    watches.add(open);
    response.on("close", () => {
      clearTimeout(open.timer);
      watches.delete(open);
    });
    if (open.deaf) return;
    for (const event of history) if (event.revision > from) send(response, { type: event.type, object: event.object });
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on TCP has an address of this kind.
  const { port } = server.address() as AddressInfo;

  const cluster: TinyCluster = {
    url: `http://127.0.0.1:${port}`,
    port,
    put(name, data) {
      revision += 1;
      const before = objects.get(name);
      const object: TinyObject = { metadata: { name, namespace: "test", uid: before?.metadata.uid ?? `uid-${(uids += 1)}`, resourceVersion: String(revision) }, data };
      objects.set(name, object);
      record(before === undefined ? "ADDED" : "MODIFIED", object);
      return object;
    },
    remove(name) {
      const before = objects.get(name);
      if (before === undefined) return;
      revision += 1;
      objects.delete(name);
      record("DELETED", { ...before, metadata: { ...before.metadata, resourceVersion: String(revision) } });
    },
    objects: () => new Map([...objects.values()].map((object) => [object.metadata.uid, object])),
    forget() {
      revision += 1;
      forgotten = revision;
      history.length = 0;
    },
    fault: () => null,
    say(event) {
      for (const open of watches) send(open.response, event);
    },
    cut(how) {
      for (const { response } of watches) {
        if (how === "end") response.end();
        else response.socket?.resetAndDestroy();
      }
    },
    muted: false,
    requests: [],
    openWatches: () => watches.size,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return cluster;
}
