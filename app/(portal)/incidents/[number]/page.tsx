import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { z } from "zod";
import { attempt } from "#app/_read/attempt.ts";
import { hrefWith, single } from "#app/_read/search-params.ts";
import type { SearchParams } from "#app/_read/search-params.ts";
import { IncidentView } from "#components/incident/incident-view.tsx";
import { Runbooks } from "#components/incident/runbooks.tsx";
import { timelineFilters } from "#components/incident/timeline-words.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { PageHead } from "#components/patterns/section.tsx";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { readIncident } from "#lib/services/incident/read.ts";

interface Props {
  params: Promise<{ number: string }>;
  searchParams: SearchParams;
}

const viewSchema = z.object({ order: z.enum(["newest", "oldest"]).default("newest").catch("newest"), zone: z.enum(["local", "utc"]).default("local").catch("local"), filter: z.enum(timelineFilters).default("all").catch("all") });

export async function generateMetadata({ params }: Pick<Props, "params">): Promise<Metadata> {
  return { title: `Incident ${(await params).number}` };
}

export default async function IncidentPage({ params, searchParams }: Props) {
  const { number } = await params;
  const query = await single(searchParams);
  const actor = await requirePageActor(hrefWith(`/incidents/${encodeURIComponent(number)}`, query));
  if (!/^[1-9]\d{0,8}$/.test(number)) notFound();
  const read = await attempt(readIncident(getRuntime().context, actor, Number(number)));
  if (!read.ok) {
    return (
      <>
        <PageHead title={`Incident ${number}`} />
        <Absence kind={read.kind} title="This incident cannot be shown">{read.message}</Absence>
      </>
    );
  }
  const { runbooks, ...rest } = read.value;
  // Their text is made into elements here, and need not travel a second time.
  const incident = { ...rest, runbooks: runbooks.map((runbook) => ({ ...runbook, markdown: null })) };
  return (
    <>
      <IncidentView key={number} initial={incident} timeline={viewSchema.parse(query)} runbooks={<Runbooks runbooks={runbooks} />} />
      <p className="text-sm text-muted">
        <Link href={`/audit?incident=${number}`} className="underline decoration-line-strong underline-offset-2">
          Its audit entries
        </Link>
      </p>
    </>
  );
}
