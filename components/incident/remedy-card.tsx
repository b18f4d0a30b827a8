import type { ReactNode } from "react";
import type { Remedy } from "#lib/contracts/incident.ts";
import type { PlanRequest } from "#lib/contracts/operation.ts";
import type { Recovery } from "#lib/contracts/incident-summary.ts";
import type { OperationSummary } from "#lib/contracts/state.ts";
import { terminalOperationStatuses } from "#lib/domain/status.ts";
import { RecoveryCard } from "#components/incident/recovery.tsx";
import { Running } from "#components/overview/running.tsx";
import { openPlan } from "#components/plan/plan-navigation.ts";
import { Button } from "#components/ui/button.tsx";
import { classes } from "#components/ui/classes.ts";

interface RemedyCardProps {
  number: number;
  remedies: readonly Remedy[];
  recovery: Recovery | null;
  /** Of the incident's environment: what runs now is shown in place of a second press. */
  operations: readonly OperationSummary[];
  over: boolean;
  /** The runbooks' first lines, under the buttons. */
  children?: ReactNode;
}

/** The safe buttons: the recommended one with all that is known of it, the others below. What cannot be pressed says why. */
export function RemedyCard({ number, remedies, recovery, operations, over, children }: RemedyCardProps) {
  const recommended = remedies.find((remedy) => remedy.recommended) ?? null;
  const others = remedies.filter((remedy) => remedy !== recommended);
  const running = operations.filter((operation) => !terminalOperationStatuses.includes(operation.status));
  return (
    <section aria-labelledby="what-helps-heading" id="what-helps" className="grid gap-3 rounded-[10px] border border-line-strong bg-panel p-3.5">
      <h2 id="what-helps-heading" className="text-sm font-semibold text-muted">
        {over ? "What helped" : "What helps"}
      </h2>
      {recovery ? <RecoveryCard recovery={recovery} /> : null}
      {running.length > 0 ? <Running operations={running} narrow /> : null}
      {recommended ? <Recommended number={number} remedy={recommended} quiet={over || recovery?.state === "verifying"} /> : remedies.length === 0 ? <p className="text-sm text-muted">{over ? "It is over: nothing is left to press." : "No button of Vigie's helps here. The runbook and the suspects say where to look."}</p> : null}
      {others.length > 0 ? (
        <ul className={classes("grid gap-2.5", recommended && "border-t border-line pt-3")} aria-label="Other remedies">
          {others.map((remedy) => (
            <li key={remedy.title} className="grid gap-1" data-remedy={remedy.kind}>
              <RemedyButton number={number} remedy={remedy} tone="plain" />
              <p className="text-xs text-muted">{remedy.why ?? remedy.facts.join(" · ")}</p>
            </li>
          ))}
        </ul>
      ) : null}
      {children}
    </section>
  );
}

function Recommended({ number, remedy, quiet }: { number: number; remedy: Remedy; quiet: boolean }) {
  return (
    <div className="grid gap-2" data-remedy={remedy.kind} data-recommended>
      <RemedyButton number={number} remedy={remedy} tone={quiet ? "plain" : remedy.kind === "rollback" || remedy.kind === "isolate" ? "danger" : "go"} />
      {remedy.why === null ? null : <p className="text-sm text-text">{remedy.why}</p>}
      {remedy.facts.length > 0 ? (
        <ul className="text-sm" aria-label={`Known of “${remedy.title}”`}>
          {remedy.facts.map((fact) => (
            <li key={fact} className="border-b border-line py-1.5 first:border-t">
              {fact}
            </li>
          ))}
        </ul>
      ) : null}
      {remedy.enabled ? (
        <p className="text-xs text-muted">
          The plan is shown first; its reason will be “{remedy.reason}”.
        </p>
      ) : null}
    </div>
  );
}

function RemedyButton({ number, remedy, tone }: { number: number; remedy: Remedy; tone: "danger" | "go" | "plain" }) {
  // Safe: the remedy's plan is a body of POST /api/v1/plans, made and checked by the server; it is parsed again when the plan is made.
  const request = remedy.plan as PlanRequest | null;
  const disabledBecause = remedy.enabled && request !== null ? null : (remedy.why ?? "It cannot be done now.");
  return (
    <Button tone={tone} className="w-full" aria-haspopup="dialog" disabledBecause={disabledBecause} onClick={() => request && openPlan(request, { reason: remedy.reason, backTo: `/incidents/${number}`, incident: number })}>
      {remedy.title}
    </Button>
  );
}
