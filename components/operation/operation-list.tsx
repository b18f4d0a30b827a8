"use client";

import Link from "next/link";
import { waitingOperationStatuses } from "#lib/domain/status.ts";
import type { ShownKind } from "#components/operation/shown-kinds.ts";
import { WaitsShort } from "#components/operation/waits-short.tsx";
import type { OperationSummary } from "#lib/contracts/state.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { OperationMark } from "#components/patterns/status.tsx";
import { Elapsed, Time } from "#components/patterns/time.tsx";
import { useSnapshot } from "#components/query/use-platform.ts";

interface OperationListProps {
  operations: readonly OperationSummary[];
  environment: string | null;
  shown: ShownKind;
  /** Only the first page grows at its top. */
  first: boolean;
}

/** Operations newest first; those still running move as the stream tells. */
export function OperationList({ operations, environment, shown, first }: OperationListProps) {
  const live = useSnapshot().operations.filter((summary) => environment === null || summary.environment === environment);
  const known = new Set(operations.map((operation) => operation.id));
  const arrived = first ? live.filter((summary) => !known.has(summary.id) && (operations[0] === undefined || summary.requestedAt > operations[0].requestedAt)) : [];
  const rows = [...arrived, ...operations].map((operation) => live.find((summary) => summary.id === operation.id) ?? operation).filter((operation) => isShown(operation, shown));
  if (rows.length === 0 && shown !== "all") return <Absence kind="empty" title={shown === "waiting" ? "No operation waits for an approval, its time or its turn" : `No operation ${shown === "running" ? "is running" : `was ${shown}`.replace("was failed", "has failed")}`} />;
  if (rows.length === 0) {
    return (
      <Absence kind="empty" title={environment === null ? "No operation has run yet" : `No operation has run in ${environment} yet`}>
        Promotions, rollbacks, restarts and scalings are listed here, with who asked for them and why.
      </Absence>
    );
  }
  return (
    <ul className="border-t border-line" aria-label="Operations">
      {rows.map((operation) => (
        <li key={operation.id} className="relative grid gap-x-4 gap-y-0.5 border-b border-line px-1 py-2.5 hover:bg-raised md:grid-cols-[136px_minmax(0,1.2fr)_minmax(0,1fr)_auto]">
          <OperationMark status={operation.status} />
          <span className="min-w-0">
            <Link href={`/operations/${operation.id}`} prefetch={false} className="font-semibold after:absolute after:inset-0">
              {operation.title}
            </Link>
            {operation.breakGlass ? <b className="ml-2 rounded bg-warn px-1.5 text-2xs text-on-warn">break-glass</b> : null}
            <span className="block text-xs text-muted">{waitingOperationStatuses.includes(operation.status) ? <WaitsShort operation={operation} /> : operation.note}</span>
          </span>
          <span className="min-w-0 text-sm">
            {operation.automatic ? "Vigie itself" : operation.actor}
            <span className="block text-xs text-muted">“{operation.reason}”</span>
          </span>
          <span className="text-xs text-faint md:text-right">
            <Time at={operation.requestedAt} className="relative" />
            {operation.startedAt ? (
              <span className="md:block">
                <span className="md:hidden"> · </span>
                {operation.finishedAt ? "took" : "for"} <Elapsed from={operation.startedAt} to={operation.finishedAt} />
              </span>
            ) : null}
          </span>
        </li>
      ))}
    </ul>
  );
}

function isShown(operation: OperationSummary, shown: ShownKind): boolean {
  return shown === "all" || (shown === "waiting" ? waitingOperationStatuses.includes(operation.status) : operation.status === shown);
}
