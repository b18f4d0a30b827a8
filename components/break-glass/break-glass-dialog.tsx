"use client";

import { useState } from "react";
import { connectionLost, usePortalActions } from "#components/actions/actions-context.tsx";
import type { ActionError } from "#components/actions/contract.ts";
import { useKept } from "#components/actions/kept.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { ReasonField } from "#components/patterns/reason-field.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";

export const shortestBreakGlassReason = 10;

interface BreakGlassDialogProps {
  environment: string;
  /** Gates it would overrule now, by title; null when no plan is at hand. */
  overrules?: readonly string[] | null;
  onOpened: () => void;
  onClose: () => void;
}

/** Says what break-glass overrules, for how long, and who will look at it; opens it with a reason. */
export function BreakGlassDialog({ environment, overrules = null, onOpened, onClose }: BreakGlassDialogProps) {
  const actions = usePortalActions();
  const refused = useRefusal();
  const [reason, setReason] = useKept(`break-glass ${environment}`, "");
  const [error, setError] = useState<ActionError | null>(null);
  const [sending, setSending] = useState(false);
  const tooShort = reason.trim().length < shortestBreakGlassReason ? `A reason of at least ${shortestBreakGlassReason} letters goes into the audit log.` : null;
  const disabledBecause = sending ? "Being opened…" : (refused("break-glass.open", environment, `Break-glass in ${environment}`) ?? tooShort);
  const open = async () => {
    if (disabledBecause !== null) return;
    setSending(true);
    setError(null);
    const result = await actions.openBreakGlass({ environment, reason: reason.trim() }).catch(() => ({ ok: false as const, error: connectionLost }));
    setSending(false);
    if (result.ok) onOpened();
    else setError(result.error);
  };
  return (
    <Dialog title={`Break-glass in ${environment}`} heading={`Break-glass in ${environment}`} onClose={onClose} className="w-[min(34rem,calc(100vw-1.5rem))]">
      <form
        className="grid gap-4 p-5 pt-3 text-sm max-md:px-4"
        onSubmit={(event) => {
          event.preventDefault();
          void open();
        }}
      >
        <p>
          For <b>15 minutes</b> what you start in {environment} passes these gates although they say no: soak, healthy source, open incident, window, freeze, approvals, metrics, smoke checks, parity. They keep their verdicts, and the operation is marked.
        </p>
        {overrules !== null && overrules.length > 0 ? (
          <p className="rounded-lg border border-warn bg-warn-wash px-3 py-2">
            Here it overrules: <b>{overrules.join(", ")}</b>.
          </p>
        ) : null}
        <ul className="grid list-disc gap-1 pl-5 text-muted">
          <li>It is shown on every page until it ends, with your name and reason.</li>
          <li>Someone else reviews what you did; until then it stays open as a review.</li>
          <li>It never overrules what keeps a release whole: images that are missing, containers that differ, a target that cannot be seen, a quarantined release.</li>
          <li>A rollback does not need it: no window, freeze or approval holds one back.</li>
        </ul>
        <ReasonField label="Why it cannot wait, for the audit log and the review" value={reason} onChange={setReason} first />
        {error ? <Failure error={error} reopen={`break-glass:${environment}`} /> : null}
        <div className="flex flex-wrap items-center justify-end gap-2 max-md:flex-col-reverse max-md:flex-nowrap max-md:items-stretch">
          <span className="basis-full text-xs text-faint empty:hidden" aria-live="polite">
            {disabledBecause}
          </span>
          <Button onClick={onClose}>Leave</Button>
          <Button type="submit" tone="danger" disabledBecause={disabledBecause}>
            Open break-glass in {environment} for 15 minutes
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
