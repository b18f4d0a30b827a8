import Link from "next/link";
import type { AuditEntry } from "#lib/contracts/audit.ts";
import { auditOutcomePresentation } from "#components/audit/audit-presentation.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Mark } from "#components/patterns/status.tsx";
import { Time } from "#components/patterns/time.tsx";

/** Entries newest first: what happened in one sentence, why, how it ended. */
export function AuditList({ entries, filtered }: { entries: readonly AuditEntry[]; filtered: boolean }) {
  if (entries.length === 0) return <Absence kind="empty" title={filtered ? "No entry matches these filters" : "The log has no entry yet"} />;
  return (
    <ol className="border-t border-line" aria-label="Audit entries">
      {entries.map((entry) => (
        <li key={entry.sequence} data-audit={entry.sequence} className="relative grid gap-x-4 gap-y-0.5 border-b border-line px-1 py-2 hover:bg-raised md:grid-cols-[64px_104px_minmax(0,1fr)_auto]">
          <span className="font-mono text-xs text-faint md:pt-0.5">{entry.sequence}</span>
          <Mark {...auditOutcomePresentation[entry.outcome]} className="self-start text-sm" />
          <span className="min-w-0">
            <Link href={`/audit/${entry.sequence}`} prefetch={false} className="after:absolute after:inset-0">
              {entry.summary}
            </Link>
            <span className="block text-xs text-muted">
              {[entry.actor.name, entry.environment, entry.bigPods.join(", "), entry.reason === null ? null : `“${entry.reason}”`].filter(Boolean).join(" · ")}
            </span>
          </span>
          <Time at={entry.at} className="relative justify-self-start text-xs text-faint" />
        </li>
      ))}
    </ol>
  );
}
