import type { IncomingMessage } from "node:http";
import { badRequest } from "#sandbox/kube/errors.ts";

export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection";

/** What a request asks for, read from its method and path as the API's own RequestInfo resolver does. */
export interface RequestInfo {
  method: string;
  path: string;
  query: URLSearchParams;
  verb: Verb;
  /** Undefined for paths that are no resource (/version, /openapi/v2). */
  resource?: {
    group: string;
    version: string;
    plural: string;
    namespace?: string;
    name?: string;
    subresource?: string;
    /** Path below the subresource, still encoded, for proxies: "/healthz". */
    rest: string;
  };
}

const VERBS: Readonly<Record<string, Verb>> = { POST: "create", PUT: "update", PATCH: "patch", GET: "get", HEAD: "get", DELETE: "delete", OPTIONS: "get" };

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`invalid URL escape in the path: ${JSON.stringify(segment)}`);
  }
}

/** Throws KubeError 400 when the path cannot be decoded. */
export function readRequest(request: IncomingMessage): RequestInfo {
  const target = request.url ?? "/";
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1));
  const method = request.method ?? "GET";
  const info: RequestInfo = { method, path, query, verb: VERBS[method] ?? "get" };

  const raw = path.split("/").slice(1);
  const segments = raw.map(decodeSegment);
  const start = segments[0] === "api" && segments.length > 2 ? 2 : segments[0] === "apis" && segments.length > 3 ? 3 : 0;
  if (start === 0 || segments[start] === "") return info;
  const group = start === 3 ? (segments[1] ?? "") : "";
  const version = segments[start - 1] ?? "";
  let at = start;
  let namespace: string | undefined;
  // /namespaces/x/status and /namespaces/x/finalize belong to the namespace itself.
  const inNamespace = segments[at] === "namespaces" && segments.length > at + 2 && !["status", "finalize", ""].includes(segments[at + 2] ?? "");
  if (inNamespace) {
    namespace = segments[at + 1] ?? "";
    at += 2;
  }
  const name = segments[at + 1] === "" ? undefined : segments[at + 1];
  const subresource = segments[at + 2] === "" ? undefined : segments[at + 2];
  const below = raw.slice(at + 3).join("/");
  info.resource = {
    group, version, plural: segments[at] ?? "", rest: raw.length > at + 3 ? `/${below}` : "",
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
  if (name === undefined) {
    if (info.verb === "get") info.verb = isTrue(query.get("watch")) ? "watch" : "list";
    if (info.verb === "delete") info.verb = "deletecollection";
  }
  return info;
}

export function isTrue(value: string | null): boolean {
  return value === "true" || value === "1" || value === "";
}
