import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";

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
  const timeout = AbortSignal.timeout(timeoutMs);
  const combined = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
  const body = json === undefined ? form?.toString() : JSON.stringify(json);
  const type = json === undefined ? "application/x-www-form-urlencoded" : "application/json";
  const all = { "user-agent": "vigie", accept: "application/json", ...(body !== undefined && { "content-type": type, "content-length": String(Buffer.byteLength(body)) }), ...headers };
  return new Promise<PrometheusReply>((resolve, reject) => {
    const fail = (error: unknown): void => reject(new Error(timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : signal?.aborted === true ? "the request was given up" : wordsOf(error), { cause: error }));
    const request = (url.protocol === "https:" ? requestTls : requestPlain)(url, { method: method ?? (body === undefined ? "GET" : "POST"), headers: all, signal: combined, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > maximumBytes) response.destroy(new Error(`an answer of more than ${maximumBytes} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", fail);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, contentType: response.headers["content-type"] ?? "", body: Buffer.concat(chunks) }));
    });
    request.on("error", fail);
    request.end(body);
  });
}

const words: Readonly<Record<string, string>> = { ECONNREFUSED: "the connection is refused", ENOTFOUND: "its name is not known", EAI_AGAIN: "its name cannot be looked up", ECONNRESET: "the connection was cut", EHOSTUNREACH: "there is no way to its host" };

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return words[code] ?? (error.message === "" ? code : error.message);
}
