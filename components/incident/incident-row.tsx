import Link from "next/link";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { IncidentIcon, IncidentState, VerdictMark } from "#components/incident/incident-marks.tsx";
import { isOver, presentRecovery, signalWords, whoIsOnIt } from "#components/incident/incident-words.ts";
import { Mark } from "#components/patterns/status.tsx";
import { Elapsed, Time } from "#components/patterns/time.tsx";

/** One incident in a list: what, how bad, since when, who, what is suspected. */
export function IncidentRow({ incident, titleOf }: { incident: IncidentSummary; titleOf: (bigPod: string) => string }) {
  const over = isOver(incident);
  return (
    <li data-incident-row={incident.number} className="relative grid grid-cols-[16px_minmax(0,1fr)_auto] gap-x-2.5 gap-y-0.5 border-b border-line px-0.5 py-2.5 hover:bg-raised">
      <IncidentIcon incident={incident} className="mt-1" />
      <Link href={`/incidents/${incident.number}`} prefetch={false} className="min-w-0 font-semibold after:absolute after:inset-0">
        <span className="text-faint">#{incident.number}</span> {incident.title}
      </Link>
      <span className="text-right text-xs whitespace-nowrap text-faint">
        {over && incident.resolved ? (
          <>
            <Time at={incident.resolved.at} className="relative" />
            <span className="block">
              lasted <Elapsed from={incident.onsetAt} to={incident.resolved.at} />
            </span>
          </>
        ) : (
          <>
            for <Time at={incident.onsetAt} form="age" className="relative" />
          </>
        )}
      </span>
      <p className="col-[2/-1] flex flex-wrap gap-x-2 text-sm text-muted">
        <IncidentState incident={incident} />
        <span>
          · {incident.bigPod === null ? incident.environment : `${titleOf(incident.bigPod)}, ${incident.environment}`} · {over ? (incident.mergedInto === null ? `by ${incident.resolved?.by ?? "Vigie"}` : `goes on as incident ${incident.mergedInto}`) : whoIsOnIt(incident)} · {signalWords(incident)}
        </span>
        {incident.recovery && !over ? <Mark {...presentRecovery(incident.recovery.state)} /> : null}
      </p>
      {incident.suspect ? (
        <p className="col-[2/-1] flex flex-wrap items-baseline gap-x-2 text-xs text-muted">
          <span>
            suspect: {incident.suspect.release === null ? "" : `R-${incident.suspect.release}, `}
            {incident.suspect.summary}
          </span>
          {incident.suspect.verdict ? <VerdictMark verdict={incident.suspect.verdict} /> : null}
        </p>
      ) : null}
    </li>
  );
}
