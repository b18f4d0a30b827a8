import { badRequest, expired, KubeError } from "#sandbox/kube/errors.ts";
import { isRecord } from "#sandbox/kube/objects/json.ts";
import { fieldMatcher, labelMatcher, type Matcher } from "#sandbox/kube/objects/selectors.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

export interface ContinueToken {
  /** Version of the list it goes on with; -1: whatever is current. */
  version: number;
  namespace: string;
  name: string;
  /** Number of the page it asks for, 2 or more. */
  page: number;
}

export function encodeContinue(token: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: token.version, start: `${token.namespace}/${token.name}`, page: token.page })).toString("base64url");
}

/** Throws KubeError 400 when the token is not one of ours. */
export function decodeContinue(text: string): ContinueToken {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (isRecord(parsed) && parsed.v === "meta.k8s.io/v1" && Number.isInteger(parsed.rv) && typeof parsed.start === "string") {
      const slash = parsed.start.indexOf("/");
      return { version: Number(parsed.rv), namespace: parsed.start.slice(0, slash), name: parsed.start.slice(slash + 1), page: Number(parsed.page ?? 2) };
    }
  } catch {
    // Answered below, like any other token that is not ours.
  }
  throw badRequest("continue key is not valid: it must be the token of an earlier list");
}

/** 410 of a token whose list is forgotten, with a token to go on without consistency, as the real server offers. */
export function continueExpired(token: ContinueToken): { error: KubeError; metadata: { continue: string } } {
  const error = expired(
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
  );
  return { error, metadata: { continue: encodeContinue({ ...token, version: -1 }) } };
}

/** labelSelector, fieldSelector and the name in the path as one test. Undefined: everything matches. */
export function matcherOf(resourceKey: string, query: URLSearchParams): Matcher | undefined {
  const matchers: Matcher[] = [];
  const labels = query.get("labelSelector");
  const fields = query.get("fieldSelector");
  if (labels) matchers.push(labelMatcher(labels));
  if (fields) matchers.push(fieldMatcher(resourceKey, fields));
  if (matchers.length === 0) return undefined;
  return (object: KubeObject) => matchers.every((matches) => matches(object));
}

/** A count in the query. Throws KubeError 400 when it is not one. */
export function countOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: the parameter ${name} must be a count`);
  return Number(text);
}

/** Version in `resourceVersion=`, undefined when absent; one above `current` is not to be had yet. Throws KubeError 400/504. */
export function versionOf(query: URLSearchParams, current = Number.POSITIVE_INFINITY): number | undefined {
  const text = query.get("resourceVersion");
  if (text === null || text === "") return undefined;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`Invalid value: ${JSON.stringify(text)}: resourceVersion must be a number`);
  const version = Number(text);
  if (version > current) {
    throw new KubeError(504, "Timeout", `Timeout: Too large resource version: ${version}, current: ${current}`, {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }], retryAfterSeconds: 1,
    });
  }
  return version;
}
