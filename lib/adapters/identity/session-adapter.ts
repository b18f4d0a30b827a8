import type { Adapter, AdapterUser } from "next-auth/adapters";
import type { Attempt } from "#lib/adapters/identity/attempt.ts";
import type { SignInStore, StoredUser } from "#lib/ports/identity.ts";

/** next-auth wants an address for every user; ours may have none, and nothing here is ever looked up by it. */
function toAdapterUser(user: StoredUser): AdapterUser {
  return { id: user.id, name: user.name, email: user.email ?? "", emailVerified: user.emailVerified };
}

/**
 * The part of next-auth's adapter that the code flow uses. Users are made by `SignInStore.signIn` before next-auth asks for them, so a person
 * exists only once a role was found for them; addresses never join accounts. Sessions are read by our own code (lib/services/session/read),
 * which keeps both limits; here they only begin and end.
 */
export function createSessionAdapter(store: SignInStore, provider: string, replacesToken: string | null, attempt: Attempt): Adapter {
  return {
    getUserByAccount: async ({ provider: id, providerAccountId }) => {
      const user = await store.userOf(id, providerAccountId);
      return user && toAdapterUser(user);
    },
    getUserByEmail: () => null,
    getUser: () => null,
    createUser: () => {
      throw new Error("users are made before next-auth asks for them");
    },
    linkAccount: () => {
      throw new Error("accounts are never linked");
    },
    updateUser: () => {
      throw new Error("users are updated at sign-in");
    },
    createSession: async ({ sessionToken, userId }) => {
      const { expiresAt } = await store.createSession(userId, sessionToken, { provider, replacesToken, authenticatedAt: attempt.authenticatedAt });
      return { sessionToken, userId, expires: expiresAt };
    },
    getSessionAndUser: () => null,
    updateSession: () => null,
    deleteSession: (token) => store.endSession(token),
  };
}
