"use client";

import Link from "next/link";
import { useState } from "react";
import { connectionLost, usePortalActions } from "#components/actions/actions-context.tsx";
import type { ActionError } from "#components/actions/contract.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { ReasonField } from "#components/patterns/reason-field.tsx";
import { Time } from "#components/patterns/time.tsx";
import { useActorId, useRefusal } from "#components/query/permissions.tsx";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";

export interface ReviewedUse {
  id: string;
  environment: string;
  by: string;
  /** Where it is known: whoever opened it cannot review it. The server asks in any case. */
  actorId?: string;
  reason: string;
  openedAt: string;
}

const shortestNote = 3;

/** Closes a break-glass use: someone other than who opened it has looked at what was done, and says what they found. */
export function ReviewDialog({ review, onClose }: { review: ReviewedUse; onClose: () => void }) {
  const actions = usePortalActions();
  const refused = useRefusal();
  const own = useActorId() === review.actorId;
  const [note, setNote] = useState("");
  const [error, setError] = useState<ActionError | null>(null);
  const [sending, setSending] = useState(false);
  const disabledBecause = sending
    ? "Being handed over…"
    : own
      ? "You opened it: someone else has to review it."
      : (refused("break-glass.review", review.environment, `Reviewing break-glass in ${review.environment}`) ?? (note.trim().length < shortestNote ? "Say what you found: at least three letters." : null));
  const send = async () => {
    if (disabledBecause !== null) return;
    setSending(true);
    setError(null);
    const result = await actions.reviewBreakGlass(review.id, { note: note.trim() }).catch(() => ({ ok: false as const, error: connectionLost }));
    setSending(false);
    if (result.ok) onClose();
    else setError(result.error);
  };
  return (
    <Dialog title="Review a break-glass use" heading={`Review break-glass in ${review.environment}`} onClose={onClose} className="w-[min(34rem,calc(100vw-1.5rem))]">
      <form
        className="grid gap-4 p-5 pt-3 text-sm max-md:px-4"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>
          <b>{review.by}</b> opened it <Time at={review.openedAt} />: “{review.reason}”
        </p>
        <p className="text-muted">
          Look at what was done and what was overruled:{" "}
          <Link href={`/operations?environment=${review.environment}`} className="underline underline-offset-2" onClick={onClose}>
            operations of {review.environment}
          </Link>
          ,{" "}
          <Link href={`/audit?environment=${review.environment}&action=break-glass.open`} className="underline underline-offset-2" onClick={onClose}>
            audit entries
          </Link>
          . Your name and note close it, and stay in the audit log.
        </p>
        <ReasonField label="What you found" name="note" value={note} onChange={setNote} maxLength={1000} first />
        {error ? <Failure error={error} /> : null}
        <div className="flex flex-wrap items-center justify-end gap-2 max-md:flex-col-reverse max-md:flex-nowrap max-md:items-stretch">
          <span className="basis-full text-xs text-faint empty:hidden" aria-live="polite">
            {disabledBecause}
          </span>
          <Button onClick={onClose}>Leave it open</Button>
          <Button type="submit" tone="go" disabledBecause={disabledBecause}>
            Close the review
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
