import type { EnvironmentConfig } from "#lib/contracts/config.ts";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import { freezeAt } from "#lib/domain/window.ts";
import type { WindowState } from "#lib/domain/window.ts";

/** What is known besides configuration and time. */
export type GuardRest = Pick<EnvironmentGuard, "rollback" | "proposal" | "breakGlass" | "openReviews" | "quarantined" | "drift">;

/** What guards an environment at a moment. `window` is windowAt's answer for it. */
export function environmentGuard({ name, policy }: EnvironmentConfig, window: WindowState | null, rest: GuardRest, now: Date): EnvironmentGuard {
  const freeze = freezeAt(policy.freezes, now);
  return {
    environment: name,
    strategy: policy.strategy.kind,
    approvalsRequired: policy.approvals.required,
    window:
      window === null
        ? null
        : {
            open: window.open,
            name: window.name,
            opensAt: window.open ? null : (window.opensAt?.toISOString() ?? null),
            closesAt: window.open ? (window.closesAt?.toISOString() ?? null) : null,
            timeZone: window.timeZone,
          },
    freeze: freeze === null ? null : { ...freeze, until: freeze.until.toISOString() },
    ...rest,
  };
}

/** When a window's state has to be looked at again: when it changes, and once a minute in any case. */
export function lookAgainAt(window: WindowState | null, now: Date): number {
  const change = window === null ? null : window.open ? window.closesAt : window.opensAt;
  return Math.min(change?.getTime() ?? Infinity, now.getTime() + 60_000);
}
