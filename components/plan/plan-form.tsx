"use client";

import { useEffect, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import type { Plan } from "#lib/contracts/operation.ts";
import type { ActionError } from "#components/actions/contract.ts";
import { formatDuration, formatEstimate } from "#components/patterns/duration.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { PlanChanges } from "#components/plan/plan-changes.tsx";
import { Gates } from "#components/plan/gates.tsx";
import { Difference, differenceLines } from "#components/plan/difference.tsx";
import { useNowMs } from "#components/query/server-clock.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";

interface PlanFormProps {
  plan: Plan;
  moved: ActionError | null;
  error: ActionError | null;
  sending: boolean;
  onConfirm: (reason: string) => void;
  onPlanAgain: () => void;
  onClose: () => void;
}

const verbs: Record<Plan["kind"], string> = { promotion: "promotes", rollback: "rolls back", restart: "restarts", scale: "scales", drill: "rehearses", "stand-down": "stands down" };
const shortestReason = 3;

/** What will happen, what proves that it may, why it is done: and one button that says it. */
export function PlanForm({ plan, moved, error, sending, onConfirm, onPlanAgain, onClose }: PlanFormProps) {
  const [reason, setReason] = useState(plan.suggestedReason);
  const confirm = useRef<HTMLButtonElement>(null);
  const now = useNowMs();
  const leftMs = Date.parse(plan.expiresAt) - now;
  const expired = leftMs <= 0;
  // Enter confirms what was opened on purpose; a plan that took another's place must be looked at first.
  const replaces = moved !== null;
  useEffect(() => {
    if (!replaces) confirm.current?.focus({ preventScroll: true });
  }, [replaces]);

  const disabledBecause = sending ? "Being handed over…" : expired ? "This plan is too old: plan again." : (blockedBecause(plan) ?? (reason.trim().length < shortestReason ? "A reason of at least three letters goes into the audit log." : null));
  const conflict = error?.code === "conflict";
  const tone = plan.kind === "rollback" ? "danger" : "go";

  return (
    <Dialog title={plan.title} heading={plan.title} description={<Subtitle plan={plan} leftMs={leftMs} />} onClose={onClose}>
      <form
        className="grid gap-4 px-5 pt-3 max-md:px-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (disabledBecause === null) onConfirm(reason.trim());
        }}
      >
        {moved ? <Difference error={moved} title="This is a new plan, because the platform has moved" /> : null}
        <PlanChanges plan={plan} />
        <Gates gates={plan.gates} />
        <label className="grid gap-1">
          <span className="text-xs text-muted">Reason, for the audit log</span>
          <input
            name="reason"
            value={reason}
            maxLength={500}
            required
            autoComplete="off"
            onChange={(event) => setReason(event.target.value)}
            onKeyDown={ignoreHeldEnter}
            className="min-h-9 w-full rounded-[7px] border border-control bg-sunk px-2.5 py-1.5 text-sm text-text"
          />
        </label>
        <p className="text-xs text-muted">
          {plan.estimate ? `${formatEstimate(plan.estimate)}. ` : "How long it takes is not known yet: fewer than three like it have run. "}
          {plan.notUndone.join(" ")}
        </p>
        {error ? (
          conflict ? (
            <Difference error={error} title={differenceLines(error.detail).length > 0 ? "Nothing was done: the platform has moved since this plan was made" : "Nothing was done"} />
          ) : (
            <Failure error={error} />
          )
        ) : null}
        <div className="sticky bottom-0 -mx-5 flex flex-wrap items-center justify-between gap-x-3 gap-y-2 border-t border-line bg-panel px-5 py-3.5 max-md:-mx-4 max-md:px-4">
          <span className="text-xs text-faint" aria-live="polite">
            {disabledBecause ?? <span className="max-md:hidden">Enter {conflict ? "shows the new plan" : verbs[plan.kind]} · Esc leaves everything as it is</span>}
          </span>
          <span className="ml-auto flex flex-wrap gap-2 max-md:w-full max-md:flex-col-reverse">
            <Button onClick={onClose}>Leave</Button>
            {expired || conflict ? (
              <Button tone="go" onClick={onPlanAgain}>
                Show the new plan
              </Button>
            ) : (
              <Button ref={confirm} type="submit" tone={tone} onKeyDown={ignoreHeldEnter} disabledBecause={disabledBecause}>
                {plan.title}
              </Button>
            )}
          </span>
        </div>
      </form>
    </Dialog>
  );
}

function Subtitle({ plan, leftMs }: { plan: Plan; leftMs: number }) {
  const parts = [
    plan.currentRelease === null ? null : `${plan.environment} runs R-${plan.currentRelease}`,
    plan.from === null || plan.release === null ? null : `${plan.from} runs R-${plan.release}`,
    `plan ${plan.hash.slice(0, 4)}·${plan.hash.slice(4, 8)}`,
    leftMs > 0 ? `valid for ${formatDuration(leftMs)}` : "no longer valid",
  ];
  return <>{parts.filter(Boolean).join(" · ")}</>;
}

/** A key still held down from opening the dialog must not confirm it. */
function ignoreHeldEnter(event: KeyboardEvent): void {
  if (event.key === "Enter" && event.repeat) event.preventDefault();
}

function blockedBecause(plan: Plan): string | null {
  if (plan.ready) return null;
  const failing = plan.gates.filter((gate) => gate.verdict !== "pass");
  return failing.length === 0 ? "Nothing would change." : `Not now: ${failing.map((gate) => gate.title).join(", ")}.`;
}
