import type { SignalKind, SignalState, TimelineKind } from "#lib/domain/incident-status.ts";

/** Lines of a timeline, from what happened. Pure. The key is the identity of what happened: told once, however often it is found. */
export interface TimelineLine {
  key: string;
  at: Date;
  kind: TimelineKind;
  title: string;
  detail: string | null;
  actor: { id: string; name: string } | null;
  link: string | null;
  data?: Record<string, string>;
}

export interface TimelineSignal {
  id: string;
  kind: SignalKind;
  state: SignalState;
  title: string;
  detail: string | null;
  service: string | null;
  onsetAt: Date;
  endedAt: Date | null;
  silence: { id: string; endsAt: string; by: string; comment: string } | null;
  operationId: string | null;
}

/** What a signal adds to its incident's timeline: that it began, that it ended, and that a silence covers it: one line, however many signals that silence covers. */
export function signalLines(signal: TimelineSignal, now: Date): TimelineLine[] {
  const link = signal.operationId === null ? null : `/operations/${signal.operationId}`;
  const about = signal.service === null ? signal.title : `${signal.title} (${signal.service})`;
  const lines: TimelineLine[] = [{ key: `signal:${signal.id}`, at: signal.onsetAt, kind: "signal", title: about, detail: signal.detail, actor: null, link }];
  const { silence } = signal;
  if (silence !== null) lines.push({ key: `silence:${silence.id}`, at: now, kind: "silence", title: `Silenced until ${silence.endsAt}: ${signal.title}`, detail: silence.comment, actor: { id: silence.by, name: silence.by }, link: null, data: { signalId: signal.id } });
  if (signal.state === "ended") lines.push({ key: `signal:${signal.id}:ended`, at: signal.endedAt ?? now, kind: "signal-ended", title: `${about} ended`, detail: null, actor: null, link });
  return lines;
}

/** A silence that no longer covers the signal it was first seen on. */
export function silenceEndLine(silenceKey: string, signalTitle: string, now: Date): TimelineLine {
  return { key: `${silenceKey}:ended`, at: now, kind: "silence", title: `No longer silenced: ${signalTitle}`, detail: null, actor: null, link: null };
}

export interface HistoryRow {
  id: string;
  bigPod: string;
  status: string;
  cause: string | null;
  version: string | null;
  at: Date;
}

/** The overview as it was once this had happened: moments are whole seconds there. */
function momentLink(at: Date): string {
  return `/?at=${new Date(Math.ceil(at.getTime() / 1_000) * 1_000).toISOString().replace(".000", "")}`;
}

/** State changes of Big Pods, from rows of their history in order of time: one line where status, cause or version differ from the row before. */
export function stateLines(rows: readonly HistoryRow[]): TimelineLine[] {
  const last = new Map<string, HistoryRow>();
  return rows.flatMap((row) => {
    const before = last.get(row.bigPod);
    last.set(row.bigPod, row);
    if (before !== undefined && before.status === row.status && before.cause === row.cause && before.version === row.version) return [];
    const version = before !== undefined && before.version !== row.version && row.version !== null ? ` (${row.version})` : "";
    return [{ key: `state:${row.id}`, at: row.at, kind: "state" as const, title: `${row.bigPod} is ${row.status}${version}`, detail: row.cause, actor: null, link: momentLink(row.at) }];
  });
}

export function changeLine(change: { id: string; at: Date; summary: string; by: string; operationId: string | null }): TimelineLine {
  return { key: `change:${change.id}`, at: change.at, kind: "change", title: change.summary, detail: null, actor: { id: change.by, name: change.by }, link: change.operationId === null ? momentLink(change.at) : `/operations/${change.operationId}` };
}

export interface TimelineOperation {
  id: string;
  title: string;
  reason: string;
  status: string;
  note: string | null;
  actor: { id: string; name: string };
  startedAt: Date | null;
  finishedAt: Date | null;
}

/** When an operation began, and how it came out. One that never began has no line of beginning. */
export function operationLines(operation: TimelineOperation): TimelineLine[] {
  const line = { kind: "operation" as const, actor: operation.actor, link: `/operations/${operation.id}` };
  return [
    ...(operation.startedAt === null ? [] : [{ ...line, key: `operation:${operation.id}:began`, at: operation.startedAt, title: `${operation.title}: began`, detail: operation.reason }]),
    ...(operation.finishedAt === null ? [] : [{ ...line, key: `operation:${operation.id}:${operation.status}`, at: operation.finishedAt, title: `${operation.title}: ${operation.status}`, detail: operation.note }]),
  ];
}
