import { z } from "zod";
import { redact } from "#lib/domain/redact.ts";
import { ClusterError, type ClusterErrorReason } from "#lib/ports/cluster.ts";

/** Turns what goes wrong on the wire into ClusterErrors whose message is a sentence with the server's own words. */

export interface Attempt {
  /** Cluster's short name. */
  cluster: string;
  /** host:port, for sentences. */
  address: string;
  /** "list pods in dreamscape-prod" */
  what: string;
  /** True when the request changes something. */
  write: boolean;
}

/** meta/v1 Status: the API server's own replies, also inside watch streams. */
export const statusSchema = z.looseObject({
  kind: z.literal("Status"),
  message: z.string().nullish(),
  reason: z.string().nullish(),
  code: z.number().nullish(),
  details: z
    .looseObject({
      name: z.string().nullish(),
      kind: z.string().nullish(),
      retryAfterSeconds: z.number().nullish(),
      causes: z.array(z.looseObject({ reason: z.string().nullish(), field: z.string().nullish(), message: z.string().nullish() })).nullish(),
    })
    .nullish(),
});
export type ApiStatus = z.infer<typeof statusSchema>;

/** The Status in a reply's body, or null when the body is something else. */
export function parseStatus(body: string): ApiStatus | null {
  try {
    return statusSchema.parse(JSON.parse(body));
  } catch {
    return null;
  }
}

/**
 * Foreign text made fit for one sentence: one line, no control characters or markup, at most 400 characters.
 * Whole objects, which the API server quotes back in some refusals, are left out: they may hold what is nobody's business.
 */
export function plainWords(text: string): string {
  const line = redact(text.slice(0, 100_000))
    .replace(/"\{.*\}"/s, '"{…}"')
    .replaceAll(/<[^>]{0,200}>/g, " ")
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim();
  return line.length > 400 ? `${line.slice(0, 400)}…` : line;
}

/** Retry-After in milliseconds (RFC 9110, 10.2.3): seconds or a date. Null when absent or unreadable; never more than an hour. */
export function parseRetryAfter(value: string | undefined, now: number): number | null {
  if (value === undefined || value.trim() === "") return null;
  const milliseconds = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(milliseconds) ? Math.min(Math.max(milliseconds, 0), 3_600_000) : null;
}

interface Reply {
  status: number;
  retryAfter?: string | undefined;
  body: string;
}

/** An answer that is not 2xx. */
export function failureOfReply(attempt: Attempt, reply: Reply, now: number): ClusterError {
  const status = parseStatus(reply.body);
  return failureOfStatus(attempt, reply.status, status, plainWords(status?.message ?? reply.body), parseRetryAfter(reply.retryAfter, now));
}

/** A Status object, from a reply or from the middle of a watch. */
export function failureOfStatus(attempt: Attempt, code: number, status: ApiStatus | null, words: string, retryAfterHeaderMs: number | null): ClusterError {
  const seconds = status?.details?.retryAfterSeconds;
  const retryAfterMs = retryAfterHeaderMs ?? (seconds ? seconds * 1000 : null);
  const reason = reasonOf(code, status);
  const said = words === "" ? `HTTP ${code}` : words;
  return new ClusterError(reason, sentence(attempt, reason, code, said), {
    status: code,
    ...(retryAfterMs !== null && { retryAfterMs }),
    // A 5xx may come from a proxy or from a time-out behind the API server, after the write went through.
    outcomeUnknown: attempt.write && code >= 500 && code !== 501,
  });
}

function reasonOf(code: number, status: ApiStatus | null): ClusterErrorReason {
  switch (code) {
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      // A missing object is named in the details; an API that is not served says only "404 page not found" or "could not find the requested resource".
      return status?.details?.name ? "not-found" : "unsupported";
    case 405:
    case 501:
      return "unsupported";
    case 409:
      return "conflict";
    case 410:
      return "gone";
    case 429:
      return "throttled";
    case 422:
      // A patch with another object's uid: the precondition failed, as for PUT, where the same mistake is a 409.
      return status?.details?.causes?.some((cause) => cause.field === "metadata.uid") ? "conflict" : "invalid";
    default:
      return code >= 400 && code < 500 ? "invalid" : "server";
  }
}

function sentence(attempt: Attempt, reason: ClusterErrorReason, code: number, said: string): string {
  const cluster = `cluster ${JSON.stringify(attempt.cluster)}`;
  const words = /[.!?…]$/.test(said) ? said : `${said}.`;
  switch (reason) {
    case "unauthorized":
      return `The credentials for ${cluster} were refused (${code}); they may have expired. Renew the token or client certificate in its kubeconfig: it is read again by itself. The server says: ${words}`;
    case "forbidden":
      return `Vigie may not ${attempt.what} on ${cluster}: ${words}`;
    case "not-found":
      return `${capital(cluster)} has no such object (${attempt.what}): ${words}`;
    case "unsupported":
      return `${capital(cluster)} does not serve what is needed to ${attempt.what}: ${words}`;
    case "conflict":
      return `${capital(cluster)} refused to ${attempt.what}, because it has changed meanwhile or exists already: ${words}`;
    case "gone":
      return `${capital(cluster)} no longer keeps the history needed to ${attempt.what}: ${words}`;
    case "invalid":
      return `${capital(cluster)} refused to ${attempt.what} as invalid: ${words}`;
    case "throttled":
      return `${capital(cluster)} asks to slow down (${attempt.what}): ${words}`;
    default:
      return `${capital(cluster)} failed to ${attempt.what} (HTTP ${code}): ${words}`;
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** How far a request had come. Only from "sent" on may it have had an effect. */
export type Phase = "connect" | "sent" | "body";

/** A time limit that ran out, thrown into the request to end it. */
export class TimeLimit extends Error {
  readonly limitMs: number;
  constructor(limitMs: number) {
    super("time limit");
    this.limitMs = limitMs;
  }
}

/** No answer, or only a part of one. */
export function failureOfNetwork(attempt: Attempt, error: unknown, phase: Phase): ClusterError {
  const outcomeUnknown = attempt.write && phase !== "connect";
  const cluster = `Cluster ${JSON.stringify(attempt.cluster)} at ${attempt.address}`;
  if (error instanceof TimeLimit) {
    const seconds = `${Math.round(error.limitMs / 100) / 10} s`;
    const message = {
      connect: `${cluster} does not accept a connection within ${seconds}.`,
      sent: `${cluster} did not answer within ${seconds} (${attempt.what}).`,
      body: `${cluster} stopped in the middle of its answer for ${seconds} (${attempt.what}).`,
    }[phase];
    return new ClusterError("timeout", message, { outcomeUnknown, cause: error });
  }
  const code = codeOf(error);
  if (code === "ETIMEDOUT") return new ClusterError("timeout", `${cluster} does not answer (${code}, ${attempt.what}).`, { outcomeUnknown, cause: error });
  const tls = tlsTrouble(code, error);
  if (tls !== null) return new ClusterError("unreachable", `${cluster} cannot be trusted: ${tls}`, { cause: error });
  const why = networkTrouble[code] ?? plainWords(error instanceof Error ? error.message : String(error));
  const message = phase === "connect" ? `${cluster} cannot be reached: ${why}. Check that it runs, and the server in its kubeconfig.` : `The connection to cluster ${JSON.stringify(attempt.cluster)} was lost: ${why} (${attempt.what}).`;
  return new ClusterError("unreachable", message, { outcomeUnknown, cause: error });
}

/** Ended by the caller's own signal. */
export function failureOfAbort(attempt: Attempt, phase: Phase, cause: unknown): ClusterError {
  return new ClusterError("timeout", `Vigie gave up before cluster ${JSON.stringify(attempt.cluster)} answered (${attempt.what}).`, { outcomeUnknown: attempt.write && phase !== "connect", cause });
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const code = error instanceof Error && "code" in error ? error.code : "";
  return typeof code === "string" ? code : "";
}

const networkTrouble: Record<string, string> = {
  ECONNREFUSED: "connection refused, nothing listens there",
  ECONNRESET: "connection reset",
  EPIPE: "connection closed by the other side",
  ENOTFOUND: "its name cannot be resolved",
  EAI_AGAIN: "its name cannot be resolved for now",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to its network",
  HPE_INVALID_CONSTANT: "what answers there does not speak HTTP",
};

function tlsTrouble(code: string, error: unknown): string | null {
  switch (code) {
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "CERT_SIGNATURE_FAILURE":
      return `its certificate is not signed by the certificate authority in the kubeconfig (${code}). Check certificate-authority-data.`;
    case "CERT_HAS_EXPIRED":
      return "its certificate has expired. Renew it on the server.";
    case "CERT_NOT_YET_VALID":
      return "its certificate is not valid yet. Compare the clocks of both machines.";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `its certificate is for another name: ${plainWords(error instanceof Error ? error.message : "")} Set tls-server-name in the kubeconfig or use a name the certificate holds.`;
    case "EPROTO":
      return "it does not speak TLS as expected. Check the port in the kubeconfig's server.";
    default:
      if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_")) return `the TLS handshake failed (${code}).`;
      return null;
  }
}
