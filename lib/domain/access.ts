/** Who may do what, deny by default. Roles add up; each grant may be limited to environments. */
export const roles = ["viewer", "operator", "releaser", "approver", "responder", "admin"] as const;
export type Role = (typeof roles)[number];

export const actions = [
  "state.read",
  "release.read",
  "operation.read",
  "log.read",
  "audit.read",
  "audit.export",
  "plan.promotion",
  "plan.rollback",
  "plan.restart",
  "plan.scale",
  "plan.drill",
  "plan.isolate",
  "plan.lift-isolation",
  "operation.request.promotion",
  "operation.request.rollback",
  "operation.request.restart",
  "operation.request.scale",
  "operation.request.drill",
  "operation.request.isolate",
  "operation.request.lift-isolation",
  "operation.approve",
  "operation.abort",
  "break-glass.open",
  "break-glass.review",
  "quarantine.lift",
  "drift.adopt",
  "incident.read",
  "incident.work",
  "incident.silence",
  "incident.evidence",
  "token.create",
  "token.revoke",
  "token.read",
  "session.read",
  "session.revoke",
  "session.manage",
  "audit.remove-view",
] as const;
export type Action = (typeof actions)[number];

/** A role within environments; "*" is every environment. */
export interface Grant {
  role: Role;
  environments: readonly string[] | "*";
}

const reading: readonly Action[] = ["state.read", "release.read", "operation.read", "log.read", "plan.promotion", "plan.rollback", "plan.restart", "plan.scale", "plan.drill", "plan.isolate", "plan.lift-isolation", "incident.read", "session.read", "session.revoke"];
/** Acknowledge, take, note, resolve, merge, open; silence; read what was saved as evidence. */
const handling: readonly Action[] = ["incident.work", "incident.silence", "incident.evidence"];
const operating: readonly Action[] = [...handling, "operation.request.restart", "operation.request.scale", "operation.abort"];
const releasing: readonly Action[] = [...operating, "drift.adopt", "operation.request.promotion", "operation.request.rollback", "operation.request.drill", "operation.request.isolate", "operation.request.lift-isolation"];

const allowed: Record<Role, readonly Action[]> = {
  viewer: [...reading, "audit.read"],
  operator: [...reading, "audit.read", ...operating],
  releaser: [...reading, "audit.read", ...releasing],
  approver: [...reading, "audit.read", "audit.export", "incident.work", "operation.approve", "break-glass.review", "quarantine.lift"],
  /** On call: may do what a releaser may, and overrule the policy gates for a quarter of an hour. */
  responder: [...reading, "audit.read", ...releasing, "break-glass.open"],
  admin: actions,
};

/**
 * Whether any grant allows the action in the environment. `environment` null asks about things that belong to no
 * environment (tokens, the audit log as a whole): then a grant for any environment counts for reading, and only "*" for the rest.
 */
export function isAllowed(grants: readonly Grant[], action: Action, environment: string | null): boolean {
  return grants.some((grant) => {
    if (!allowed[grant.role].includes(action)) return false;
    if (grant.environments === "*") return true;
    if (environment !== null) return grant.environments.includes(environment);
    return reading.includes(action) || action === "audit.read";
  });
}

/** Roles that allow an action, for the sentence that refuses it. */
export function rolesThatMay(action: Action): Role[] {
  return roles.filter((role) => allowed[role].includes(action));
}
