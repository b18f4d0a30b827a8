"use client";

import type { ReactNode } from "react";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import { InBreakGlass } from "#components/break-glass/in-session.tsx";
import { formatInBothZones, formatInZone } from "#components/guards/zoned-time.ts";
import { openBreakGlassOf, provenWords, wayBackMark } from "#components/guards/guard-words.ts";
import { useHereZone } from "#components/guards/here-zone.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Section } from "#components/patterns/section.tsx";
import { StatusIcon, toneText } from "#components/patterns/status-icon.tsx";
import { Time } from "#components/patterns/time.tsx";
import { PlanButton } from "#components/plan/plan-button.tsx";
import { openDialog } from "#components/plan/plan-navigation.ts";
import { useRefusal } from "#components/query/permissions.tsx";
import { useNowMs } from "#components/query/server-clock.ts";
import { useSnapshot } from "#components/query/use-platform.ts";
import { Button } from "#components/ui/button.tsx";
import { Copy } from "#components/ui/copy.tsx";
import type { GuardRule, GuardRules } from "#components/guards/guard-rules.ts";

/** What guards each environment: as configured, in words, and as it is right now. */
export function GuardsView({ rules }: { rules: readonly GuardRules[] }) {
  const { guards } = useSnapshot();
  return (
    <>
      {rules.map((environment) => (
        <Environment key={environment.name} rules={environment} guard={guards.find((guard) => guard.environment === environment.name)} />
      ))}
    </>
  );
}

function Environment({ rules, guard }: { rules: GuardRules; guard: EnvironmentGuard | undefined }) {
  const now = useNowMs();
  const refused = useRefusal();
  const session = openBreakGlassOf(guard, now);
  return (
    <Section title={rules.title} id={rules.name} aside={rules.strategy} className="scroll-mt-16">
      {session ? (
        <div className="mb-2 overflow-hidden rounded-lg">
          <InBreakGlass session={session} environment={rules.name} />
        </div>
      ) : null}
      <dl className="border-t border-line text-sm">
        {rules.promotesFrom === null ? (
          <Row title="Promotions">
            <Faint>nothing is promoted to {rules.name}: it is where releases begin</Faint>
          </Row>
        ) : (
          <Promotions rules={rules} />
        )}
        <Row title="Way back">
          <WayBack rules={rules} guard={guard} />
        </Row>
        <Row title="Break-glass">
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
            <span className="min-w-0 grow basis-64 text-muted">For 15 minutes, with a reason, it overrules windows, freezes, approvals and checks; someone else reviews it.</span>
            <Button size="small" aria-haspopup="dialog" disabledBecause={refused("break-glass.open", rules.name, `Break-glass in ${rules.name}`)} onClick={() => openDialog("do", `break-glass:${rules.name}`)}>
              Break-glass in {rules.name}…
            </Button>
          </span>
        </Row>
      </dl>
    </Section>
  );
}

function Promotions({ rules }: { rules: GuardRules }) {
  return (
    <>
      <Row title="Windows">
        <Windows rules={rules} />
      </Row>
      <Row title="Freezes">
        {rules.freezes.length === 0 ? <Faint>none</Faint> : <ul>{rules.freezes.map((freeze) => <Freeze key={`${freeze.name} ${freeze.from}`} freeze={freeze} />)}</ul>}
      </Row>
      <Row title="Approvals">{rules.approvals}</Row>
      <Row title="Before">
        <Rules rules={rules.before} />
      </Row>
      <Row title="Strategy">{rules.strategyWords}</Row>
      <Row title="After">
        <Rules rules={rules.after} />
      </Row>
      <Row title="Watch">{rules.watch}</Row>
    </>
  );
}

function Row({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-3 border-b border-line py-2 md:grid-cols-[140px_minmax(0,1fr)]">
      <dt className="font-semibold">{title}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}

function Faint({ children }: { children: ReactNode }) {
  return <span className="text-muted">{children}</span>;
}

function Windows({ rules }: { rules: GuardRules }) {
  const now = useNowMs();
  const here = useHereZone();
  if (rules.windows.length === 0) return <Faint>none: promotions may begin at any time</Faint>;
  return (
    <ul className="grid gap-1">
      {rules.windows.map((window) => (
        <li key={window.words}>
          {window.words}
          {window.openings.length === 0 ? (
            <span className="block text-xs text-warn">does not open within a year</span>
          ) : (
            <span className="block text-xs text-muted">
              {window.openings.map((opening, index) => {
                const open = Date.parse(opening.from) <= now && now < Date.parse(opening.to);
                return (
                  <span key={opening.from} className={open ? "text-ok" : undefined} data-opening={opening.from}>
                    {index > 0 ? " · " : ""}
                    {open ? `open now until ${formatInBothZones(opening.to, window.timeZone, here, now)}` : `${index === 0 ? "next " : "then "}${formatInBothZones(opening.from, window.timeZone, here, now)}`}
                  </span>
                );
              })}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function Freeze({ freeze }: { freeze: GuardRules["freezes"][number] }) {
  const now = useNowMs();
  const here = useHereZone();
  const state = Date.parse(freeze.to) <= now ? "over" : Date.parse(freeze.from) <= now ? "now" : "to come";
  return (
    <li className={state === "over" ? "text-faint" : undefined}>
      {freeze.name}: {freeze.reason} <span className={state === "now" ? "font-semibold text-hold" : "text-muted"}>({state === "now" ? "frozen now" : state})</span>
      <span className="block text-xs text-muted">
        {formatInZone(freeze.from, freeze.timeZone, now)} to {formatInBothZones(freeze.to, freeze.timeZone, here, now)}
      </span>
    </li>
  );
}

function Rules({ rules }: { rules: readonly GuardRule[] }) {
  return (
    <ul className="grid gap-1">
      {rules.map((rule) => (
        <li key={`${rule.words} ${rule.query ?? ""}`} className="min-w-0">
          {rule.words}
          {rule.query === null ? null : (
            <Copy text={rule.query} label="query" className="mt-0.5 flex font-mono text-xs text-muted">
              {rule.query}
            </Copy>
          )}
        </li>
      ))}
    </ul>
  );
}

function WayBack({ rules, guard }: { rules: GuardRules; guard: EnvironmentGuard | undefined }) {
  const now = useNowMs();
  const refused = useRefusal();
  const rollback = guard?.rollback;
  const mark = rollback && wayBackMark(rollback, now);
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
      <span className="min-w-0 grow basis-64">
        {rollback && mark ? (
          <>
            <span className={`inline-flex items-baseline gap-1.5 ${toneText[mark.tone]}`}>
              <StatusIcon shape={mark.shape} tone={mark.tone} className="translate-y-px" />
              {mark.sentence}
            </span>{" "}
            <span className="text-xs text-faint">
              {provenWords(rollback, now)} · looked at <Time at={rollback.checkedAt} />
            </span>
          </>
        ) : (
          <Faint>not looked at yet</Faint>
        )}
        <span className="block text-xs text-muted">{rules.drill}</span>
      </span>
      {rules.mayDrill ? (
        <PlanButton size="small" request={{ kind: "drill", environment: rules.name }} disabledBecause={refused("operation.request.drill", rules.name, `Rehearsing in ${rules.name}`)}>
          Rehearse the way back in {rules.name}…
        </PlanButton>
      ) : null}
    </span>
  );
}

/** Said when nothing may be seen. */
export function NoGuards() {
  return <Absence kind="forbidden" title="Your role shows the guards of no environment" />;
}
