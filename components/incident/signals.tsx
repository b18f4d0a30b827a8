import type { Signal } from "#lib/contracts/incident.ts";
import { EndSilence } from "#components/incident/end-silence.tsx";
import { presentSeverity } from "#components/incident/incident-words.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Section } from "#components/patterns/section.tsx";
import { StatusIcon, toneText } from "#components/patterns/status-icon.tsx";
import { Elapsed, Time } from "#components/patterns/time.tsx";
import { openDialog } from "#components/plan/plan-navigation.ts";
import type { Refusal } from "#components/query/permissions.tsx";
import { Button } from "#components/ui/button.tsx";

const kindWords: Record<Signal["kind"], string> = { alert: "alert", health: "health", operation: "operation", blind: "monitoring" };
/** Beyond this many a list is folded: an alert storm must not bury the suspects. */
const shownAtOnce = 12;

interface SignalsProps {
  number: number;
  environment: string;
  active: readonly Signal[];
  ended: readonly Signal[];
  refused: Refusal;
}

/** What says that something is wrong, and what has gone quiet again. */
export function Signals({ number, environment, active, ended, refused }: SignalsProps) {
  const first = active.slice(0, shownAtOnce);
  const rest = active.slice(shownAtOnce);
  return (
    <Section title="Signals" id="signals" aside={`${active.length} firing`}>
      {active.length === 0 ? <Absence kind="empty" title={ended.length === 0 ? "No signal belongs to it: it was opened by a person" : "No signal fires any more"} /> : <SignalList number={number} environment={environment} signals={first} refused={refused} label="Firing signals" />}
      {rest.length > 0 ? (
        <details>
          <summary className={folded}>{rest.length} more that fire</summary>
          <SignalList number={number} environment={environment} signals={rest} refused={refused} label="More firing signals" />
        </details>
      ) : null}
      {ended.length > 0 ? (
        <details>
          <summary className={folded}>{ended.length === 1 ? "1 signal has ended" : `${ended.length} signals have ended`}</summary>
          <SignalList number={number} environment={environment} signals={ended} refused={refused} label="Ended signals" />
        </details>
      ) : null}
    </Section>
  );
}

const folded = "w-fit py-2 text-sm text-muted hover:text-text max-md:min-h-11 max-md:py-3";

function SignalList({ number, environment, signals, refused, label }: { number: number; environment: string; signals: readonly Signal[]; refused: Refusal; label: string }) {
  return (
    <ul className="border-t border-line" aria-label={label}>
      {signals.map((signal) => (
        <SignalRow key={signal.id} number={number} environment={environment} signal={signal} refused={refused} />
      ))}
    </ul>
  );
}

function SignalRow({ number, environment, signal, refused }: { number: number; environment: string; signal: Signal; refused: Refusal }) {
  const { tone, shape, word } = presentSeverity(signal.severity);
  const over = signal.state === "ended";
  const mayBeSilenced = signal.kind === "alert" && !over && signal.silence === null;
  return (
    <li className="grid grid-cols-[16px_minmax(0,1fr)_auto] gap-x-2.5 gap-y-0.5 border-b border-line py-2" data-signal={signal.id}>
      <StatusIcon shape={over ? "check" : shape} tone={over ? "unknown" : tone} className="mt-1" />
      <p className="min-w-0">
        <b>{signal.title}</b> <span className={over ? "text-muted" : toneText[tone]}>{over ? "ended" : word}</span>{" "}
        <span className="text-muted">
          {kindWords[signal.kind]}
          {signal.service === null ? "" : `, ${signal.service}`}
        </span>
      </p>
      <span className="text-xs text-faint">
        {over && signal.endedAt !== null ? (
          <>
            lasted <Elapsed from={signal.onsetAt} to={signal.endedAt} />
          </>
        ) : (
          <>
            since <Time at={signal.onsetAt} />
          </>
        )}
      </span>
      {signal.detail === null ? null : <p className="col-[2/-1] min-w-0 text-sm">{signal.detail}</p>}
      {signal.silence === null ? null : (
        <p className="col-[2/-1] text-sm text-hold">
          Silenced by {signal.silence.by}, ends <Time at={signal.silence.endsAt} />: “{signal.silence.comment}”. <span className="text-muted">Only notifications are muted; the incident stays open.</span> <EndSilence signal={signal} environment={environment} refused={refused} />
        </p>
      )}
      <div className="col-[2/-1] flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-muted">
        <span className="text-faint">heard by {signal.ways.join(", ")}</span>
        {Object.keys(signal.labels).length > 0 ? <Labels labels={signal.labels} annotations={signal.annotations} /> : null}
        {signal.link === null ? null : (
          <a href={signal.link} target="_blank" rel="noopener noreferrer" className="underline decoration-line-strong underline-offset-2 hover:text-text max-md:py-3">
            in Prometheus
          </a>
        )}
        {mayBeSilenced ? (
          <Button size="small" aria-haspopup="dialog" aria-label={`Silence ${signal.title}…`} disabledBecause={refused("incident.silence", signal.environment, `Silencing in ${signal.environment ?? "all environments"}`)} onClick={() => openDialog("do", `silence:${number}:${signal.id}`)}>
            Silence…
          </Button>
        ) : null}
      </div>
    </li>
  );
}

function Labels({ labels, annotations }: { labels: Readonly<Record<string, string>>; annotations: Readonly<Record<string, string>> }) {
  const entries = [...Object.entries(labels).map(([name, value]) => ({ name, value, kind: "label" })), ...Object.entries(annotations).map(([name, value]) => ({ name, value, kind: "annotation" }))];
  return (
    <details className="min-w-0 open:basis-full">
      <summary className="w-fit hover:text-text max-md:min-h-11 max-md:py-3">{entries.length} labels and annotations</summary>
      <dl className="grid grid-cols-[minmax(0,auto)_minmax(0,1fr)] gap-x-3 gap-y-0.5 pt-1 font-mono">
        {entries.map(({ name, value, kind }) => (
          <div key={`${kind} ${name}`} className="contents">
            <dt className="text-faint">{name}</dt>
            <dd className="min-w-0 break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
