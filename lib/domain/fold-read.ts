import { redact } from "#lib/domain/redact.ts";

/** Reads raw Kubernetes objects with guards: a missing or odd field becomes a safe default, never an exception in the middle of a fold. */

/** The part of a cluster object that the rules read; ClusterObject (ports) is one. */
export interface RawObject {
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    generation?: number;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: { kind: string; name: string; uid: string; controller?: boolean }[];
    managedFields?: { manager?: string; operation?: string; time?: string; subresource?: string; fieldsV1?: unknown }[];
  };
  spec?: unknown;
  status?: unknown;
  data?: unknown;
  [field: string]: unknown;
}

type Fields = Record<string, unknown>;

export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
export function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fields) : [];
}
export function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
export function whole(value: unknown, otherwise = 0): number {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : otherwise;
}

const maximumLength = 400;
// eslint-disable-next-line no-control-regex -- these are the characters to take out
const unprintable = /\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A sentence from a cluster made fit for a screen and for PostgreSQL: one line, no terminal codes, no secrets, well-formed, at most 400 characters. */
export function clean(value: string): string {
  const line = redact(value.toWellFormed().replace(unprintable, " ").replace(/\s+/g, " ")).trim();
  return line.length > maximumLength ? `${line.slice(0, maximumLength - 1).toWellFormed()}…` : line;
}

export function cleanOrNull(value: unknown): string | null {
  const line = typeof value === "string" ? clean(value) : "";
  return line === "" ? null : line;
}

/** ISO 8601 in UTC with milliseconds, or null when it is no time. */
export function isoTime(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** Milliseconds from `value` to `now`; null when `value` is no time. */
export function ageMs(value: string | null | undefined, now: Date): number | null {
  if (value === null || value === undefined) return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : now.getTime() - at;
}

export interface Condition {
  type: string;
  status: string;
  reason: string | null;
  message: string | null;
  at: string | null;
}

const rawConditions = (object: RawObject): Fields[] => list(fields(object.status)["conditions"]);

function readCondition(c: Fields): Condition {
  return { type: text(c["type"]) ?? "", status: text(c["status"]) ?? "Unknown", reason: text(c["reason"]), message: cleanOrNull(c["message"]), at: isoTime(c["lastTransitionTime"]) ?? isoTime(c["lastUpdateTime"]) };
}

export function conditionsOf(object: RawObject): Condition[] {
  return rawConditions(object).map(readCondition);
}

export function condition(object: RawObject, type: string): Condition | undefined {
  const found = rawConditions(object).find((c) => c["type"] === type);
  return found && readCondition(found);
}

/** Asked of every pod at every fold: nothing else of the conditions is read. */
export function isReady(pod: RawObject): boolean {
  return rawConditions(pod).some((c) => c["type"] === "Ready" && c["status"] === "True");
}

/** uid of the controlling owner. */
export function controllerOf(object: RawObject): string | null {
  return object.metadata.ownerReferences?.find((o) => o.controller === true)?.uid ?? null;
}

/** spec.template, as it stands. */
export function templateOf(workload: RawObject): Fields {
  return fields(fields(workload.spec)["template"]);
}

export function templateContainers(workload: RawObject): Fields[] {
  return list(fields(templateOf(workload)["spec"])["containers"]);
}

/** Replicas wanted; 1 when the field is absent, as the API server defaults it. */
export function desiredReplicas(workload: RawObject): number {
  return Math.max(0, whole(fields(workload.spec)["replicas"], 1));
}

export interface ContainerStatus {
  name: string;
  image: string;
  imageId: string | null;
  ready: boolean;
  restarts: number;
  state: "waiting" | "running" | "terminated" | "unknown";
  reason: string | null;
  message: string | null;
  exitCode: number | null;
  /** Start of the current run; null unless running. */
  runningSince: string | null;
  /** How the run before this one (or, when terminated, this one) ended. */
  ended: { exitCode: number; reason: string | null; message: string | null; startedAt: string | null; finishedAt: string | null } | null;
}

function ending(value: unknown): ContainerStatus["ended"] {
  if (value === undefined || value === null) return null;
  const t = fields(value);
  // The termination message is the log's tail when the container says so: its last line is what a person wants to read.
  const lines = (text(t["message"]) ?? "").split("\n").map(clean).filter((line) => line !== "");
  return { exitCode: whole(t["exitCode"]), reason: text(t["reason"]), message: lines.at(-1) ?? null, startedAt: isoTime(t["startedAt"]), finishedAt: isoTime(t["finishedAt"]) };
}

function containerStatus(value: Fields): ContainerStatus {
  const state = fields(value["state"]);
  const kind = state["running"] ? "running" : state["terminated"] ? "terminated" : state["waiting"] ? "waiting" : "unknown";
  const detail = kind === "unknown" ? {} : fields(state[kind]);
  const ended = kind === "terminated" ? ending(state["terminated"]) : ending(fields(value["lastState"])["terminated"]);
  return {
    name: text(value["name"]) ?? "",
    image: text(value["image"]) ?? "",
    imageId: text(value["imageID"]),
    ready: value["ready"] === true,
    restarts: Math.max(0, whole(value["restartCount"])),
    state: kind,
    reason: text(detail["reason"]),
    message: cleanOrNull(detail["message"]),
    exitCode: kind === "terminated" ? whole(detail["exitCode"]) : null,
    runningSince: kind === "running" ? isoTime(detail["startedAt"]) : null,
    ended,
  };
}

export function containerStatuses(pod: RawObject): ContainerStatus[] {
  return list(fields(pod.status)["containerStatuses"]).map(containerStatus);
}
export function initContainerStatuses(pod: RawObject): ContainerStatus[] {
  return list(fields(pod.status)["initContainerStatuses"]).map(containerStatus);
}

export interface ClusterEvent {
  uid: string;
  reason: string;
  message: string;
  warning: boolean;
  at: string | null;
  on: string;
}

/** Reads a core/v1 Event; times as kubectl shows them: series, then last, then event, then first. */
export function readEvent(event: RawObject): ClusterEvent {
  const on = fields(event["involvedObject"]);
  return {
    uid: text(on["uid"]) ?? "",
    reason: text(event["reason"]) ?? "",
    message: cleanOrNull(event["message"]) ?? "",
    warning: event["type"] === "Warning",
    at: isoTime(fields(event["series"])["lastObservedTime"]) ?? isoTime(event["lastTimestamp"]) ?? isoTime(event["eventTime"]) ?? isoTime(event["firstTimestamp"]) ?? isoTime(event.metadata.creationTimestamp),
    on: `${text(on["kind"]) ?? "Object"} ${text(on["name"]) ?? ""}`.trim(),
  };
}
