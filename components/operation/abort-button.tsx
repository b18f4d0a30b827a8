"use client";

import { useState } from "react";
import type { OperationSummary } from "#lib/contracts/state.ts";
import { waitingOperationStatuses } from "#lib/domain/status.ts";
import { connectionLost, usePortalActions } from "#components/actions/actions-context.tsx";
import type { ActionError } from "#components/actions/contract.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";

/** Asks the worker to stop and to bring back what was changed. */
export function AbortButton({ operation }: { operation: Pick<OperationSummary, "id" | "title" | "environment" | "status"> & { abortRequestedBy: string | null } }) {
  const [open, setOpen] = useState(false);
  const refused = useRefusal();
  const asked = operation.abortRequestedBy === null ? null : `${operation.abortRequestedBy} has asked for it already.`;
  return (
    <>
      <Button tone={waitingOperationStatuses.includes(operation.status) ? "plain" : "danger"} aria-haspopup="dialog" disabledBecause={asked ?? refused("operation.abort", operation.environment, `Aborting in ${operation.environment}`)} onClick={() => setOpen(true)}>
        Abort
      </Button>
      {open ? <AbortDialog operation={operation} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

/** Says what aborting means for this operation as it stands, and asks for it. */
export function AbortDialog({ operation, onClose }: { operation: Pick<OperationSummary, "id" | "title" | "environment" | "status">; onClose: () => void }) {
  const actions = usePortalActions();
  const [error, setError] = useState<ActionError | null>(null);
  const [sending, setSending] = useState(false);
  const waiting = waitingOperationStatuses.includes(operation.status);
  const abort = async () => {
    setSending(true);
    const result = await actions.abort(operation.id).catch(() => ({ ok: false as const, error: connectionLost }));
    setSending(false);
    if (result.ok) onClose();
    else setError(result.error);
  };
  return (
    <Dialog title="Abort" heading={`Abort “${operation.title}”`} onClose={onClose} className="w-[min(32rem,calc(100vw-1.5rem))]">
      <div className="grid gap-4 p-5 pt-3 text-sm">
        <p>
          {waiting
            ? "It has not begun: nothing was changed, and nothing will be."
            : `It stops after the step that is running. What it has changed in ${operation.environment} is brought back to what ran before, pod by pod. What people did meanwhile (data, sign-ins, calls to third parties) stays.`}
        </p>
        {error ? <Failure error={error} reopen={`abort:${operation.id}`} /> : null}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{waiting ? "Leave it waiting" : "Leave it running"}</Button>
          <Button tone="danger" disabledBecause={sending ? "Being handed over…" : null} onClick={() => void abort()}>
            {waiting ? "Abort it before it begins" : `Abort and bring ${operation.environment} back`}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
