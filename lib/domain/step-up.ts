import type { Config } from "#lib/contracts/config.ts";
import type { Action } from "#lib/domain/access.ts";

/** What changes an environment or what may change it, and what makes a credential. Looking, handling incidents and taking rights away need no fresh proof. */
const changing: ReadonlySet<Action> = new Set<Action>([
  "operation.request.promotion", "operation.request.rollback", "operation.request.restart", "operation.request.scale", "operation.request.drill", "operation.request.isolate", "operation.request.lift-isolation",
  "operation.approve", "operation.abort", "break-glass.open", "quarantine.lift", "drift.adopt", "token.create",
]);

type Settings = Pick<Config["access"], "recentSignInMinutes"> & { environments: readonly { name: string; policy: { recentSignInMinutes?: number | undefined } }[] };

/**
 * How recent the sign-in of a person must be for this action, in minutes; 0 when any session will do. `environment` null: what belongs to none (tokens).
 * The last environment is production, as everywhere in Vigie.
 */
export function recentSignInMinutes(action: Action, environment: string | null, { recentSignInMinutes: minutes, environments }: Settings): number {
  if (!changing.has(action)) return 0;
  if (environment === null) return minutes;
  const configured = environments.find(({ name }) => name === environment)?.policy.recentSignInMinutes;
  // An environment that is not configured any more is judged like production.
  return configured ?? (environments.slice(0, -1).some(({ name }) => name === environment) ? 0 : minutes);
}

/** Whether a proof of who it is, made at `authenticatedAt`, is recent enough. Unknown is not. Both by the same clock. */
export function isRecent(authenticatedAt: Date | null, minutes: number, now: Date): boolean {
  return minutes === 0 || (authenticatedAt !== null && now.getTime() - authenticatedAt.getTime() <= minutes * 60_000);
}
