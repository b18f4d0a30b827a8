import { z } from "zod";
import { roles } from "#lib/domain/access.ts";

/** Who does something: a person, an API token, or Vigie itself. Grants are resolved anew for every action. */
export const actorSchema = z.object({
  kind: z.enum(["person", "token", "system"]),
  /** Stable id: user id, token id, or the part of Vigie ("worker"). */
  id: z.string(),
  name: z.string(),
  grants: z.array(z.object({ role: z.enum(roles), environments: z.union([z.literal("*"), z.array(z.string())]) })),
});
export type Actor = z.infer<typeof actorSchema>;
