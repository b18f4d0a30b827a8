import Link from "next/link";
import type { IncidentFilter } from "#components/incident/incident-list.tsx";
import { classes } from "#components/ui/classes.ts";
import { severities } from "#lib/domain/incident-status.ts";

interface Named {
  name: string;
  title: string;
}

/** Links that choose what is listed: each is an address of its own. */
export function IncidentFilters({ filter, environments, bigPods }: { filter: IncidentFilter; environments: readonly Named[]; bigPods: readonly Named[] }) {
  const to = (part: Partial<IncidentFilter>) => incidentsHref({ ...filter, ...part });
  return (
    <div className="grid gap-x-6 gap-y-1 border-b border-line pb-2 lg:flex lg:flex-wrap">
      <Links label="Status" chosen={filter.status} of={[["open", "open"], ["resolved", "ended"], ["all", "all"]].map(([value = "", words = ""]) => ({ value, words, href: to({ status: value as IncidentFilter["status"] }) }))} />
      <Links label="Environments" chosen={filter.environment} of={[{ value: null, words: "all environments", href: to({ environment: null }) }, ...environments.map(({ name, title }) => ({ value: name, words: title, href: to({ environment: name }) }))]} />
      <Links label="Big Pods" chosen={filter.bigPod} of={[{ value: null, words: "all Big Pods", href: to({ bigPod: null }) }, ...bigPods.map(({ name, title }) => ({ value: name, words: title, href: to({ bigPod: name }) }))]} />
      <Links label="Severities" chosen={filter.severity} of={[{ value: null, words: "all severities", href: to({ severity: null }) }, ...severities.map((severity) => ({ value: severity, words: severity, href: to({ severity }) }))]} />
    </div>
  );
}

/** Address of a list; what is not chosen is left out. */
export function incidentsHref({ status, environment, bigPod, severity }: IncidentFilter, before?: number): string {
  const search = new URLSearchParams();
  if (status !== "open") search.set("status", status);
  if (environment !== null) search.set("environment", environment);
  if (bigPod !== null) search.set("bigPod", bigPod);
  if (severity !== null) search.set("severity", severity);
  if (before !== undefined) search.set("before", String(before));
  return search.size === 0 ? "/incidents" : `/incidents?${search}`;
}

function Links({ label, chosen, of }: { label: string; chosen: string | null; of: readonly { value: string | null; words: string; href: string }[] }) {
  return (
    <nav aria-label={label} className="flex flex-wrap gap-x-0.5">
      {of.map(({ value, words, href }) => (
        <Link key={value ?? ""} href={href} aria-current={chosen === value ? "true" : undefined} className={classes("inline-flex min-h-8 items-center rounded-md px-2 text-sm max-md:min-h-11", chosen === value ? "bg-raised font-semibold text-text" : "text-muted hover:text-text")}>
          {words}
        </Link>
      ))}
    </nav>
  );
}
