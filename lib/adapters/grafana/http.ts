import { ask as askOutside } from "#lib/adapters/egress/outgoing.ts";
import type { OutgoingReply } from "#lib/adapters/egress/guarded-request.ts";

export interface GrafanaRequest {
  method: "GET" | "POST" | "PATCH";
  url: URL;
  headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: unknown;
  timeoutMs: number;
  /** A longer body is an error, not a cut one. */
  maximumBytes: number;
  signal?: AbortSignal | undefined;
}

export type GrafanaReply = OutgoingReply;

/** One request, without cookies and without following redirects. Rejects with an Error whose message is a clause for people. */
export function ask({ body, headers, ...request }: GrafanaRequest): Promise<GrafanaReply> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return askOutside({ ...request, headers: { "user-agent": "vigie", ...(text !== undefined && { "content-type": "application/json" }), ...headers }, body: text, reach: "configured" });
}
