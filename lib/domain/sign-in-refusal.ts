/** Why nobody was let in: a closed list, shown as sentences by the sign-in page and kept in the audit log. */
export const signInRefusals = ["no-role", "not-a-member", "disabled", "provider-refused", "provider-unreachable", "expired", "foreign-request", "unavailable", "no-auth-time", "not-anew"] as const;
export type SignInRefusal = (typeof signInRefusals)[number];

/** What the sign-in page says, by the `error` in its address. Total over whatever stands there: an unknown word gets the general sentence. */
const sentences: Record<SignInRefusal, string> = {
  "no-role": "You are known, but hold no role in Vigie. Ask an admin to give one to you or to a group you are in, then sign in again.",
  "not-a-member": "Your account is not a member of an organisation that may use this portal. Ask an admin which account to use.",
  disabled: "Your access to Vigie was ended. Ask an admin if that is a mistake.",
  "provider-refused": "The sign-in service did not confirm who you are. Begin again; if it happens twice, give an admin the time of your attempt.",
  "provider-unreachable": "The sign-in service cannot be reached, so nobody can sign in through it now. Those signed in stay so. Try again in a minute.",
  expired: "This sign-in was begun too long ago, in another window, or was used already. Begin again.",
  "foreign-request": "This sign-in did not come from Vigie's own page. Open Vigie at its own address and begin again.",
  "no-auth-time": "The sign-in service did not say when you signed in there, so this cannot count as signing in again. Your session goes on. Ask an admin: authTime in the configuration is about that.",
  "not-anew": "The sign-in service let you through without asking who you are, so this cannot count as signing in again. Your session goes on. Sign out there, then try again.",
  unavailable: "Vigie cannot reach its database, so nobody can sign in now. Try again in a minute.",
};

export function signInRefusalSentence(error: string): string {
  return Object.hasOwn(sentences, error) ? sentences[error as SignInRefusal] : sentences["provider-refused"];
}
