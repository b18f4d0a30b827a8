import { ChevronRight } from "lucide-react";
import Link from "next/link";
import type { AuditEntry } from "#lib/contracts/audit.ts";
import type { AuditGroup } from "#lib/contracts/audit-review.ts";
import { auditActionWords, auditOutcomePresentation } from "#components/audit/audit-presentation.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Mark } from "#components/patterns/status.tsx";
import { Time } from "#components/patterns/time.tsx";
import { leadOf, outcomeOf } from "#lib/domain/audit-groups.ts";

const row = "relative grid gap-x-4 gap-y-0.5 px-1 py-2 hover:bg-raised md:grid-cols-[72px_104px_minmax(0,1fr)_auto]";

interface AuditGroupsProps {
  groups: readonly AuditGroup[];
  filtered: boolean;
  /** There are older entries that were not looked at yet. */
  more: boolean;
}

/** The log newest first: a line for each entry, and one for each operation, which opens to its entries without any script. */
export function AuditGroups({ groups, filtered, more }: AuditGroupsProps) {
  if (groups.length === 0) {
    if (more) return <Absence kind="unknown" title="None of the entries looked at so far matches">The search goes on with “Older entries”; a time, a person or three letters in a row make it quick.</Absence>;
    return <Absence kind="empty" title={filtered ? "No entry matches these filters" : "The log has no entry yet"} />;
  }
  return (
    <ol className="border-t border-line" aria-label="Audit entries">
      {groups.map((group) => {
        const lead = leadOf(group);
        return (
          <li key={`${group.operationId ?? ""}${group.matching[0]}`} className="border-b border-line">
            {group.entries.length === 1 ? <EntryRow entry={lead} /> : <OperationRow group={group} lead={lead} />}
          </li>
        );
      })}
    </ol>
  );
}

function OperationRow({ group, lead }: { group: AuditGroup; lead: AuditEntry }) {
  const { entries, matching } = group;
  const newest = entries[0] ?? lead;
  const oldest = entries.at(-1) ?? lead;
  const matched = matching.length === entries.length ? `${entries.length} entries` : `${matching.length} of ${entries.length} entries match`;
  return (
    <details className="group" data-operation={group.operationId}>
      <summary className={`${row} cursor-pointer list-none [&::-webkit-details-marker]:hidden`}>
        <span className="inline-flex items-start gap-1 font-mono text-xs text-faint md:pt-0.5">
          <ChevronRight aria-hidden className="size-3.5 shrink-0 transition-transform group-open:rotate-90" />
          {oldest.sequence}
        </span>
        <Mark {...auditOutcomePresentation[outcomeOf(group)]} className="self-start text-sm" />
        <span className="min-w-0">
          <span className="break-words">{lead.summary}</span>
          <Aside parts={[lead.environment, lead.bigPods.join(", "), lead.reason === null ? null : `“${lead.reason}”`, matched]} />
        </span>
        <Time at={newest.at} className="relative justify-self-start text-xs text-faint" />
      </summary>
      <ol className="mb-2 ml-2 border-l border-line-strong pl-2 md:ml-3" aria-label={`Entries of: ${lead.summary}`}>
        {entries.toReversed().map((entry) => (
          <li key={entry.sequence}>
            <EntryRow entry={entry} faint={!matching.includes(entry.sequence)} />
          </li>
        ))}
      </ol>
      <p className="mb-2 ml-2 flex flex-wrap gap-x-4 text-sm md:ml-3">
        <Link className="inline-flex min-h-8 items-center underline decoration-line-strong underline-offset-2 max-lg:min-h-11" href={`/operations/${group.operationId}`}>
          Open the operation
        </Link>
        <Link className="inline-flex min-h-8 items-center underline decoration-line-strong underline-offset-2 max-lg:min-h-11" href={`/audit?operation=${group.operationId}`}>
          Only its entries
        </Link>
      </p>
    </details>
  );
}

function EntryRow({ entry, faint = false }: { entry: AuditEntry; faint?: boolean }) {
  return (
    <div data-audit={entry.sequence} className={faint ? `${row} text-muted` : row}>
      <span className="font-mono text-xs text-faint md:pt-0.5">{entry.sequence}</span>
      <Mark {...auditOutcomePresentation[entry.outcome]} className="self-start text-sm" />
      <span className="min-w-0">
        <Link href={`/audit/${entry.sequence}`} prefetch={false} className="break-words after:absolute after:inset-0">
          {entry.summary}
        </Link>
        <Aside parts={[entry.actor.name, auditActionWords[entry.action], entry.environment, entry.bigPods.join(", "), entry.reason === null ? null : `“${entry.reason}”`]} />
      </span>
      <Time at={entry.at} className="relative justify-self-start text-xs text-faint" />
    </div>
  );
}

function Aside({ parts }: { parts: readonly (string | null)[] }) {
  return <span className="block text-xs break-words text-muted">{parts.filter(Boolean).join(" · ")}</span>;
}
