import { z } from "zod";
import { roles } from "#lib/domain/access.ts";

/** Who does something: a person, an API token, or Vigie itself. Grants are resolved anew for every action. */
export const actorSchema = z.object({
  kind: z.enum(["person", "token", "system"]),
  /** Stable id: user id, token id, or the part of Vigie ("worker"). */
  id: z.string(),
  name: z.string(),
  grants: z.array(z.object({ role: z.enum(roles), environments: z.union([z.literal("*"), z.array(z.string())]) })),
  /** Of a person: the session they act in. `authenticatedAt`: when they last proved at the sign-in service who they are; null when that is not known. */
  session: z.object({ id: z.string(), provider: z.string().nullable(), authenticatedAt: z.iso.datetime().nullable() }).optional(),
});
export type Actor = z.infer<typeof actorSchema>;
