import { ask as askOutside } from "#lib/adapters/egress/outgoing.ts";

export interface PrometheusRequest {
  url: URL;
  headers: Readonly<Record<string, string>>;
  /** Sent as a form with POST; a GET when left out. Long queries do not fit into an address. */
  form?: URLSearchParams | undefined;
  /** Sent as JSON with POST instead. */
  json?: unknown;
  /** Where it is neither GET nor POST. */
  method?: "DELETE";
  timeoutMs: number;
  /** A longer body is an error, not a cut one. */
  maximumBytes: number;
  signal?: AbortSignal | undefined;
}

export interface PrometheusReply {
  status: number;
  contentType: string;
  body: Buffer;
}

/** One request, without following redirects. Rejects with an Error whose message is a clause for people. */
export async function ask({ url, headers, form, json, method, timeoutMs, maximumBytes, signal }: PrometheusRequest): Promise<PrometheusReply> {
  const sent = json === undefined ? form?.toString() : JSON.stringify(json);
  const type = json === undefined ? "application/x-www-form-urlencoded" : "application/json";
  const all = { "user-agent": "vigie", accept: "application/json", ...(sent !== undefined && { "content-type": type }), ...headers };
  const { status, headers: answered, body } = await askOutside({ method: method ?? (sent === undefined ? "GET" : "POST"), url, headers: all, body: sent, timeoutMs, maximumBytes, signal, reach: "configured" });
  return { status, contentType: answered["content-type"] ?? "", body };
}
