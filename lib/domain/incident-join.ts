import type { IncidentStatus, Severity, SignalKind, SignalState } from "#lib/domain/incident-status.ts";
import { worstSeverity } from "#lib/domain/incident-status.ts";

/** Which incident a signal belongs to. Pure: times and ids are given. */

/** trouble: something is wrong. monitoring: nobody would see it if something were. The two never join. */
export type About = "trouble" | "monitoring";
export interface Place {
  environment: string;
  /** Null: the environment as a whole. */
  bigPod: string | null;
  about: About;
}

export interface JoinSignal {
  id: string;
  kind: SignalKind;
  state: SignalState;
  severity: Severity;
  /** Where it belongs, see placeOf. */
  place: Place;
  onsetAt: Date;
  /** When it was first heard of as firing; null when it never was. */
  firedAt: Date | null;
  /** The incident that knows it already. */
  incidentId: string | null;
}

export interface JoinIncident extends Place {
  id: string;
  status: IncidentStatus;
  manual: boolean;
  severity: Severity;
  onsetAt: Date;
  /** When it ended: resolved, or merged. */
  resolvedAt: Date | null;
  /** Id of the incident it was merged into. */
  mergedInto: string | null;
  /** How many signals it ever had. */
  signals: number;
}

/** stay: its incident knows it already, whatever became of that. none: nothing opens for it. */
export type Verdict = { do: "stay" | "join" | "reopen"; incidentId: string } | { do: "open" } | { do: "none" };

/**
 * Where a signal belongs. One that names no environment, or none that is configured, goes to `fallback`: it must be seen somewhere. A Big Pod that is not
 * configured is none.
 */
export function placeOf(signal: { kind: SignalKind; environment: string | null; bigPod: string | null }, known: { environments: readonly string[]; bigPods: readonly string[]; fallback: string }): Place {
  const environment = signal.environment !== null && known.environments.includes(signal.environment) ? signal.environment : known.fallback;
  if (signal.kind === "blind") return { environment, bigPod: null, about: "monitoring" };
  return { environment, bigPod: signal.bigPod !== null && known.bigPods.includes(signal.bigPod) ? signal.bigPod : null, about: "trouble" };
}

const isOpen = (incident: JoinIncident): boolean => incident.status === "open" || incident.status === "acknowledged";
const samePlace = (a: Place, b: Place): boolean => a.environment === b.environment && a.bigPod === b.bigPod && a.about === b.about;
const endedAt = (incident: JoinIncident): number => incident.resolvedAt?.getTime() ?? 0;

/** Incidents that stand for a place: its own, and those its own were merged into, Vigie's own before those that a person opened. */
function standingFor(place: Place, incidents: readonly JoinIncident[]): JoinIncident[] {
  const own = incidents.filter((incident) => incident.status !== "merged" && samePlace(incident, place));
  const merged = incidents.filter((incident) => incident.status === "merged" && samePlace(incident, place)).toSorted((a, b) => endedAt(b) - endedAt(a));
  const targets = merged.flatMap((incident) => incidents.find((target) => target.id === incident.mergedInto && target.status !== "merged") ?? []);
  return [...own.filter((incident) => !incident.manual), ...own.filter((incident) => incident.manual), ...targets];
}

/**
 * What becomes of one signal. Only one that fires, or has, opens or reopens; one that is pending does nothing; one that was heard of when it had ended already is
 * kept with the open incident of its place, if there is one. Within `flapMs` of its end an incident is opened again instead of a new one.
 * `incidents`: the open ones, those that ended within the flap time, what was merged into either, and whichever the signal names.
 */
export function verdictFor(signal: JoinSignal, incidents: readonly JoinIncident[], flapMs: number): Verdict {
  if (signal.incidentId !== null) return { do: "stay", incidentId: signal.incidentId };
  const fired = signal.state === "firing" || (signal.state === "ended" && signal.firedAt !== null);
  if (!fired && signal.state !== "ended") return { do: "none" };
  const standing = standingFor(signal.place, incidents);
  const open = standing.find(isOpen);
  if (open !== undefined) return { do: "join", incidentId: open.id };
  if (!fired) return { do: "none" };
  const firedAt = (signal.firedAt ?? signal.onsetAt).getTime();
  const flapped = standing
    .filter((incident) => incident.status === "resolved" && (!incident.manual || incident.signals > 0) && firedAt - endedAt(incident) <= flapMs)
    .toSorted((a, b) => endedAt(b) - endedAt(a))[0];
  return flapped === undefined ? { do: "open" } : { do: "reopen", incidentId: flapped.id };
}

export interface Joined {
  /** All incidents, as they are afterwards. */
  incidents: JoinIncident[];
  /** Incident of each signal that has one. */
  homes: Map<string, string>;
  opened: Set<string>;
  reopened: Set<string>;
  /** Whose severity rose: what it was. */
  raised: Map<string, Severity>;
}

/** Signals in their order, each judged with what came of those before it. `newId` is asked once for each incident that opens. */
export function joinAll(signals: readonly JoinSignal[], before: readonly JoinIncident[], options: { flapMs: number; newId: () => string }): Joined {
  const known = new Map(before.map((incident) => [incident.id, incident]));
  const joined: Joined = { incidents: [], homes: new Map(), opened: new Set(), reopened: new Set(), raised: new Map() };
  for (const signal of signals) {
    const verdict = verdictFor(signal, [...known.values()], options.flapMs);
    if (verdict.do === "none") continue;
    const id = verdict.do === "open" ? options.newId() : verdict.incidentId;
    joined.homes.set(signal.id, id);
    const incident = known.get(id);
    if (verdict.do === "open") {
      known.set(id, { ...signal.place, id, status: "open", manual: false, severity: signal.severity, onsetAt: signal.onsetAt, resolvedAt: null, mergedInto: null, signals: 1 });
      joined.opened.add(id);
    } else if (incident !== undefined) {
      if (verdict.do === "reopen") joined.reopened.add(id);
      const after = withSignal(verdict.do === "reopen" ? { ...incident, status: "open", resolvedAt: null } : incident, signal, verdict.do !== "stay");
      if (after.severity !== incident.severity && !joined.opened.has(id) && !joined.raised.has(id)) joined.raised.set(id, incident.severity);
      known.set(id, after);
    }
  }
  joined.incidents = [...known.values()];
  return joined;
}

/** Severity only ever rises, the onset only ever moves back, and neither does once the incident has ended. */
function withSignal(incident: JoinIncident, signal: JoinSignal, isNew: boolean): JoinIncident {
  const signals = incident.signals + (isNew ? 1 : 0);
  if (!isOpen(incident)) return { ...incident, signals };
  const severity = signal.state === "firing" || isNew ? worstSeverity([incident.severity, signal.severity]) : incident.severity;
  return { ...incident, signals, severity, onsetAt: signal.onsetAt < incident.onsetAt ? signal.onsetAt : incident.onsetAt };
}

/** Quiet long enough to be over by itself. Silence is not quiet: a silenced signal still fires. What a person opened, a person closes. */
export function isOver(incident: { status: IncidentStatus; manual: boolean; firing: number; quietSince: Date | null }, now: Date, quietMs: number): boolean {
  const open = incident.status === "open" || incident.status === "acknowledged";
  return open && !incident.manual && incident.firing === 0 && incident.quietSince !== null && now.getTime() - incident.quietSince.getTime() >= quietMs;
}
