"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { usePortalActions } from "#components/actions/actions-context.tsx";
import { Choice, DeedForm } from "#components/incident/deed-form.tsx";
import { isOver, openIncidents, whoIsOnIt } from "#components/incident/incident-words.ts";
import { SeverityMark } from "#components/incident/incident-marks.tsx";
import { useDeed } from "#components/incident/use-deed.ts";
import { ReasonField } from "#components/patterns/reason-field.tsx";
import { Elapsed } from "#components/patterns/time.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { useSnapshot } from "#components/query/use-platform.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { severities } from "#lib/domain/incident-status.ts";
import type { Severity } from "#lib/domain/incident-status.ts";

const shortest = 3;
const tooShort = "Say it in at least three letters: it goes into the timeline and the audit log.";

interface DeedProps {
  incident: IncidentSummary;
  onClose: () => void;
}

/** Goes to the incident, where what was done is to be seen. */
function useAfter(number: number, onClose: () => void): () => void {
  const router = useRouter();
  return () => {
    const path = `/incidents/${number}`;
    if (location.pathname === path) onClose();
    else router.replace(path);
  };
}

export function AcknowledgeDialog({ incident, onClose }: DeedProps) {
  const actions = usePortalActions();
  const refused = useRefusal();
  const deed = useDeed();
  const after = useAfter(incident.number, onClose);
  const because = isOver(incident) ? "It is over already." : incident.acknowledged ? `${incident.acknowledged.by.name} has acknowledged it already.` : refused("incident.work", incident.environment, `Acknowledging in ${incident.environment}`);
  return (
    <DeedForm
      title={`Acknowledge incident ${incident.number}`}
      label={`Acknowledge incident ${incident.number}`}
      leave="Leave it open"
      deed={deed}
      disabledBecause={because}
      confirmFirst
      onClose={onClose}
      onConfirm={() => void deed.run(() => actions.incident.acknowledge(incident.number)).then((done) => done && after())}
    >
      <About incident={incident} />
      <p className="text-muted">It tells everybody that you have seen it. Alerts go on, and nothing is muted or resolved by it.</p>
    </DeedForm>
  );
}

export function ResolveDialog({ incident, onClose }: DeedProps) {
  const actions = usePortalActions();
  const refused = useRefusal();
  const deed = useDeed();
  const after = useAfter(incident.number, onClose);
  const [note, setNote] = useState("");
  const because = isOver(incident) ? "It is over already." : (refused("incident.work", incident.environment, `Resolving in ${incident.environment}`) ?? (note.trim().length < shortest ? tooShort : null));
  return (
    <DeedForm
      title={`Resolve incident ${incident.number}`}
      label={`Resolve incident ${incident.number}`}
      leave="Leave it open"
      deed={deed}
      disabledBecause={because}
      onClose={onClose}
      onConfirm={() => void deed.run(() => actions.incident.resolve(incident.number, { note: note.trim() })).then((done) => done && after())}
    >
      <About incident={incident} />
      <p className={incident.firing > 0 ? "text-warn" : "text-muted"}>
        {incident.firing > 0 ? `${incident.firing === 1 ? "One signal still fires" : `${incident.firing} signals still fire`}. That opens it again only once it was quiet and fires anew.` : "Nothing fires any more; left alone, it resolves by itself when it stays quiet."}
      </p>
      <ReasonField label="What ended it" name="note" value={note} onChange={setNote} first />
    </DeedForm>
  );
}

export function MergeDialog({ incident, onClose }: DeedProps) {
  const actions = usePortalActions();
  const refused = useRefusal();
  const deed = useDeed();
  const others = openIncidents(useSnapshot().incidents).filter((other) => other.number !== incident.number && other.environment === incident.environment);
  const [into, setInto] = useState(String(others[0]?.number ?? ""));
  const [reason, setReason] = useState("");
  const after = useAfter(Number(into), onClose);
  const because = isOver(incident)
    ? "It is over already."
    : others.length === 0
      ? `There is no other open incident in ${incident.environment} to merge it into.`
      : (refused("incident.work", incident.environment, `Merging in ${incident.environment}`) ?? (reason.trim().length < shortest ? tooShort : null));
  return (
    <DeedForm
      title={`Merge incident ${incident.number} into another`}
      label={into === "" ? `Merge incident ${incident.number}` : `Merge incident ${incident.number} into ${into}`}
      leave="Leave it by itself"
      deed={deed}
      disabledBecause={because}
      onClose={onClose}
      onConfirm={() => void deed.run(() => actions.incident.merge(incident.number, { into: Number(into), reason: reason.trim() })).then((done) => done && after())}
    >
      <About incident={incident} />
      <p className="text-muted">Its signals go on in the other one; this one ends as merged, and its timeline stays as it is. It cannot be taken apart again.</p>
      {others.length > 0 ? <Choice label="Goes on as" value={into} onChange={setInto} first options={others.map((other) => [String(other.number), `${other.number}: ${other.title} (${other.environment}, ${other.severity})`.slice(0, 140)])} /> : null}
      <ReasonField label="Why they are one" value={reason} onChange={setReason} />
    </DeedForm>
  );
}

/** Opens one by hand: what a customer tells is no alert. */
export function OpenIncidentDialog({ onClose }: { onClose: () => void }) {
  const actions = usePortalActions();
  const refused = useRefusal();
  const router = useRouter();
  const deed = useDeed();
  const { environments, bigPods } = useSnapshot();
  const [environment, setEnvironment] = useState(environments.at(-1)?.name ?? "");
  const [bigPod, setBigPod] = useState("");
  const [severity, setSeverity] = useState<Severity>("warning");
  const [title, setTitle] = useState("");
  const because = refused("incident.work", environment, `Opening incidents in ${environment}`) ?? (title.trim().length < shortest ? "Say what is wrong, in one sentence." : null);
  const open = async () => {
    let number: number | null = null;
    const done = await deed.run(async () => {
      const result = await actions.incident.open({ environment, bigPod: bigPod === "" ? null : bigPod, title: title.trim(), severity });
      if (result.ok) number = result.value.number;
      return result;
    });
    if (done && number !== null) router.replace(`/incidents/${number}`);
  };
  return (
    <DeedForm title="Open an incident" label={`Open an incident in ${environment}`} leave="Open none" deed={deed} disabledBecause={because} onClose={onClose} onConfirm={() => void open()}>
      <p className="text-muted">For what people see and no alert does. Signals of the same Big Pod join it, and suspects are looked for as for any other.</p>
      <ReasonField label="What is wrong, in one sentence" name="title" value={title} onChange={setTitle} first />
      <div className="grid gap-3 md:grid-cols-3">
        <Choice label="Environment" value={environment} onChange={setEnvironment} options={environments.map(({ name, title: words }) => [name, words])} />
        <Choice label="Big Pod" value={bigPod} onChange={setBigPod} options={[["", "all of it"], ...bigPods.map(({ name, title: words }) => [name, words] as const)]} />
        <Choice label="Severity" value={severity} onChange={(value) => setSeverity(severities.find((known) => known === value) ?? "warning")} options={severities.map((known) => [known, known])} />
      </div>
    </DeedForm>
  );
}

function About({ incident }: { incident: IncidentSummary }) {
  return (
    <div className="border-l-2 border-line-strong pl-3">
      <p className="font-semibold">{incident.title}</p>
      <p className="text-xs text-muted">
        <SeverityMark severity={incident.severity} /> in {incident.environment}, for <Elapsed from={incident.onsetAt} to={incident.resolved?.at ?? null} /> · {whoIsOnIt(incident)}
      </p>
    </div>
  );
}
