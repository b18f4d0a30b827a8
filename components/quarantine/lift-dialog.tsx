"use client";

import { useState } from "react";
import type { Quarantine } from "#lib/contracts/operation.ts";
import { connectionLost, usePortalActions } from "#components/actions/actions-context.tsx";
import type { ActionError } from "#components/actions/contract.ts";
import { useKept } from "#components/actions/kept.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { ReasonField } from "#components/patterns/reason-field.tsx";
import { Time } from "#components/patterns/time.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";

const shortestReason = 10;

/** Lets a release be promoted again that was returned: with a reason that goes into the audit log. */
export function LiftDialog({ quarantine, onLifted, onClose }: { quarantine: Quarantine; onLifted: () => void; onClose: () => void }) {
  const actions = usePortalActions();
  const refused = useRefusal();
  const [reason, setReason] = useKept(`lift ${quarantine.id}`, "");
  const [error, setError] = useState<ActionError | null>(null);
  const [sending, setSending] = useState(false);
  const what = `R-${quarantine.release} for ${quarantine.environment}`;
  const disabledBecause = sending
    ? "Being lifted…"
    : (refused("quarantine.lift", quarantine.environment, `Lifting a quarantine in ${quarantine.environment}`) ?? (reason.trim().length < shortestReason ? `A reason of at least ${shortestReason} letters goes into the audit log.` : null));
  const lift = async () => {
    if (disabledBecause !== null) return;
    setSending(true);
    setError(null);
    const result = await actions.liftQuarantine(quarantine.id, { reason: reason.trim() }).catch(() => ({ ok: false as const, error: connectionLost }));
    setSending(false);
    if (result.ok) onLifted();
    else setError(result.error);
  };
  return (
    <Dialog title="Lift a quarantine" heading={`Lift the quarantine of ${what}`} onClose={onClose} className="w-[min(34rem,calc(100vw-1.5rem))]">
      <form
        className="grid gap-4 p-5 pt-3 text-sm max-md:px-4"
        onSubmit={(event) => {
          event.preventDefault();
          void lift();
        }}
      >
        <p>
          It was put there <Time at={quarantine.at} />: “{quarantine.reason}”
        </p>
        <p className="text-muted">Nothing is promoted by this. From then on people and programs can plan its promotion to {quarantine.environment} again; if it fails again, it comes back into quarantine.</p>
        <ReasonField label="Why it can be promoted again, for the audit log" value={reason} onChange={setReason} first />
        {error ? <Failure error={error} /> : null}
        <div className="flex flex-wrap items-center justify-end gap-2 max-md:flex-col-reverse max-md:flex-nowrap max-md:items-stretch">
          <span className="basis-full text-xs text-faint empty:hidden" aria-live="polite">
            {disabledBecause}
          </span>
          <Button onClick={onClose}>Leave it there</Button>
          <Button type="submit" tone="go" disabledBecause={disabledBecause}>
            Lift the quarantine of {what}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
