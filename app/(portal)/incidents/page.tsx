import type { Metadata } from "next";
import Link from "next/link";
import { z } from "zod";
import { attempt } from "#app/_read/attempt.ts";
import { single } from "#app/_read/search-params.ts";
import type { SearchParams } from "#app/_read/search-params.ts";
import { IncidentFilters, incidentsHref } from "#components/incident/incident-filters.tsx";
import { IncidentList } from "#components/incident/incident-list.tsx";
import type { IncidentFilter } from "#components/incident/incident-list.tsx";
import { IncidentNumbersPanel } from "#components/incident/incident-numbers.tsx";
import { OpenIncidentButton } from "#components/incident/open-incident-button.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { PageHead } from "#components/patterns/section.tsx";
import { buttonClasses } from "#components/ui/button.tsx";
import { isAllowed } from "#lib/domain/access.ts";
import { severities } from "#lib/domain/incident-status.ts";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { listIncidents } from "#lib/services/incident/list.ts";
import { readIncidentNumbers } from "#lib/services/incident/numbers.ts";

export const metadata: Metadata = { title: "Incidents" };
const querySchema = z.object({
  status: z.enum(["open", "resolved", "all"]).default("open").catch("open"),
  environment: z.string().max(63).optional().catch(undefined),
  bigPod: z.string().max(63).optional().catch(undefined),
  severity: z.enum(severities).optional().catch(undefined),
  before: z.coerce.number().int().positive().optional().catch(undefined),
});
const pageSize = 50;
const numbersDays = 90;

/** What is wrong now, worst first; what was wrong; and how long such things take here. */
export default async function IncidentsPage({ searchParams }: { searchParams: SearchParams }) {
  const query = querySchema.parse(await single(searchParams));
  const actor = await requirePageActor("/incidents");
  const { context, config } = getRuntime();
  const environments = config.environments.filter(({ name }) => isAllowed(actor.grants, "incident.read", name)).map(({ name, title }) => ({ name, title: title ?? name }));
  const environment = environments.find(({ name }) => name === query.environment)?.name;
  const bigPod = config.bigPods.find(({ name }) => name === query.bigPod)?.name;
  const filter: IncidentFilter = { status: query.status, environment: environment ?? null, bigPod: bigPod ?? null, severity: query.severity ?? null };
  const [page, numbers] = await Promise.all([
    attempt(listIncidents(context, actor, { status: query.status, environment, bigPod, severity: query.severity, before: query.before, limit: pageSize })),
    attempt(readIncidentNumbers(context, actor, { environment, bigPod, days: numbersDays })),
  ]);
  return (
    <>
      <PageHead title="Incidents" actions={<OpenIncidentButton />}>
        <p>What broke, since when, what changed just before, and the button that undoes it.</p>
      </PageHead>
      <IncidentFilters filter={filter} environments={environments} bigPods={config.bigPods.map(({ name, title }) => ({ name, title: title ?? name }))} />
      {page.ok ? <IncidentList incidents={page.value.incidents} filter={filter} first={query.before === undefined} /> : <Absence kind={page.kind} title="The incidents cannot be shown">{page.message}</Absence>}
      {page.ok && page.value.next !== null ? (
        <Link className={`${buttonClasses("plain")} justify-self-start`} href={incidentsHref(filter, page.value.next)}>
          Older incidents
        </Link>
      ) : null}
      {numbers.ok ? <IncidentNumbersPanel numbers={numbers.value} /> : <Absence kind={numbers.kind} title="The numbers cannot be shown">{numbers.message}</Absence>}
    </>
  );
}
