"use client";

import type { OperationStep } from "#lib/contracts/operation.ts";
import { StatusIcon, toneText } from "#components/patterns/status-icon.tsx";
import { stepPresentation } from "#components/patterns/status.tsx";
import { Elapsed } from "#components/patterns/time.tsx";
import { classes } from "#components/ui/classes.ts";

/** Steps in order. The one that runs and one that failed show all they know; a finished one its last line. */
export function Steps({ steps }: { steps: readonly OperationStep[] }) {
  return (
    <ol className="border-t border-line">
      {steps.map((step) => {
        const { tone, shape, word } = stepPresentation[step.status];
        const open = step.status === "running" || step.status === "failed";
        const shown = open ? step.evidence : step.evidence.slice(-1);
        const hidden = step.evidence.length - shown.length;
        return (
          <li key={step.position} data-step={step.name} data-step-status={step.status} className={classes("grid grid-cols-[16px_minmax(0,1fr)_auto] gap-x-2.5 border-b border-line py-2", step.status === "running" && "bg-busy-wash", step.status === "failed" && "bg-bad-wash")}>
            <StatusIcon shape={shape} tone={tone} className="mt-1 ml-0.5" />
            <span className={classes("min-w-0", step.status === "pending" || step.status === "skipped" ? "text-muted" : open && "font-semibold")}>{step.title}</span>
            <span className={classes("pr-1 text-xs", open ? toneText[tone] : "text-faint")}>{step.startedAt && step.status !== "skipped" ? <Elapsed from={step.startedAt} to={step.finishedAt} /> : word}</span>
            {shown.length > 0 ? (
              <ul className="col-[2/-1] text-xs text-muted" aria-label={`Evidence of: ${step.title}`}>
                {shown.map((evidence) => (
                  <li key={`${evidence.at} ${evidence.text}`} data-tip-time={evidence.at} className={step.status === "failed" && evidence === shown.at(-1) ? "text-text" : undefined}>
                    {evidence.text}
                  </li>
                ))}
              </ul>
            ) : null}
            {hidden > 0 ? (
              <details className="col-[2/-1] text-xs text-muted">
                <summary className="text-faint">
                  {hidden} earlier {hidden === 1 ? "line" : "lines"}
                </summary>
                <ul>
                  {step.evidence.slice(0, hidden).map((evidence) => (
                    <li key={`${evidence.at} ${evidence.text}`} data-tip-time={evidence.at}>
                      {evidence.text}
                    </li>
                  ))}
                </ul>
              </details>
            ) : null}
            <span className="sr-only">{word}</span>
          </li>
        );
      })}
    </ol>
  );
}
