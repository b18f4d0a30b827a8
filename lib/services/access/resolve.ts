import type { Config } from "#lib/contracts/config.ts";
import type { Grant } from "#lib/domain/access.ts";

export interface Credentials {
  groups: readonly string[];
  email: string | null;
  emailVerified: boolean;
}

/**
 * The grants that the configuration gives to somebody with these groups and this e-mail address, one per binding that fits.
 * Asked again for every action, so a changed configuration counts at once. Groups are compared exactly, addresses whatever
 * their case and only when the provider vouches for them. Groups are as of the last sign-in.
 */
export function resolveGrants(access: Pick<Config["access"], "roles">, credentials: Credentials): Grant[] {
  const email = credentials.emailVerified ? credentials.email?.toLowerCase() : undefined;
  return access.roles
    .filter((binding) => binding.groups.some((group) => credentials.groups.includes(group)) || (email !== undefined && binding.users.some((user) => user.toLowerCase() === email)))
    .map((binding) => ({ role: binding.role, environments: binding.environments ?? "*" }));
}
