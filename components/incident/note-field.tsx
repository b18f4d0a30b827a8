"use client";

import { useState } from "react";
import { usePortalActions } from "#components/actions/actions-context.tsx";
import { useDeed } from "#components/incident/use-deed.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { useIncident } from "#components/query/use-incident.tsx";
import { Button } from "#components/ui/button.tsx";

/** A note for the timeline. It can be written when the incident is over too: what was found out later belongs there. */
export function NoteField() {
  const { incident, refresh } = useIncident();
  const actions = usePortalActions();
  const refused = useRefusal();
  const deed = useDeed();
  const [text, setText] = useState("");
  const denied = refused("incident.work", incident.environment, `Writing notes in ${incident.environment}`);
  const because = deed.sending ? "Being written down…" : (denied ?? (text.trim() === "" ? "Write something first." : null));
  const send = async () => {
    if (because !== null) return;
    if (!(await deed.run(() => actions.incident.note(incident.number, { text: text.trim() })))) return;
    setText("");
    await refresh();
  };
  return (
    <form
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <label className="grid gap-1">
        <span className="text-xs text-muted">Note, for the timeline</span>
        <textarea
          name="text"
          rows={2}
          maxLength={4_000}
          value={text}
          disabled={denied !== null}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send();
          }}
          className="min-h-16 w-full rounded-[7px] border border-control bg-sunk px-2.5 py-1.5 text-sm text-text"
        />
      </label>
      {deed.error ? <Failure error={deed.error} /> : null}
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span className="text-xs text-faint" aria-live="polite">
          {denied ?? (text.trim() === "" ? "" : "Ctrl Enter adds it")}
        </span>
        <Button type="submit" size="small" disabledBecause={because}>
          Add the note to incident {incident.number}
        </Button>
      </div>
    </form>
  );
}
