import type { PlanRequest } from "#lib/contracts/operation.ts";
import { formatPlanLink } from "#components/plan/plan-link.ts";

/** Dialogs that the address names: `plan=promotion:staging:prod`, `do=break-glass:prod`, `do=abort:ID`, `do=review:ID`. */
export type DialogParameter = "plan" | "do";

/** True while the open dialog was opened by a click here, so that leaving it is "back" and not one more page in the history. */
let openedHere = false;

/** Opens the plan over the page that is there; the address then leads to it. `incident`: number of the incident it is opened from, whose reason it then has. */
export function openPlan(request: PlanRequest, incident: number | null = null): void {
  openDialog("plan", formatPlanLink(request), incident);
}

export function openDialog(parameter: DialogParameter, value: string, incident: number | null = null): void {
  const url = new URL(location.href);
  url.searchParams.set(parameter, value);
  if (incident === null) url.searchParams.delete("incident");
  else url.searchParams.set("incident", String(incident));
  openedHere = true;
  history.pushState(null, "", readable(url));
}

export function closePlan(): void {
  closeDialog("plan");
}

export function closeDialog(parameter: DialogParameter): void {
  if (openedHere) {
    openedHere = false;
    history.back();
    return;
  }
  const url = new URL(location.href);
  url.searchParams.delete(parameter);
  url.searchParams.delete("incident");
  history.replaceState(null, "", readable(url));
}

/** Colons and commas are allowed in a query and easier to read than their escapes. */
function readable(url: URL): string {
  return `${url.pathname}${url.search.replaceAll("%3A", ":").replaceAll("%2C", ",")}${url.hash}`;
}
