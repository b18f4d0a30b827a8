import { z } from "zod";

/** A signed-in browser. Nothing of its token is in it. */
export const sessionSchema = z.object({
  id: z.string(),
  /** Id and name of who is signed in. */
  personId: z.string(),
  person: z.string(),
  /** "Firefox on Linux", as far as the browser says. */
  device: z.string(),
  /** Where it was used from last. */
  address: z.string(),
  /** Id of the sign-in provider; null for sessions from before this was kept. */
  provider: z.string().nullable(),
  firstSeenAt: z.iso.datetime(),
  /** To the minute. */
  lastUsedAt: z.iso.datetime(),
  /** Its absolute limit. */
  expiresAt: z.iso.datetime(),
  /** The one that asks. */
  current: z.boolean(),
});
export const sessionsResponseSchema = z.object({ sessions: z.array(sessionSchema) });

export type Session = z.infer<typeof sessionSchema>;
