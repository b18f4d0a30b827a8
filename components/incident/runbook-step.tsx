"use client";

import { usePortalActions } from "#components/actions/actions-context.tsx";
import { useDeed } from "#components/incident/use-deed.ts";
import { Time } from "#components/patterns/time.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { useIncident } from "#components/query/use-incident.tsx";

/** The box of one step: ticked for everybody, with who ticked it. */
export function RunbookStep({ runbook, index }: { runbook: string; index: number }) {
  const { incident, refresh } = useIncident();
  const actions = usePortalActions();
  const refused = useRefusal();
  const deed = useDeed();
  const step = incident.runbooks.find((known) => known.name === runbook)?.steps.find((known) => known.index === index);
  const denied = refused("incident.work", incident.environment, `Ticking steps in ${incident.environment}`);
  const tick = async (ticked: boolean) => {
    if (await deed.run(() => actions.incident.tickRunbook(incident.number, { runbook, index, ticked }))) await refresh();
  };
  return (
    <>
      <input
        type="checkbox"
        aria-label={step?.text ?? `Step ${index + 1}`}
        title={denied ?? undefined}
        checked={step?.ticked != null}
        disabled={step === undefined || denied !== null || deed.sending}
        onChange={(event) => void tick(event.target.checked)}
        className="mr-2 size-4 translate-y-0.5 accent-accent max-md:size-6"
      />
      {step?.ticked ? (
        <span className="text-xs text-ok">
          {step.ticked.by}, <Time at={step.ticked.at} />:{" "}
        </span>
      ) : null}
      {deed.error ? (
        <span role="alert" className="text-xs text-bad">
          {deed.error.message}{" "}
        </span>
      ) : null}
    </>
  );
}
