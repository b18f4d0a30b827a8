import { z } from "zod";
import type { Log } from "#lib/ports/runtime.ts";
import { ClusterError, fieldManager, type ClusterApi, type PatchType, type WatchEvent } from "#lib/ports/cluster.ts";
import type { ClusterConnection } from "#lib/adapters/kubernetes/connection.ts";
import { failureOfStatus, plainWords, statusSchema } from "#lib/adapters/kubernetes/failure.ts";
import { LineTooLong, splitLines } from "#lib/adapters/kubernetes/lines.ts";
import { collectionPath, collectionWords, objectPath, objectWords, query } from "#lib/adapters/kubernetes/paths.ts";
import { createPodApi } from "#lib/adapters/kubernetes/pod-api.ts";
import { parseList, parseObject, versionSchema, watchLineSchema } from "#lib/adapters/kubernetes/replies.ts";
import { createTransport } from "#lib/adapters/kubernetes/transport.ts";

const contentTypes: Record<PatchType, string> = {
  "strategic-merge": "application/strategic-merge-patch+json",
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
};

/** One event: etcd holds at most 1.5 MiB an object, its JSON may be a few times that. */
const maxEventBytes = 16 * 1024 * 1024;
const maxObjectBytes = 16 * 1024 * 1024;

export interface ClusterApiOptions {
  /** Short name for sentences and keys. */
  name: string;
  connection: ClusterConnection;
  log: Log;
  /** Until the status line of an answer, and longest silence inside one. Default 10 s. */
  requestTimeoutMs?: number;
  /** Until a connection stands, TLS included. Default 5 s. */
  connectTimeoutMs?: number;
}

/**
 * One cluster's API over HTTP/1.1 with kept-alive connections, those of watches and logs apart from the others.
 * Everything it throws is a ClusterError. A watch first yields a bookmark of the version it was opened at:
 * the server's sign that the watch stands. Source of paths and semantics: kubernetes.io, "API concepts".
 */
export function createClusterApi(options: ClusterApiOptions): ClusterApi {
  const { name, connection, log } = options;
  const cluster = JSON.stringify(name);
  const transport = createTransport({ cluster: name, connection, requestTimeoutMs: options.requestTimeoutMs ?? 10_000, connectTimeoutMs: options.connectTimeoutMs ?? 5_000 });
  if (!connection.verifyTls) log.warn({ cluster: name, server: connection.server.host }, "The cluster's certificate is not verified (insecure-skip-tls-verify)");

  /** What an upstream says is parsed here; what cannot be understood is the server's failure, not ours. */
  function understood<T>(what: string, write: boolean, body: string, parse: (value: unknown) => T): T {
    try {
      return parse(JSON.parse(body));
    } catch (cause) {
      const why = cause instanceof z.ZodError ? cause.issues.slice(0, 3).map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ") : "it is not JSON";
      throw new ClusterError("server", `Cluster ${cluster} gave an answer that cannot be understood (${what}): ${plainWords(why)}.`, { outcomeUnknown: write, cause });
    }
  }

  async function* watchEvents(lines: AsyncIterable<string>, what: string, resourceVersion: string): AsyncGenerator<WatchEvent> {
    yield { type: "BOOKMARK", resourceVersion };
    try {
      for await (const line of lines) {
        if (line === "") continue;
        const event = understood(what, false, line, (value) => watchLineSchema.parse(value));
        switch (event.type) {
          case "BOOKMARK":
            yield { type: "BOOKMARK", resourceVersion: event.object.metadata.resourceVersion };
            break;
          case "ERROR": {
            const status = statusSchema.safeParse(event.object).data ?? null;
            throw failureOfStatus({ cluster: name, address: connection.server.host, what, write: false }, status?.code ?? 500, status, plainWords(status?.message ?? line), null);
          }
          default:
            yield event;
        }
      }
    } catch (error) {
      if (error instanceof LineTooLong) throw new ClusterError("server", `Cluster ${cluster} sent an event that is too large (${what}): ${error.message}.`, { cause: error });
      throw error;
    }
  }

  return {
    name,

    async list(kind, { namespace, labelSelector, fieldSelector, limit, continue: token, timeoutMs }, signal) {
      const what = `list ${collectionWords(kind, namespace)}`;
      const path = collectionPath(kind, namespace) + query({ labelSelector, fieldSelector, limit, continue: token });
      const reply = await transport.succeed({ method: "GET", path, what, signal, ...(timeoutMs !== undefined && { timeoutMs }) });
      return understood(what, false, reply.body, parseList);
    },

    async *watch(kind, { namespace, labelSelector, resourceVersion, timeoutSeconds }, signal) {
      const what = `watch ${collectionWords(kind, namespace)}`;
      const path = collectionPath(kind, namespace) + query({ watch: true, allowWatchBookmarks: true, labelSelector, resourceVersion, timeoutSeconds });
      try {
        const bytes = await transport.stream({ method: "GET", path, what, signal });
        for await (const event of watchEvents(splitLines(bytes, { maxBytes: maxEventBytes, onTooLong: "throw" }), what, resourceVersion)) {
          if (signal.aborted) return;
          yield event;
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },

    async get(kind, namespace, objectName, signal) {
      const what = `get ${objectWords(kind, namespace, objectName)}`;
      const reply = await transport.succeed({ method: "GET", path: objectPath(kind, namespace, objectName), what, maxBytes: maxObjectBytes, signal });
      return understood(what, false, reply.body, parseObject);
    },

    async create(kind, namespace, object, signal) {
      const what = `create ${collectionWords(kind, namespace)}`;
      const path = collectionPath(kind, namespace) + query({ fieldManager });
      const reply = await transport.succeed({ method: "POST", path, what, body: JSON.stringify(object), maxBytes: maxObjectBytes, signal });
      return understood(what, true, reply.body, parseObject);
    },

    async replace(kind, namespace, objectName, object, signal) {
      const what = `replace ${objectWords(kind, namespace, objectName)}`;
      const path = objectPath(kind, namespace, objectName) + query({ fieldManager });
      const reply = await transport.succeed({ method: "PUT", path, what, body: JSON.stringify(object), maxBytes: maxObjectBytes, signal });
      return understood(what, true, reply.body, parseObject);
    },

    async remove(kind, namespace, objectName, preconditions, signal) {
      const what = `delete ${objectWords(kind, namespace, objectName)}`;
      await transport.succeed({ method: "DELETE", path: objectPath(kind, namespace, objectName), what, body: JSON.stringify({ apiVersion: "v1", kind: "DeleteOptions", preconditions }), maxBytes: maxObjectBytes, signal });
    },

    async patch(kind, namespace, objectName, type, body, patchOptions, signal) {
      const what = `patch ${objectWords(kind, namespace, objectName)}`;
      const subresource = patchOptions?.subresource === undefined ? "" : `/${patchOptions.subresource}`;
      const path = objectPath(kind, namespace, objectName) + subresource + query({ fieldManager, dryRun: patchOptions?.dryRun === true ? "All" : undefined });
      const reply = await transport.succeed({ method: "PATCH", path, what, body: JSON.stringify(body), contentType: contentTypes[type], maxBytes: maxObjectBytes, signal });
      return understood(what, patchOptions?.dryRun !== true, reply.body, parseObject);
    },

    ...createPodApi(name, connection.server.host, transport),

    async version(signal) {
      const what = "ask for its version";
      const reply = await transport.succeed({ method: "GET", path: "/version", what, maxBytes: 64 * 1024, signal });
      const version = understood(what, false, reply.body, (value) => versionSchema.parse(value));
      return { gitVersion: version.gitVersion };
    },

    close: () => transport.close(),
  };
}
