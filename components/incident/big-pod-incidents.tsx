import Link from "next/link";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { IncidentRow } from "#components/incident/incident-row.tsx";
import { isOver } from "#components/incident/incident-words.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Section } from "#components/patterns/section.tsx";
import { useIncidents } from "#components/query/use-platform.ts";

interface BigPodIncidentsProps {
  environment: string;
  bigPod: string;
  /** As the page read them, newest first; null when they may not be read. */
  known: readonly IncidentSummary[] | null;
  titleOf: (bigPod: string) => string;
}

const shownPast = 5;

/** What is wrong with this Big Pod now, and what was. The open one stands first; those that ended are folded. */
export function BigPodIncidents({ environment, bigPod, known, titleOf }: BigPodIncidentsProps) {
  const live = useIncidents().filter((incident) => incident.environment === environment && incident.bigPod === bigPod);
  const numbers = new Set(live.map(({ number }) => number));
  const all = [...live, ...(known ?? []).filter(({ number }) => !numbers.has(number))].toSorted((a, b) => b.number - a.number);
  const open = all.filter((incident) => !isOver(incident));
  const past = all.filter(isOver).slice(0, shownPast);
  return (
    <Section title="Incidents" id="incidents" aside={<Link href={`/incidents?status=all&environment=${environment}&bigPod=${bigPod}`} className="hover:text-text">all</Link>}>
      {known === null ? <Absence kind="forbidden" title="Your role does not show incidents" /> : open.length === 0 ? <p className="border-y border-line py-2 text-sm text-muted">{past.length === 0 ? "It has had no incident yet." : "None is open."}</p> : <Rows incidents={open} titleOf={titleOf} />}
      {past.length > 0 ? (
        <details>
          <summary className="w-fit py-2 text-sm text-muted hover:text-text max-md:min-h-11 max-md:py-3">The last {past.length === 1 ? "one" : past.length} that ended</summary>
          <Rows incidents={past} titleOf={titleOf} />
        </details>
      ) : null}
    </Section>
  );
}

function Rows({ incidents, titleOf }: { incidents: readonly IncidentSummary[]; titleOf: (bigPod: string) => string }) {
  return (
    <ul className="border-t border-line">
      {incidents.map((incident) => (
        <IncidentRow key={incident.number} incident={incident} titleOf={titleOf} />
      ))}
    </ul>
  );
}
