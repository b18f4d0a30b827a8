"use client";

import { AcknowledgeDialog, MergeDialog, OpenIncidentDialog, ResolveDialog } from "#components/incident/incident-deeds.tsx";
import { SilenceDialog } from "#components/incident/silence-dialog.tsx";
import { useSnapshot } from "#components/query/use-platform.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";

const verbs = ["open-incident", "acknowledge", "resolve", "merge", "silence"] as const;
type IncidentVerb = (typeof verbs)[number];

export function isIncidentDeed(verb: string): verb is IncidentVerb {
  return verbs.some((known) => known === verb);
}

/** The dialog of an incident that an address names: acknowledge:31, resolve:31, merge:31, silence:31 or silence:31:SIGNAL, open-incident. */
export function IncidentDeed({ verb, of, onClose }: { verb: IncidentVerb; of: string; onClose: () => void }) {
  const { incidents } = useSnapshot();
  if (verb === "open-incident") return <OpenIncidentDialog onClose={onClose} />;
  const [number = "", ...rest] = of.split(":");
  const incident = incidents.find((known) => String(known.number) === number);
  if (!incident) {
    return (
      <Dialog title="Nothing to do" heading="There is nothing to do here" onClose={onClose}>
        <div className="grid gap-4 p-5 pt-3 text-sm">
          <p>Incident {/^\d{1,9}$/.test(number) ? number : "of this address"} is not open, or you may not see it. Its page tells how it ended.</p>
          <div className="flex justify-end">
            <Button onClick={onClose}>Leave</Button>
          </div>
        </div>
      </Dialog>
    );
  }
  const given = { incident, onClose };
  switch (verb) {
    case "acknowledge":
      return <AcknowledgeDialog {...given} />;
    case "resolve":
      return <ResolveDialog {...given} />;
    case "merge":
      return <MergeDialog {...given} />;
    case "silence":
      return <SilenceDialog {...given} signalId={rest.length > 0 ? rest.join(":") : null} />;
  }
}
