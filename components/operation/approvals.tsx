"use client";

import { useState } from "react";
import { useKept } from "#components/actions/kept.ts";
import type { Operation } from "#lib/contracts/operation.ts";
import { connectionLost, usePortalActions } from "#components/actions/actions-context.tsx";
import type { ActionError } from "#components/actions/contract.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { formatDuration } from "#components/patterns/duration.ts";
import { ReasonField } from "#components/patterns/reason-field.tsx";
import { StatusIcon } from "#components/patterns/status-icon.tsx";
import { Time } from "#components/patterns/time.tsx";
import { useActorId, useRefusal } from "#components/query/permissions.tsx";
import type { Refusal } from "#components/query/permissions.tsx";
import { useNowMs } from "#components/query/server-clock.ts";
import { Button } from "#components/ui/button.tsx";

/** Who has approved, what is missing and until when; and the button for those who may. */
export function Approvals({ operation }: { operation: Operation }) {
  const now = useNowMs();
  const { required, until } = operation.approvals;
  return (
    <>
      <ApprovalsGiven operation={operation} />
      {until === null ? null : (
        <p className="text-muted">
          {Date.parse(until) > now ? (
            <>
              It is refused by itself when that is not complete in <span data-tip-time={until}>{formatDuration(Date.parse(until) - now, 2)}</span>.
            </>
          ) : (
            "The time for its approvals is over."
          )}{" "}
          {required === 1 ? "An approval" : "Approvals"} bind{required === 1 ? "s" : ""} to this very plan (<span className="font-mono text-xs">{operation.plan.hash.slice(0, 12)}</span>).
        </p>
      )}
      {operation.status === "awaiting" ? <ApproveForm operation={operation} /> : null}
    </>
  );
}

/** Those who said yes. An approval that ran out is struck. */
export function ApprovalsGiven({ operation }: { operation: Pick<Operation, "approvals"> }) {
  const now = useNowMs();
  const { given } = operation.approvals;
  if (given.length === 0) return <p className="text-muted">Nobody has approved it yet.</p>;
  return (
    <ul aria-label="Approvals" className="grid gap-1">
      {given.map((approval) => {
        const over = Date.parse(approval.expiresAt) <= now;
        return (
          <li key={approval.actorId} className="grid grid-cols-[16px_minmax(0,1fr)] gap-x-2">
            <StatusIcon shape={over ? "dashed" : "check"} tone={over ? "unknown" : "ok"} className="mt-1" />
            <span className="min-w-0">
              <b>{approval.by}</b> <span className="text-muted">{over ? "approved it, but that has run out" : "approved it"} </span>
              <Time at={approval.at} className="text-muted" />
              {approval.note ? <span>: “{approval.note}”</span> : null}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

/** Why this person cannot approve this operation; null when they can. The service decides again. */
export function approvalRefused(operation: Pick<Operation, "actorId" | "environment" | "approvals">, actorId: string, refused: Refusal): string | null {
  if (operation.actorId === actorId) return "You asked for it: someone else has to approve it.";
  if (operation.approvals.given.some((approval) => approval.actorId === actorId)) return "You have approved it already: someone else has to as well.";
  return refused("operation.approve", operation.environment, `Approving in ${operation.environment}`);
}

function ApproveForm({ operation }: { operation: Operation }) {
  const actions = usePortalActions();
  const because = approvalRefused(operation, useActorId(), useRefusal());
  const [note, setNote] = useKept(`approve ${operation.id}`, "");
  const [error, setError] = useState<ActionError | null>(null);
  const [sending, setSending] = useState(false);
  const disabledBecause = sending ? "Being handed over…" : because;
  const approve = async () => {
    if (disabledBecause !== null) return;
    setSending(true);
    setError(null);
    const result = await actions.approve(operation.id, { planHash: operation.plan.hash, ...(note.trim() === "" ? {} : { note: note.trim() }) }).catch(() => ({ ok: false as const, error: connectionLost }));
    setSending(false);
    if (!result.ok) setError(result.error);
  };
  if (because !== null) {
    return (
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1.5" id="approve">
        <Button size="small" disabledBecause={because}>
          Approve
        </Button>
        <span className="min-w-0 text-xs text-muted">{because}</span>
      </p>
    );
  }
  return (
    <form
      id="approve"
      aria-label="Approve"
      className="flex flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        void approve();
      }}
    >
      <div className="min-w-0 grow basis-56">
        <ReasonField label="Note, if there is something to say" name="note" value={note} onChange={setNote} required={false} />
      </div>
      <Button type="submit" tone="go" disabledBecause={disabledBecause}>
        Approve “{operation.title}”
      </Button>
      {error ? (
        <div className="w-full">
          <Failure error={error} />
        </div>
      ) : null}
    </form>
  );
}
