import { ask } from "#lib/adapters/egress/outgoing.ts";
import { VigieError } from "#lib/domain/error.ts";

const timeoutMs = 8_000;
const maximumBytes = 1_048_576;

/**
 * GETs JSON from a sign-in provider: no redirects, eight seconds, at most 1 MiB. `null` for 404 and 403 when `optional`.
 * Throws VigieError "upstream" with the host only: addresses may carry codes.
 */
export async function fetchJson(url: string, options: { accessToken?: string; optional?: boolean } = {}): Promise<{ body: unknown; next: string | null } | null> {
  const host = new URL(url).host;
  const headers = { accept: "application/json", "user-agent": "vigie", ...(options.accessToken === undefined ? {} : { authorization: `Bearer ${options.accessToken}` }) };
  const answer = await ask({ method: "GET", url: new URL(url), headers, timeoutMs, maximumBytes, reach: "configured" }).catch((cause: unknown) => {
    throw new VigieError("upstream", `The sign-in service ${host} cannot be reached, or does not answer as it should. Try again in a minute.`, { cause });
  });
  if (options.optional && (answer.status === 404 || answer.status === 403)) return null;
  if (answer.status < 200 || answer.status > 299) throw new VigieError("upstream", `The sign-in service ${host} answered with HTTP ${answer.status}. Try again in a minute.`);
  try {
    return { body: JSON.parse(answer.body.toString("utf8")), next: nextLink(answer.headers.link) };
  } catch (cause) {
    throw new VigieError("upstream", `The sign-in service ${host} answered with something that is not JSON.`, { cause });
  }
}

/** Address of the next page in a Link header (RFC 8288). */
function nextLink(header: string | string[] | undefined): string | null {
  return /<([^>]+)>\s*;\s*rel="?next"?/.exec([header ?? ""].flat().join(", "))?.[1] ?? null;
}
