import type { PlanRequest } from "#lib/contracts/operation.ts";
import { formatPlanLink } from "#components/plan/plan-link.ts";

/** Dialogs that the address names: `plan=promotion:staging:prod`, `do=break-glass:prod`, `do=abort:ID`, `do=review:ID`. */
export type DialogParameter = "plan" | "do";

/** True while the open dialog was opened by a click here, so that leaving it is "back" and not one more page in the history. */
let openedHere = false;

/** Whether the router hears of addresses that are pushed here: its effect comes after that of the host of the dialogs. */
let heard = false;
/** What was asked for before that. */
let waiting: (() => void) | null = null;

/** Told by the host of the dialogs once it is on the page. Until then the router would miss what is pushed, and no dialog would come. */
export function dialogsAreHosted(): void {
  queueMicrotask(() => {
    heard = true;
    const open = waiting;
    waiting = null;
    open?.();
  });
}

/** Where a plan comes from: the reason that is filled in, and the page to stay on once it runs. */
export interface PlanOrigin {
  reason: string;
  backTo: string;
  /** Number of the incident: the operation then stands in its timeline. */
  incident?: number;
}

/** Of the plan opened last. It is not in the address: a link that somebody is sent must not speak in their name. */
let origin: { link: string; from: PlanOrigin } | null = null;

/** Opens the plan over the page that is there; the address then leads to it. */
export function openPlan(request: PlanRequest, from?: PlanOrigin): void {
  const link = formatPlanLink(request);
  origin = from ? { link, from } : null;
  openDialog("plan", link, from?.incident ?? null);
}

/** What openPlan was given for this link; null for a plan that was opened from elsewhere. */
export function originOf(link: string): PlanOrigin | null {
  return origin?.link === link ? origin.from : null;
}

export function openDialog(parameter: DialogParameter, value: string, incident: number | null = null): void {
  if (!heard) {
    waiting = () => openDialog(parameter, value, incident);
    return;
  }
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
