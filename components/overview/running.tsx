import Link from "next/link";
import type { OperationSummary } from "#lib/contracts/state.ts";
import { terminalOperationStatuses } from "#lib/domain/status.ts";
import { OperationMark } from "#components/patterns/status.tsx";
import { Elapsed } from "#components/patterns/time.tsx";

/** What Vigie is doing right now, one line each. */
export function Running({ operations }: { operations: readonly OperationSummary[] }) {
  const active = operations.filter((operation) => !terminalOperationStatuses.includes(operation.status));
  if (active.length === 0) return null;
  return (
    <ul aria-label="Running operations" className="grid gap-2">
      {active.map((operation) => (
        <li key={operation.id} className="relative grid items-center gap-x-3 gap-y-1.5 rounded-[10px] border border-busy bg-busy-wash px-3.5 py-2.5 md:grid-cols-[auto_minmax(0,1fr)_160px_auto]">
          <OperationMark status={operation.status} />
          <span className="min-w-0">
            <Link href={`/operations/${operation.id}`} className="font-semibold after:absolute after:inset-0">
              {operation.title}
            </Link>
            <span className="text-muted"> {operation.note}</span>
          </span>
          <progress className="w-full" aria-label={`${operation.title}: steps done`} value={operation.progress.done} max={Math.max(1, operation.progress.total)} />
          <span className="text-xs text-muted">
            {operation.actor} · <Elapsed from={operation.startedAt ?? operation.requestedAt} to={null} />
          </span>
        </li>
      ))}
    </ul>
  );
}
