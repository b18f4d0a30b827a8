"use client";

import { useEffect, useState } from "react";
import { usePortalActions } from "#components/actions/actions-context.tsx";
import { Choice, DeedForm } from "#components/incident/deed-form.tsx";
import { useDeed } from "#components/incident/use-deed.ts";
import { ReasonField } from "#components/patterns/reason-field.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { fetchIncident } from "#components/query/use-incident.tsx";
import type { Signal } from "#lib/contracts/incident.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";

const lengths = [
  ["15", "15 minutes"],
  ["60", "1 hour"],
  ["240", "4 hours"],
  ["1440", "1 day"],
  ["10080", "7 days"],
] as const;
const shortest = 3;

interface SilenceDialogProps {
  incident: IncidentSummary;
  /** Chosen at first; null: the first that can be silenced. */
  signalId: string | null;
  onClose: () => void;
}

/** A real silence of Alertmanager, with an end and a comment. It mutes; it neither acknowledges nor resolves. */
export function SilenceDialog({ incident, signalId, onClose }: SilenceDialogProps) {
  const actions = usePortalActions();
  const refused = useRefusal();
  const deed = useDeed();
  const signals = useSilenceable(incident.number);
  const [chosen, setChosen] = useState(signalId);
  const [minutes, setMinutes] = useState("60");
  const [comment, setComment] = useState(`Incident ${incident.number}: `);
  const signal = (signals ?? []).find((known) => known.id === chosen) ?? signals?.[0];
  const because =
    signals === null
      ? "Its signals are being read…"
      : signal === undefined
        ? "None of its signals is an alert that fires and is not silenced yet."
        : (refused("incident.silence", incident.environment, `Silencing in ${incident.environment}`) ?? (comment.trim().length < shortest ? "A comment of at least three letters goes to Alertmanager with it." : null));
  const silence = async () => {
    if (signal === undefined) return;
    if (await deed.run(() => actions.incident.silence({ environment: incident.environment, signalId: signal.id, minutes: Number(minutes), comment: comment.trim() }))) onClose();
  };
  return (
    <DeedForm title={signal === undefined ? "Silence an alert" : `Silence ${signal.title} in ${incident.environment}`} label={signal === undefined ? "Silence it" : `Silence ${signal.title} for ${lengths.find(([value]) => value === minutes)?.[1] ?? minutes}`} leave="Leave it loud" deed={deed} disabledBecause={because} onClose={onClose} onConfirm={() => void silence()}>
      <p className="rounded-lg border border-hold bg-hold-wash px-3 py-2">
        <b>A silence only mutes notifications.</b> Incident {incident.number} stays open, its signals go on, and whoever else looks sees that it was silenced, by whom and until when.
      </p>
      {signals !== null && signals.length > 1 ? <Choice label="Alert" value={signal?.id ?? ""} onChange={setChosen} options={signals.map((known) => [known.id, `${known.title}${known.service === null ? "" : `, ${known.service}`}`])} /> : null}
      <Choice label="For how long" value={minutes} onChange={setMinutes} first options={lengths} />
      <ReasonField label="Comment, for whoever reads Alertmanager" name="comment" value={comment} onChange={setComment} />
    </DeedForm>
  );
}

/** Null while they are read; none also when they cannot be. */
function useSilenceable(number: number): readonly Signal[] | null {
  const [signals, setSignals] = useState<readonly Signal[] | null>(null);
  useEffect(() => {
    let wanted = true;
    void fetchIncident(number)
      .then((incident) => incident.active.filter((signal) => signal.kind === "alert" && signal.silence === null && signal.state === "firing"))
      .catch(() => [])
      .then((found) => wanted && setSignals(found));
    return () => {
      wanted = false;
    };
  }, [number]);
  return signals;
}
