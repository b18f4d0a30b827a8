"use client";

import { usePortalActions } from "#components/actions/actions-context.tsx";
import { useDeed } from "#components/incident/use-deed.ts";
import type { Refusal } from "#components/query/permissions.tsx";
import { useIncident } from "#components/query/use-incident.tsx";
import { Button } from "#components/ui/button.tsx";
import type { Signal } from "#lib/contracts/incident.ts";

/** Takes a silence away before its time: whoever is on call may want to hear it again. */
export function EndSilence({ signal, environment, refused }: { signal: Signal; environment: string; refused: Refusal }) {
  const actions = usePortalActions();
  const { refresh } = useIncident();
  const deed = useDeed();
  const { silence } = signal;
  if (silence === null) return null;
  const end = async () => {
    if (await deed.run(() => actions.incident.endSilence(environment, silence.id))) await refresh();
  };
  return (
    <>
      <Button size="small" aria-label={`End the silence of ${signal.title}`} disabledBecause={deed.sending ? "Being handed over…" : refused("incident.silence", environment, `Ending silences in ${environment}`)} onClick={() => void end()}>
        End the silence
      </Button>
      {deed.error ? (
        <span role="alert" className="text-bad">
          {" "}
          {deed.error.message}
        </span>
      ) : null}
    </>
  );
}
