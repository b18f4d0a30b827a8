"use client";

import Link from "next/link";
import type { ReactNode } from "react";
import type { Operation } from "#lib/contracts/operation.ts";
import { formatInBothZones } from "#components/guards/zoned-time.ts";
import { useHereZone } from "#components/guards/here-zone.ts";
import { Approvals } from "#components/operation/approvals.tsx";
import { estimateWords } from "#components/operation/waits-short.tsx";
import { formatDuration } from "#components/patterns/duration.ts";
import { OperationIcon } from "#components/patterns/status.tsx";
import { useNowMs } from "#components/query/server-clock.ts";
import { useSnapshot } from "#components/query/use-platform.ts";
import { operationPresentation } from "#lib/domain/status.ts";

/** Why an operation has not begun: what is missing, until when, and who can give it. */
export function WaitPanel({ operation }: { operation: Operation }) {
  switch (operation.status) {
    case "awaiting":
      return (
        <Panel operation={operation} title={missingApprovals(operation)}>
          <Approvals operation={operation} />
        </Panel>
      );
    case "scheduled":
      return (
        <Panel operation={operation} title={operation.waits?.sentence ?? "Waits for its time"}>
          <Scheduled operation={operation} />
        </Panel>
      );
    case "queued":
      return (
        <Panel operation={operation} title={operation.waits?.position === 1 ? "Next in line" : operation.waits?.position ? `Number ${operation.waits.position} in line` : "Waits for its turn"}>
          <Queued operation={operation} />
        </Panel>
      );
    case "refused":
      return (
        <Panel operation={operation} title="It was not run, and nothing was changed">
          <p>{operation.note ?? "Its turn came, but it may not run any more."} Make a new plan to see how things stand now.</p>
        </Panel>
      );
    default:
      return null;
  }
}

function Panel({ operation, title, children }: { operation: Operation; title: string; children: ReactNode }) {
  const { tone } = operationPresentation[operation.status];
  return (
    <section aria-label="What it waits for" data-waits-for={operation.waits?.for ?? operation.status} className={`grid grid-cols-[18px_minmax(0,1fr)] gap-x-2.5 rounded-[10px] border px-3.5 py-3 ${tone === "warn" ? "border-warn bg-warn-wash" : tone === "hold" ? "border-hold bg-hold-wash" : "border-line bg-panel"}`}>
      <OperationIcon status={operation.status} className="mt-1 size-4" />
      <div className="grid min-w-0 gap-2">
        <h2 className="font-semibold">{title}</h2>
        <div className="grid gap-2 text-sm">{children}</div>
      </div>
    </section>
  );
}

export function missingApprovals(operation: Pick<Operation, "approvals">): string {
  const { required, given } = operation.approvals;
  const missing = Math.max(0, required - given.length);
  return `${given.length} of ${required} ${required === 1 ? "approval" : "approvals"} given, ${missing} missing`;
}

function Scheduled({ operation }: { operation: Operation }) {
  const now = useNowMs();
  const here = useHereZone();
  const { guards } = useSnapshot();
  const timeZone = guards.find((guard) => guard.environment === operation.environment)?.window?.timeZone ?? "UTC";
  const at = operation.notBefore ?? operation.waits?.until ?? null;
  if (at === null) return <p className="text-muted">When that is, is not known: no window opens within a year.</p>;
  const leftMs = Date.parse(at) - now;
  return (
    <p>
      <b data-tip-time={at}>{formatInBothZones(at, timeZone, here, now)}</b>
      <span className="text-muted"> · {leftMs > 0 ? `in ${formatDuration(leftMs, 2)}` : "any moment"}. It begins by itself, also when Vigie was restarted meanwhile; its gates are asked again then.</span>
    </p>
  );
}

function Queued({ operation }: { operation: Operation }) {
  const { operations } = useSnapshot();
  const { waits } = operation;
  const before = operations
    .filter((other) => other.environment === operation.environment && other.id !== operation.id && (other.status === "running" || (other.status === "queued" && (other.waits?.position ?? Infinity) < (waits?.position ?? Infinity))))
    .toSorted((a, b) => (a.waits?.position ?? 0) - (b.waits?.position ?? 0));
  return (
    <>
      {before.length > 0 ? (
        <p>
          Behind{" "}
          {before.map((other, index) => (
            <span key={other.id}>
              {index > 0 ? ", " : ""}
              <Link href={`/operations/${other.id}`} className="underline decoration-line-strong underline-offset-2">
                {other.title}
              </Link>{" "}
              <span className="text-muted">({other.status === "running" ? "running" : "queued"})</span>
            </span>
          ))}
          .
        </p>
      ) : waits ? (
        <p>{waits.sentence}</p>
      ) : null}
      <p className="text-muted">{waits?.estimate ? `Its turn comes in ${estimateWords(waits.estimate)}, judged by how long such operations took.` : "When its turn comes cannot be said yet: fewer than three like those before it have run."}</p>
    </>
  );
}
