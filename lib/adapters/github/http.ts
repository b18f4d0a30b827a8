import type { IncomingHttpHeaders } from "node:http";
import { ask } from "#lib/adapters/egress/outgoing.ts";

export interface GithubRequest {
  url: URL;
  headers: Readonly<Record<string, string>>;
  timeoutMs: number;
  /** A longer body is an error, not a cut one. */
  maximumBytes: number;
  signal?: AbortSignal | undefined;
}

export interface GithubReply {
  status: number;
  headers: IncomingHttpHeaders;
  /** Undefined: it is not JSON. */
  body: unknown;
}

/** One GET without following redirects (a token must not follow one). Rejects with an Error whose message is a clause for people. */
export async function getJson(request: GithubRequest): Promise<GithubReply> {
  const reply = await ask({ ...request, method: "GET", reach: "configured" });
  return { ...reply, body: parse(reply.body) };
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
