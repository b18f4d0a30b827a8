import { severities } from "#lib/domain/incident-status.ts";
import type { Severity, SignalKind, SignalState } from "#lib/domain/incident-status.ts";

export interface TitleSignal {
  kind: SignalKind;
  state: SignalState;
  severity: Severity;
  title: string;
  detail: string | null;
  annotations: Readonly<Record<string, string>>;
  onsetAt: Date;
}

/** A cause says more than a symptom, and both say more than an operation that failed of it. */
const tellingFirst: readonly SignalKind[] = ["blind", "health", "alert", "operation"];
const longest = 300;

/** One line: a sentence is read at a glance, on a phone. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}

function sentenceOf(signal: TitleSignal): string {
  const said = signal.kind === "alert" ? [signal.annotations["summary"], signal.detail, signal.annotations["description"], signal.title] : [signal.title, signal.detail];
  return said.map((text) => oneLine(text ?? "")).find((text) => text !== "") ?? "Something is wrong";
}

/**
 * The one sentence of an incident, from its signals: the health's cause before an alert's summary, what fires before what has ended, the worst before the
 * rest, the oldest before what followed. Null without signals.
 */
export function titleOf(signals: readonly TitleSignal[]): string | null {
  const rank = (signal: TitleSignal): number[] => [tellingFirst.indexOf(signal.kind), signal.state === "firing" ? 0 : 1, severities.indexOf(signal.severity), signal.onsetAt.getTime()];
  const first = signals.toSorted((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    for (const [index, value] of left.entries()) if (value !== right[index]) return value - (right[index] ?? 0);
    return 0;
  })[0];
  return first === undefined ? null : sentenceOf(first);
}
