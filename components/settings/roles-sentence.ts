import type { Actor } from "#lib/contracts/actor.ts";

/** "releaser in staging, prod; viewer everywhere": the roles a person holds, widest first. */
export function rolesSentence(grants: Actor["grants"]): string {
  if (grants.length === 0) return "no role";
  const sorted = grants.toSorted((a, b) => Number(b.environments === "*") - Number(a.environments === "*"));
  return [...new Set(sorted.map((grant) => `${grant.role} ${grant.environments === "*" ? "everywhere" : `in ${grant.environments.join(", ")}`}`))].join("; ");
}
