import type { IncomingMessage } from "node:http";

/**
 * Whether a state-changing request may be acted on: it comes from our own page, or from no browser at all (neither Origin nor
 * Sec-Fetch-Site). Source: https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
export function isSameOriginOrNoBrowser(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  return origin === undefined || origin === `http://${host}`;
}

/** Reads a body of at most `maxBytes`. Undefined when it is longer. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    // Without setEncoding a request yields Buffers only.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > maxBytes) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}
