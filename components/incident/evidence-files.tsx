import { Download } from "lucide-react";
import type { Incident } from "#lib/contracts/incident.ts";
import { formatBytes } from "#components/incident/numbers-words.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Section } from "#components/patterns/section.tsx";
import { Time } from "#components/patterns/time.tsx";
import type { Refusal } from "#components/query/permissions.tsx";

interface EvidenceFilesProps {
  incident: Pick<Incident, "number" | "environment" | "evidence">;
  refused: Refusal;
}

/** What was saved before anything was changed. Logs may hold what not everybody may read, so the right to it is asked for. */
export function EvidenceFiles({ incident, refused }: EvidenceFilesProps) {
  const why = refused("incident.evidence", incident.environment, `Reading evidence of ${incident.environment}`);
  return (
    <Section title="Saved evidence" id="evidence" aside={incident.evidence.length > 0 ? incident.evidence.length : undefined}>
      {incident.evidence.length === 0 ? (
        <p className="border-y border-line py-2 text-sm text-muted">Nothing was saved yet. Logs, pods and events are kept by themselves before a Big Pod is isolated, restarted or rolled back from here.</p>
      ) : why !== null ? (
        <Absence kind="forbidden" title={`${incident.evidence.length} ${incident.evidence.length === 1 ? "file is" : "files are"} kept`}>
          {why}
        </Absence>
      ) : (
        <ul className="border-t border-line text-sm">
          {incident.evidence.map(({ id, name, kind, bytes, at }) => (
            <li key={id} className="grid grid-cols-[minmax(0,1fr)_auto] items-baseline gap-x-3 border-b border-line py-1.5 max-md:py-3">
              <a href={`/api/v1/evidence/${id}`} download className="inline-flex min-w-0 items-center gap-1.5 hover:underline">
                <Download aria-hidden className="size-3.5 shrink-0 text-faint" />
                <span className="min-w-0 font-mono text-xs break-all">{name}</span>
                <span className="sr-only">, download</span>
              </a>
              <span className="text-xs text-faint">
                {kind} · {formatBytes(bytes)} · <Time at={at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
