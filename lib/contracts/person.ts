import { z } from "zod";
import { keepableText } from "#lib/domain/audit-text.ts";

const text = (maximum: number) => z.string().transform((value) => keepableText(value).trim().slice(0, maximum));

/** What a sign-in provider said about a person, cut to what the database keeps. */
export const personSchema = z.object({
  /** Never changes at this provider: the `sub` claim, or GitHub's numeric id. */
  subject: z.string().min(1).max(255),
  name: text(120).nullable(),
  email: z.email().max(254).transform((value) => value.toLowerCase()).nullable().catch(null),
  /** The provider vouches for the address; only then does it count for a role. */
  emailVerified: z.boolean(),
  groups: z.array(z.string().max(255)).max(2000),
});
export type Person = z.infer<typeof personSchema>;
