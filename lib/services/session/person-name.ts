import type { UserRecord } from "#lib/db/repositories/user.ts";

/** How a person is called in sentences and in the audit log. */
export function personName(user: Pick<UserRecord, "id" | "name" | "email">): string {
  return user.name ?? user.email ?? user.id;
}
