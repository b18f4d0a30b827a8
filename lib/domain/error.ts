import { redactForms } from "#lib/domain/redact.ts";

/**
 * The closed union of what is foreseen to fail. Each maps to one HTTP status; `detail` is for people and programs, `cause` only for the log.
 * `sign-in-again`: the session is good, but this takes a fresh proof of who it is (RFC 9470 calls that step-up).
 */
export const errorCodes = ["denied", "unauthenticated", "sign-in-again", "invalid", "conflict", "not-found", "limited", "upstream", "unavailable"] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** What an answer may say: a code of the above, or `internal` for what nobody foresaw, whose reference leads to it in the log. Nothing is thrown with that one. */
export const answerCodes = [...errorCodes, "internal"] as const;
export type AnswerCode = (typeof answerCodes)[number];

export const errorHttpStatus: Record<AnswerCode, number> = {
  unauthenticated: 401,
  "sign-in-again": 401,
  denied: 403,
  invalid: 400,
  conflict: 409,
  "not-found": 404,
  limited: 429,
  upstream: 502,
  unavailable: 503,
  internal: 500,
};

/**
 * An expected failure with a sentence a person can act on (what, where, what to do).
 * Anything else that is thrown becomes a generic message with a reference id at the edge. The sentence is redacted here, whoever shows it later.
 */
export class VigieError extends Error {
  readonly code: ErrorCode;
  /** Structured facts (a difference, a field path); must hold no secret. */
  readonly detail: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: { detail?: Record<string, unknown>; cause?: unknown } = {}) {
    super(redactForms(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "VigieError";
    this.code = code;
    this.detail = options.detail;
  }
}

export function isVigieError(error: unknown): error is VigieError {
  return error instanceof Error && error.name === "VigieError" && "code" in error;
}
