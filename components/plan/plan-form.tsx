"use client";

import dynamic from "next/dynamic";
import { useEffect, useRef, useState } from "react";
import type { Plan } from "#lib/contracts/operation.ts";
import type { ActionError } from "#components/actions/contract.ts";
import { useKept } from "#components/actions/kept.ts";
import { InBreakGlass } from "#components/break-glass/in-session.tsx";
import { openBreakGlassOf } from "#components/guards/guard-words.ts";
import { useHereZone } from "#components/guards/here-zone.ts";
import { formatDuration, formatEstimate } from "#components/patterns/duration.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { ignoreHeldEnter, ReasonField } from "#components/patterns/reason-field.tsx";
import { Afterwards, Waits } from "#components/plan/outlook.tsx";
import { Isolation } from "#components/plan/isolation.tsx";
import { holding, isOverrulable, mendedByWaiting } from "#components/plan/overrulable.ts";
import { PlanChanges } from "#components/plan/plan-changes.tsx";
import { Gates } from "#components/plan/gates.tsx";
import { Difference, differenceLines } from "#components/plan/difference.tsx";
import { planStart } from "#components/plan/start-words.ts";
import { useRefusal } from "#components/query/permissions.tsx";
import { useNowMs } from "#components/query/server-clock.ts";
import { useSnapshot } from "#components/query/use-platform.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";
import { terminalOperationStatuses } from "#lib/domain/status.ts";

const BreakGlassDialog = dynamic(() => import("#components/break-glass/break-glass-dialog.tsx").then((module) => module.BreakGlassDialog), { ssr: false });

interface PlanFormProps {
  plan: Plan;
  /** What is filled in at first. */
  reason?: string;
  moved: ActionError | null;
  error: ActionError | null;
  sending: boolean;
  onConfirm: (reason: string, schedule: "next-window" | undefined) => void;
  onPlanAgain: () => void;
  onClose: () => void;
}

const verbs: Record<Plan["kind"], string> = { promotion: "promotes", rollback: "rolls back", restart: "restarts", scale: "scales", drill: "rehearses", "stand-down": "stands down", isolate: "isolates", "lift-isolation": "lifts the isolation" };
const shortestReason = 3;

/** What will happen, what proves that it may, why it is done: and one button that says it. */
export function PlanForm({ plan, reason: given = plan.suggestedReason, moved, error, sending, onConfirm, onPlanAgain, onClose }: PlanFormProps) {
  const [reason, setReason] = useKept(`plan ${plan.title}`, given);
  const [breaking, setBreaking] = useState(false);
  const confirm = useRef<HTMLButtonElement>(null);
  const now = useNowMs();
  const here = useHereZone();
  const { guards, operations } = useSnapshot();
  const refused = useRefusal();
  const guard = guards.find((known) => known.environment === plan.environment);
  const unfinished = operations.filter((operation) => operation.environment === plan.environment && !terminalOperationStatuses.includes(operation.status));
  const start = planStart(plan, { timeZone: guard?.window?.timeZone ?? "UTC", here, nowMs: now, freeze: guard?.freeze ?? null, unfinished });
  const leftMs = Date.parse(plan.expiresAt) - now;
  const expired = leftMs <= 0;
  // Enter confirms what was opened on purpose; a plan that took another's place must be looked at first.
  const replaces = moved !== null;
  useEffect(() => {
    if (!replaces) confirm.current?.focus({ preventScroll: true });
  }, [replaces]);

  const denied = plan.kind === "stand-down" ? null : refused(`operation.request.${plan.kind}`, plan.environment, `This in ${plan.environment}`);
  const disabledBecause = sending
    ? "Being handed over…"
    : expired
      ? "This plan is too old: plan again."
      : (denied ?? start.disabledBecause ?? (reason.trim().length < shortestReason ? "A reason of at least three letters goes into the audit log." : null));
  const conflict = error?.code === "conflict";
  const tone = plan.kind === "rollback" || plan.kind === "isolate" ? "danger" : "go";
  const waits = plan.start.how === "waits";

  const held = plan.breakGlassId === null ? holding(plan.gates) : [];
  const overrules = held.filter(isOverrulable).map((gate) => gate.title);
  const mayBreak = overrules.length > 0 && refused("break-glass.open", plan.environment, "Break-glass") === null;

  return (
    <Dialog title={plan.title} heading={plan.title} description={<Subtitle plan={plan} leftMs={leftMs} />} onClose={onClose}>
      {plan.breakGlassId === null ? null : (
        <div className="pt-3">
          <InBreakGlass session={openBreakGlassOf(guard, now)} environment={plan.environment} />
        </div>
      )}
      <form
        className="grid gap-4 px-5 pt-3 max-md:px-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (disabledBecause === null) onConfirm(reason.trim(), start.schedule);
        }}
      >
        {moved ? <Difference error={moved} title="This is a new plan, because the platform has moved" /> : null}
        <PlanChanges plan={plan} />
        <Isolation plan={plan} />
        <Gates gates={plan.gates} waitsFor={mendedByWaiting(plan.start)} />
        {mayBreak ? (
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-muted">
            <Button size="small" aria-haspopup="dialog" onClick={() => setBreaking(true)}>
              Overrule with break-glass…
            </Button>
            {held.every(isOverrulable) ? "On call and it cannot wait: 15 minutes, reviewed by someone else." : `Overrules ${overrules.join(", ")}; the others stay.`}
          </p>
        ) : null}
        <ReasonField label="Reason, for the audit log" value={reason} onChange={setReason} />
        <Waits sentences={start.waits} />
        <Afterwards sentences={plan.afterwards} />
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
          <span className="min-w-0 flex-1 basis-40 text-xs text-faint" aria-live="polite">
            {disabledBecause ?? <span className="max-md:hidden">Enter {conflict ? "shows the new plan" : waits ? "hands it over" : verbs[plan.kind]} · Esc leaves everything as it is</span>}
          </span>
          <span className="ml-auto flex flex-wrap justify-end gap-2 max-md:w-full max-md:flex-col-reverse">
            <Button onClick={onClose}>Leave</Button>
            {expired || conflict ? (
              <Button tone="go" onClick={onPlanAgain}>
                Show the new plan
              </Button>
            ) : (
              <Button ref={confirm} type="submit" tone={tone} onKeyDown={ignoreHeldEnter} disabledBecause={disabledBecause} data-start={plan.start.how}>
                {start.label}
              </Button>
            )}
          </span>
        </div>
      </form>
      {breaking ? (
        <BreakGlassDialog
          environment={plan.environment}
          overrules={overrules}
          onClose={() => setBreaking(false)}
          onOpened={() => {
            setBreaking(false);
            onPlanAgain();
          }}
        />
      ) : null}
    </Dialog>
  );
}

function Subtitle({ plan, leftMs }: { plan: Plan; leftMs: number }) {
  const parts = [
    plan.currentRelease === null ? null : `${plan.environment} runs R-${plan.currentRelease}`,
    plan.from === null || plan.release === null ? null : `${plan.from} runs R-${plan.release}`,
    plan.strategy === "blue-green" ? "blue-green" : "rolling update",
    `plan ${plan.hash.slice(0, 4)}·${plan.hash.slice(4, 8)}`,
    leftMs > 0 ? `valid for ${formatDuration(leftMs)}` : "no longer valid",
  ];
  return <>{parts.filter(Boolean).join(" · ")}</>;
}
