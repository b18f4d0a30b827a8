import type { ServiceAccount } from "#lib/contracts/state.ts";
import type { ServiceHealth } from "#lib/domain/health.ts";
import type { ServiceStatus } from "#lib/domain/status.ts";

/** Lower is worse; what one source does not know does not hide what another does. */
const badness: readonly ServiceStatus[] = ["down", "degraded", "starting", "up", "unknown"];

export const accountTitles: Readonly<Record<ServiceAccount["source"], string>> = { container: "its container", health: "its health endpoint", supervisor: "its supervisor", metrics: "Prometheus" };

/** One answer out of several: the worse wins. Of equal ones the one that says more, then the one that stands first. */
export function settleAccounts(accounts: readonly ServiceAccount[]): ServiceHealth {
  const [first, ...others] = accounts;
  if (first === undefined) return { status: "unknown", detail: null };
  let worst = first;
  for (const account of others) {
    const difference = badness.indexOf(account.status) - badness.indexOf(worst.status);
    if (difference < 0 || (difference === 0 && worst.detail === null && account.detail !== null)) worst = account;
  }
  // One that is up needs no detail; a health endpoint alone needs no list of one.
  return { status: worst.status, detail: worst.status === "up" ? null : worst.detail, ...(others.length === 0 && first.source === "health" ? {} : { accounts }) };
}

/** The clause about sources that contradict each other; null while they agree. Starting and not knowing contradict nobody. */
export function disagreement(accounts: readonly ServiceAccount[]): string | null {
  const well = accounts.find((account) => account.status === "up");
  const ill = accounts.find((account) => account.status === "down" || account.status === "degraded");
  if (!well || !ill) return null;
  return `${accountTitles[ill.source]} says ${ill.status}${ill.detail === null ? "" : ` (${ill.detail})`}, ${accountTitles[well.source]} says up`;
}
