import { VigieError } from "#lib/domain/error.ts";

const timeoutMs = 8_000;
const maximumBytes = 1_048_576;

/**
 * GETs JSON from a sign-in provider: no redirects, eight seconds, at most 1 MiB. `null` for 404 and 403 when `optional`.
 * Throws VigieError "upstream" with the host only: addresses may carry codes.
 */
export async function fetchJson(url: string, options: { accessToken?: string; optional?: boolean } = {}): Promise<{ body: unknown; next: string | null } | null> {
  const host = new URL(url).host;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
      headers: { accept: "application/json", "user-agent": "vigie", ...(options.accessToken === undefined ? {} : { authorization: `Bearer ${options.accessToken}` }) },
    });
    text = await readLimited(response, host);
  } catch (cause) {
    throw new VigieError("upstream", `The sign-in service ${host} cannot be reached, or does not answer as it should. Try again in a minute.`, { cause });
  }
  if (options.optional && (response.status === 404 || response.status === 403)) return null;
  if (!response.ok) throw new VigieError("upstream", `The sign-in service ${host} answered with HTTP ${response.status}. Try again in a minute.`);
  try {
    return { body: JSON.parse(text), next: nextLink(response.headers.get("link")) };
  } catch (cause) {
    throw new VigieError("upstream", `The sign-in service ${host} answered with something that is not JSON.`, { cause });
  }
}

async function readLimited(response: Response, host: string): Promise<string> {
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > maximumBytes) throw new Error(`the answer of ${host} is longer than ${maximumBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Address of the next page in a Link header (RFC 8288). */
function nextLink(header: string | null): string | null {
  return /<([^>]+)>\s*;\s*rel="?next"?/.exec(header ?? "")?.[1] ?? null;
}
