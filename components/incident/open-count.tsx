"use client";

import Link from "next/link";
import { openIncidents } from "#components/incident/incident-words.ts";
import { StatusIcon, toneText } from "#components/patterns/status-icon.tsx";
import { useIncidents } from "#components/query/use-platform.ts";
import { severityPresentation, worstSeverity } from "#lib/domain/incident-status.ts";

/** How many incidents are open, on every page, in the colour of the worst; nothing while there is none. One alone is a click away. */
export function OpenCount() {
  const open = openIncidents(useIncidents());
  const [only] = open;
  if (only === undefined) return null;
  const { tone } = severityPresentation[worstSeverity(open.map(({ severity }) => severity))];
  return (
    <Link href={open.length === 1 ? `/incidents/${only.number}` : "/incidents"} prefetch={false} data-open-incidents={open.length} className={`inline-flex min-h-8 items-center gap-1.5 text-sm font-semibold whitespace-nowrap hover:underline max-md:min-h-11 ${toneText[tone]}`}>
      <StatusIcon shape={tone === "bad" ? "octagon" : "triangle"} tone={tone} />
      {open.length} <span className="max-md:sr-only">{open.length === 1 ? "incident" : "incidents"}</span>
      <span className="sr-only"> open</span>
    </Link>
  );
}
