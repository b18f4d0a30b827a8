import Link from "next/link";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import { guardPhrases, provenWords, wayBackMark } from "#components/guards/guard-words.ts";
import { StatusIcon, toneText } from "#components/patterns/status-icon.tsx";
import { PlanButton } from "#components/plan/plan-button.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { useNowMs } from "#components/query/server-clock.ts";
import { classes } from "#components/ui/classes.ts";

interface CellProps {
  environment: { name: string; title: string };
  /** Undefined until the worker has looked. */
  guard: EnvironmentGuard | undefined;
}

const cell = "relative border-t border-line bg-sunk px-3.5 py-2 align-top text-xs max-lg:flex max-lg:gap-2";

function Narrow({ title }: { title: string }) {
  return <span className="w-16 shrink-0 truncate text-muted lg:hidden">{title}</span>;
}

/** What a promotion to the environment has to pass, in one or two short lines; the whole of it is a click away. */
export function GuardCell({ environment, guard }: CellProps) {
  const now = useNowMs();
  const phrases = guard ? guardPhrases(guard, now) : [];
  return (
    <td data-guards={environment.name} className={classes(cell, "hover:bg-raised")}>
      <Narrow title={environment.title} />
      <Link href={`/guards#${environment.name}`} prefetch={false} aria-label={`Guards of ${environment.title}`} className="after:absolute after:inset-0" />
      <ul className="flex min-w-0 flex-wrap gap-x-3 gap-y-0.5">
        {phrases.map(({ key, tone, shape, text, at }) => (
          <li key={key} data-guard={key} className="inline-flex min-w-0 items-baseline gap-1">
            {shape ? <StatusIcon shape={shape} tone={tone} className="translate-y-0.5" /> : null}
            <span className={classes("min-w-0", shape ? toneText[tone] : "text-muted", at !== null && "relative")} data-tip-time={at ?? undefined}>
              {text}
            </span>
          </li>
        ))}
        {guard?.quarantined.map(({ release, reason }) => (
          <li key={release} className="inline-flex items-baseline gap-1 text-warn" title={reason}>
            <StatusIcon shape="triangle" tone="warn" className="translate-y-0.5" />R-{release} in quarantine
          </li>
        ))}
        {guard ? phrases.length + guard.quarantined.length === 0 ? <li className="text-faint">promotions at any time</li> : null : <li className="text-faint">not looked at yet</li>}
      </ul>
    </td>
  );
}

/** Whether one could go back now, when that was last proven, and the button that does it. */
export function WayBackCell({ environment, guard }: CellProps) {
  const now = useNowMs();
  const refused = useRefusal();
  const rollback = guard?.rollback ?? null;
  const mark = rollback && wayBackMark(rollback, now);
  return (
    <td data-way-back={environment.name} data-verdict={rollback?.verdict} className={cell}>
      <Narrow title={environment.title} />
      {rollback && mark ? (
        <div className="min-w-0 grow">
          <span className={classes("flex items-baseline gap-1", toneText[mark.tone])}>
            <StatusIcon shape={mark.shape} tone={mark.tone} className="translate-y-0.5" />
            <span className="min-w-0">{mark.sentence}</span>
          </span>
          <div className="flex items-center justify-between gap-2 pt-0.5">
            <span className="min-w-0 text-faint">
              {rollback.proven ? (
                <Link href={`/operations/${rollback.proven.operationId}`} prefetch={false} className="hover:underline" data-tip-time={rollback.proven.at}>
                  {provenWords(rollback, now)}
                </Link>
              ) : (
                provenWords(rollback, now)
              )}
            </span>
            {rollback.release === null ? null : (
            <PlanButton size="small" request={{ kind: "rollback", environment: environment.name, release: rollback.release }} name={`Roll back ${environment.name} to R-${rollback.release}`} disabledBecause={refused("operation.request.rollback", environment.name, `Rolling back ${environment.name}`)}>
              Roll back…
            </PlanButton>
            )}
          </div>
        </div>
      ) : (
        <span className="text-faint">not looked at yet</span>
      )}
    </td>
  );
}
