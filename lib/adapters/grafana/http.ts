import { request as requestPlain } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { request as requestTls } from "node:https";

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

export interface GrafanaReply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** One request, without cookies and without following redirects. Rejects with an Error whose message is a clause for people. */
export function ask({ method, url, headers, body, timeoutMs, maximumBytes, signal }: GrafanaRequest): Promise<GrafanaReply> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const combined = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const all = { "user-agent": "vigie", ...(text !== undefined && { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) }), ...headers };
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(new Error(timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : signal?.aborted === true ? "the request was given up" : wordsOf(error), { cause: error }));
    const request = (url.protocol === "https:" ? requestTls : requestPlain)(url, { method, headers: all, signal: combined, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > maximumBytes) response.destroy(new Error(`an answer of more than ${maximumBytes} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", fail);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.on("error", fail);
    request.end(text);
  });
}

const words: Readonly<Record<string, string>> = { ECONNREFUSED: "the connection is refused", ENOTFOUND: "its name is not known", EAI_AGAIN: "its name cannot be looked up", ECONNRESET: "the connection was cut", EHOSTUNREACH: "there is no way to its host" };

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return words[code] ?? (error.message === "" ? code : error.message);
}
