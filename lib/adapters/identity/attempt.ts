import { AsyncLocalStorage } from "node:async_hooks";
import type { Person } from "#lib/contracts/person.ts";
import type { SignInRefusal } from "#lib/domain/sign-in-refusal.ts";
import { isVigieError } from "#lib/domain/error.ts";

/** One try at signing in, while next-auth works on it. */
export interface Attempt {
  person: Person | null;
  /** When they proved at the provider who they are; null when it did not say. */
  authenticatedAt: Date | null;
  /** Asked to prove it now: a sign-in of before will not do. */
  again: boolean;
  refused: SignInRefusal | null;
  error: unknown;
}

/** next-auth's logger is one for the process; this keeps what it says with the request that it says it about. */
export const attempts = new AsyncLocalStorage<Attempt>();

/** next-auth hands over an Error, or { error, providerId }. Nothing else of it is kept: the rest may hold codes and tokens. */
export function noteError(metadata: unknown): void {
  const attempt = attempts.getStore();
  const error = typeof metadata === "object" && metadata !== null && "error" in metadata ? metadata.error : metadata;
  if (attempt && attempt.error === null && error instanceof Error) attempt.error = error;
}

/** Message of an error without what looks like a code, state or token: libraries put those into their sentences. */
export function scrubbedMessage(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message.replaceAll(/[\w-]{20,}/g, "[removed]")}` : "no error was given";
}

const over = /cookie was missing|value could not be parsed|created for a different provider|state mismatch|state missing|nonce mismatch|invalid_grant|checks\.|expired|claim timestamp check failed/i;
const unreachable = /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|timed out|timeout/i;

/** Why an attempt came to nothing, for the person and the audit log. */
export function refusalOf(attempt: Attempt): SignInRefusal {
  if (attempt.refused !== null) return attempt.refused;
  const { error } = attempt;
  if (isVigieError(error) && error.code === "upstream") return "provider-unreachable";
  const text = error instanceof Error ? `${error.name} ${error.message}` : "";
  if (over.test(text)) return "expired";
  return unreachable.test(text) ? "provider-unreachable" : "provider-refused";
}
