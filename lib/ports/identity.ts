import type { Person } from "#lib/contracts/person.ts";
import type { SignInRefusal } from "#lib/domain/sign-in-refusal.ts";

/** What the sign-in adapter needs of the database. Tokens are handed over as they are and kept as hashes only. */
export interface SignInStore {
  /** Knows the person again or for the first time, with what the provider says today; refused when they hold no role. */
  signIn(provider: string, person: Person): Promise<{ userId: string } | { refused: SignInRefusal }>;
  userOf(provider: string, subject: string): Promise<StoredUser | null>;
  /** The provider lets this subject in no more: whoever it is keeps nothing of what they were given there, in any session. */
  left(provider: string, subject: string): Promise<void>;
  /** Begins a session and ends the one it replaces; `expiresAt` is its absolute limit. */
  createSession(userId: string, token: string, begun: SessionBegun): Promise<{ expiresAt: Date }>;
  endSession(token: string): Promise<void>;
}

export interface SessionBegun {
  provider: string;
  /** The session of that browser before, which ends. */
  replacesToken: string | null;
  /** When the person proved at the provider who they are; null when it did not say. */
  authenticatedAt: Date | null;
}

export interface StoredUser {
  id: string;
  name: string | null;
  email: string | null;
  emailVerified: Date | null;
}
