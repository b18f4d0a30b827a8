import { lookup as resolve } from "node:dns";
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";
import { firstOf } from "#lib/adapters/egress/first-of.ts";
import { guardedRequest, judgedLookup, Refused } from "#lib/adapters/egress/guarded-request.ts";
import type { OutgoingReply } from "#lib/adapters/egress/guarded-request.ts";
import { isAllowed, ownRule, publicRefusal, refusedAddress } from "#lib/domain/egress.ts";
import type { EgressRule } from "#lib/domain/egress.ts";

/**
 * How Vigie asks whatever is no cluster. Every adapter goes through here (lib/runtime/checks/egress-guard.test.ts sees to it): judged before and when
 * connecting, no redirects, no cookies, a time and a size.
 */
export interface Outgoing {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  timeoutMs: number;
  /** A longer body is an error, not a cut one. */
  maximumBytes: number;
  signal?: AbortSignal | undefined;
  /**
   * configured: an address that vigie.yaml names for this very purpose: anywhere but metadata services, link-local and reserved networks.
   * public: a host that somebody else named (an image reference, a redirect): TLS, and public addresses only.
   * rules: what they name (egress.allow), and nothing else.
   */
  reach: "configured" | "public" | readonly EgressRule[];
  /** Answers names; the system's when left out. */
  resolver?: LookupFunction | undefined;
}

/** One request. Rejects with an Error whose message is a clause for people, "the connection is refused"; with Refused when it may not be asked, which no second try changes. */
export async function ask({ method, url, headers, body, timeoutMs, maximumBytes, signal, reach, resolver = systemResolver }: Outgoing): Promise<OutgoingReply> {
  const rules = reach === "configured" ? [ownRule(url)] : reach;
  const refusal = rules === "public" ? refusedPublic(url) : refusedUrl(rules, url);
  if (refusal !== null) throw new Refused(refusal);
  const judge = (address: string): string | null => (rules === "public" ? (publicRefusal(address) === null ? null : `${url.hostname} has no public address`) : refusedAddress(rules, url, address));
  const timeout = AbortSignal.timeout(timeoutMs);
  const { signal: combined, release } = firstOf([timeout, signal]);
  const sized = body === undefined ? headers : { "content-length": String(Buffer.byteLength(body)), ...headers };
  try {
    return await guardedRequest(url, { method, headers: sized, ...(body !== undefined && { body }), signal: combined, lookup: judgedLookup(judge, resolver), maximumBytes });
  } catch (cause) {
    if (cause instanceof Refused) throw cause;
    throw new Error(timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : signal?.aborted === true ? "the request was given up" : wordsOf(cause), { cause });
  } finally {
    release();
  }
}

// Node's own lookup has more forms than the type of one; with `all` it answers a list, which judgedLookup asks for.
const systemResolver = resolve as LookupFunction;

/** For clients of libraries, which open connections themselves: a configured name leads anywhere but to metadata services, link-local and reserved networks. */
export function configuredLookup(resolver: LookupFunction = systemResolver): LookupFunction {
  return (hostname, options, callback) => {
    const url = URL.parse(`http://${hostname}`);
    if (url === null) return callback(new Error(`${hostname} is no host name`), "", 0);
    const rules = [ownRule(url)];
    return judgedLookup((address) => refusedAddress(rules, url, address), resolver)(hostname, options, callback);
  };
}

/** The address at which a configured host is reached, IPv4 first, judged. For clients that take no lookup. Rejects with an Error for people. */
export async function configuredAddress(host: string, resolver: LookupFunction = systemResolver): Promise<string> {
  const bare = host.replace(/^\[|\]$/g, "");
  if (isIP(bare) !== 0) return bare;
  return new Promise((done, fail) => {
    configuredLookup(resolver)(host, { all: true }, (error, found) => {
      if (error !== null) return fail(new Error(wordsOf(error), { cause: error }));
      const addresses = typeof found === "string" ? [{ address: found, family: isIP(found) }] : found;
      const [first] = addresses.toSorted((a, b) => a.family - b.family);
      return first === undefined ? fail(new Error("its name is not known")) : done(first.address);
    });
  });
}

/** Why an address may not be asked; null when its name may be: what it resolves to is judged when connecting. */
function refusedUrl(rules: readonly EgressRule[], url: URL): string | null {
  if (url.username !== "" || url.password !== "") return `${url.host} is not asked with a name or password in the address`;
  if (!isAllowed(rules, url)) return `${url.host} does not stand in egress.allow (vigie.yaml), so it is not asked`;
  const host = bareHost(url);
  return isIP(host) === 0 ? null : refusedAddress(rules, url, host);
}

function refusedPublic(url: URL): string | null {
  if (url.protocol !== "https:") return `${url.host} is not asked without TLS`;
  const host = bareHost(url);
  return isIP(host) === 0 || publicRefusal(host) === null ? null : `${url.host} is not a public address`;
}

/** Without the brackets of IPv6. */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

const words: Readonly<Record<string, string>> = { ECONNREFUSED: "the connection is refused", ENOTFOUND: "its name is not known", EAI_AGAIN: "its name cannot be looked up", ECONNRESET: "the connection was cut", EHOSTUNREACH: "there is no way to its host" };

export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return words[code] ?? (error.message === "" ? code : error.message);
}
