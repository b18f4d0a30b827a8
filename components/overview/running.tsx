import Link from "next/link";
import type { ReactNode } from "react";
import type { OperationSummary } from "#lib/contracts/state.ts";
import { terminalOperationStatuses, waitingOperationStatuses } from "#lib/domain/status.ts";
import { WaitsShort } from "#components/operation/waits-short.tsx";
import { OperationMark } from "#components/patterns/status.tsx";
import { Elapsed } from "#components/patterns/time.tsx";
import { classes } from "#components/ui/classes.ts";

/** What Vigie is doing right now, and what waits for approval, its time or its turn: one line each. */
export function Running({ operations, narrow = false }: { operations: readonly OperationSummary[]; /** In a column of its own: one part below the other. */ narrow?: boolean }) {
  const running = operations.filter((operation) => !terminalOperationStatuses.includes(operation.status) && !waitingOperationStatuses.includes(operation.status));
  const waiting = operations.filter((operation) => waitingOperationStatuses.includes(operation.status)).toSorted((a, b) => a.requestedAt.localeCompare(b.requestedAt));
  return (
    <div className="grid gap-2 empty:hidden">
      {running.length > 0 ? (
        <ul aria-label="Running operations" className="grid gap-2">
          {running.map((operation) => (
            <li key={operation.id} className={classes(row, "border-busy bg-busy-wash", !narrow && "md:grid-cols-[auto_minmax(0,1fr)_160px_auto]")}>
              <OperationMark status={operation.status} />
              <Title operation={operation}>{operation.note}</Title>
              <progress className="w-full" aria-label={`${operation.title}: steps done`} value={operation.progress.done} max={Math.max(1, operation.progress.total)} />
              <span className="text-xs text-muted">
                {operation.automatic ? "Vigie itself" : operation.actor} · <Elapsed from={operation.startedAt ?? operation.requestedAt} to={null} />
              </span>
            </li>
          ))}
        </ul>
      ) : null}
      {waiting.length > 0 ? (
        <ul aria-label="Waiting operations" className="grid gap-2">
          {waiting.map((operation) => (
            <li key={operation.id} data-waiting={operation.status} className={classes(row, "border-line bg-panel", !narrow && "md:grid-cols-[auto_minmax(0,1fr)_auto]")}>
              <OperationMark status={operation.status} />
              <Title operation={operation}>
                <WaitsShort operation={operation} />
              </Title>
              <span className="text-xs text-muted">{operation.automatic ? "Vigie itself" : operation.actor}</span>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}

const row = "relative grid items-center gap-x-3 gap-y-1.5 rounded-[10px] border px-3.5 py-2.5";

function Title({ operation, children }: { operation: OperationSummary; children: ReactNode }) {
  return (
    <span className="min-w-0">
      <Link href={`/operations/${operation.id}`} prefetch={false} className="font-semibold after:absolute after:inset-0">
        {operation.title}
      </Link>
      {operation.breakGlass ? <b className="ml-2 rounded bg-warn px-1.5 text-2xs text-on-warn">break-glass</b> : null} <span className="text-muted">{children}</span>
    </span>
  );
}
