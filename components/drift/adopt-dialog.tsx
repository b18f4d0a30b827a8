"use client";

import { useState } from "react";
import type { Drift } from "#lib/contracts/drift.ts";
import { connectionLost, usePortalActions } from "#components/actions/actions-context.tsx";
import type { ActionError } from "#components/actions/contract.ts";
import { useKept } from "#components/actions/kept.ts";
import { DriftDifferences } from "#components/drift/drift-details.tsx";
import { Failure } from "#components/patterns/failure.tsx";
import { ReasonField } from "#components/patterns/reason-field.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";

interface AdoptDialogProps {
  environment: string;
  drift: Drift;
  title: string;
  onClose: () => void;
}

const shortestReason = 3;

/** Says that what runs is what is wanted from now on. What was shown when it opened is what is adopted, even if the list behind it moves on. */
export function AdoptDialog({ environment, drift: newest, title, onClose }: AdoptDialogProps) {
  const actions = usePortalActions();
  const refused = useRefusal();
  const [drift] = useState(newest);
  const [reason, setReason] = useKept(`adopt ${environment} ${drift.mark}`, "");
  const [error, setError] = useState<ActionError | null>(null);
  const [sending, setSending] = useState(false);
  const moved = newest.mark !== drift.mark;
  const disabledBecause = sending
    ? "Being handed over…"
    : moved
      ? "It runs something else by now: close this and look again."
      : (refused("drift.adopt", environment, `Adopting what runs in ${environment}`) ?? (reason.trim().length < shortestReason ? "Say why it is wanted: at least three letters." : null));
  const send = async () => {
    if (disabledBecause !== null) return;
    setSending(true);
    setError(null);
    const result = await actions.adoptDrift({ environment, bigPod: drift.bigPod, mark: drift.mark, reason: reason.trim() }).catch(() => ({ ok: false as const, error: connectionLost }));
    setSending(false);
    if (result.ok) onClose();
    else setError(result.error);
  };
  return (
    <Dialog title="Adopt what runs" heading={`Adopt what ${title} runs in ${environment}`} onClose={onClose} className="w-[min(36rem,calc(100vw-1.5rem))]">
      <form
        className="grid gap-4 p-5 pt-3 text-sm max-md:px-4"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>From now on this is what is wanted there. Nothing is written to the cluster. The next promotion builds on it; a rollback still brings the whole of its release.</p>
        <div>
          <DriftDifferences drift={drift} />
        </div>
        <ReasonField label="Why it is wanted" value={reason} onChange={setReason} first />
        {error ? <Failure error={error} reopen={`adopt:${environment}/${drift.bigPod}`} /> : null}
        <div className="flex flex-wrap items-center justify-end gap-2 max-md:flex-col-reverse max-md:flex-nowrap max-md:items-stretch">
          <span className="basis-full text-xs text-faint empty:hidden max-md:basis-auto" aria-live="polite">
            {disabledBecause}
          </span>
          <Button onClick={onClose}>Leave it a drift</Button>
          <Button type="submit" tone="go" disabledBecause={disabledBecause}>
            Adopt what runs
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
