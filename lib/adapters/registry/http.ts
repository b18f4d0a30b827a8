import { ask } from "#lib/adapters/egress/outgoing.ts";
import type { OutgoingReply } from "#lib/adapters/egress/guarded-request.ts";

export type HttpReply = OutgoingReply;

export interface HttpRequest {
  url: URL;
  headers: Readonly<Record<string, string>>;
  timeoutMs: number;
  /** A longer body is an error, not a cut one. */
  maximumBytes: number;
  /** False: only https to public addresses (for hosts that somebody else named: image references, redirects, token realms). */
  trusted: boolean;
  signal?: AbortSignal | undefined;
}

/** One GET without following redirects. Rejects with an Error whose message is a clause for people. */
export function httpGet({ trusted, ...request }: HttpRequest): Promise<HttpReply> {
  if (trusted && request.url.protocol !== "https:" && request.url.protocol !== "http:") return Promise.reject(new Error(`${request.url.protocol} is not a protocol of registries`));
  return ask({ ...request, method: "GET", reach: trusted ? "configured" : "public" });
}
