import Link from "next/link";
import type { OperationSummary } from "#lib/contracts/state.ts";
import { operationPresentation, terminalOperationStatuses } from "#lib/domain/status.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { OperationMark } from "#components/patterns/status.tsx";
import { Elapsed, Time } from "#components/patterns/time.tsx";

/** What ran at a moment that is looked back at, and how it ended after it. */
export function OperationsThen({ operations }: { operations: readonly OperationSummary[] }) {
  if (operations.length === 0) return <Absence kind="empty" title="No operation ran at that moment" />;
  return (
    <ul aria-label="Operations of then" className="border-t border-line">
      {operations.map((operation) => (
        <li key={operation.id} className="relative grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 border-b border-line py-2 hover:bg-raised">
          <OperationMark status="running" className="self-start text-sm" />
          <span className="min-w-0">
            <Link href={`/operations/${operation.id}`} prefetch={false} className="font-semibold after:absolute after:inset-0">
              {operation.title}
            </Link>
            <span className="block text-xs text-muted">
              {operation.automatic ? "Vigie itself" : operation.actor}
              {" · begun "}
              <Time at={operation.startedAt ?? operation.requestedAt} />
              {operation.finishedAt !== null && terminalOperationStatuses.includes(operation.status) ? (
                <>
                  {` · later ${operationPresentation[operation.status].word}, after `}
                  <Elapsed from={operation.startedAt ?? operation.requestedAt} to={operation.finishedAt} />
                </>
              ) : (
                " · still under way now"
              )}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}
