import { request as requestPlain } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { request as requestTls } from "node:https";
import { isIP } from "node:net";
import { isPublicAddress, publicLookup } from "#lib/adapters/registry/address-guard.ts";

export interface HttpReply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

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
export async function httpGet({ url, headers, timeoutMs, maximumBytes, trusted, signal }: HttpRequest): Promise<HttpReply> {
  if (!trusted) {
    if (url.protocol !== "https:") throw new Error(`${url.host} is not asked without TLS`);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (isIP(host) !== 0 && !isPublicAddress(host)) throw new Error(`${url.host} is not a public address`);
  } else if (url.protocol !== "https:" && url.protocol !== "http:") throw new Error(`${url.protocol} is not a protocol of registries`);
  const timeout = AbortSignal.timeout(timeoutMs);
  const combined = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
  return new Promise<HttpReply>((resolve, reject) => {
    const fail = (error: unknown): void => reject(timeout.aborted ? new Error(`no answer within ${timeoutMs / 1000} s`, { cause: error }) : asError(error));
    const request = (url.protocol === "https:" ? requestTls : requestPlain)(url, { method: "GET", headers, signal: combined, agent: false, ...(trusted ? {} : { lookup: publicLookup }) }, (response) => {
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
    request.end();
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
