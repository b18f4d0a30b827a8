import type { BigPodState, Change } from "#lib/contracts/state.ts";
import { imageVersion, parseImage } from "#lib/domain/fold-image.ts";
import { sameJson } from "#lib/domain/fold-rollout.ts";
import { desiredReplicas, fields, isoTime, list, templateContainers, templateOf, text } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { isPassingAnnotation, normaliseTemplate } from "#lib/domain/release.ts";

/** What is remembered of a workload to tell the next change of it. `template` null: only what the stored state knew (after a restart of the worker). */
export interface WorkloadMark {
  uid: string;
  name: string;
  generation: number;
  images: Record<string, string>;
  replicas: number;
  version: string | null;
  template: Record<string, unknown> | null;
  restarts: Record<string, string>;
  /** spec.selector as one text; null: not known. */
  selector: string | null;
  /** When it was looked at (ISO 8601). */
  at: string;
}

export interface WorkloadChange {
  kind: Extract<Change["kind"], "rollout" | "scale" | "restart">;
  /** Without the Big Pod's name: "v2.2.1 → v2.3.0", "2 → 4 replicas", "restarted". */
  what: string;
}

/** Annotations of the template that only ask for new pods. */
function restartMarks(workload: RawObject): Record<string, string> {
  const annotations = fields(fields(templateOf(workload)["metadata"])["annotations"]);
  return Object.fromEntries(Object.entries(annotations).filter((entry): entry is [string, string] => isPassingAnnotation(entry[0]) && /restarted-?at$/i.test(entry[0]) && typeof entry[1] === "string"));
}

export function markOf(workload: RawObject, version: string | null, now: Date): WorkloadMark {
  return {
    uid: workload.metadata.uid,
    name: workload.metadata.name,
    generation: workload.metadata.generation ?? 0,
    images: Object.fromEntries(templateContainers(workload).map((c) => [text(c["name"]) ?? "", text(c["image"]) ?? ""])),
    replicas: desiredReplicas(workload),
    version,
    template: normaliseTemplate(templateOf(workload)),
    restarts: restartMarks(workload),
    selector: labelSelectorWords(fields(workload.spec)["selector"]),
    at: now.toISOString(),
  };
}

/** What the stored state remembers of a workload, so that a change made while no worker ran is told too. */
export function markOfState(state: BigPodState): WorkloadMark | null {
  if (state.workload === null) return null;
  return {
    uid: state.workload.uid,
    name: state.workload.name,
    generation: state.workload.generation,
    images: Object.fromEntries(state.images.map((image) => [image.container, image.reference])),
    replicas: state.replicas.desired,
    version: state.version,
    template: null,
    restarts: {},
    selector: null,
    at: state.observedAt,
  };
}

function imageWord(reference: string | undefined): string {
  if (reference === undefined) return "none";
  const image = parseImage(reference);
  return imageVersion(image) ?? image.repository;
}

function imageChange(container: string, from: string | undefined, to: string | undefined): string {
  const pinned = to === undefined ? null : parseImage(to).digest;
  if (imageWord(from) === imageWord(to) && pinned !== null) return `${container} ${imageWord(to)} written by digest ${pinned.slice(7, 15)}`;
  return `${container} ${imageWord(from)} → ${imageWord(to)}`;
}

/** Two references mean different images: by digest where both pin one, else as written. */
function imagesDiffer(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return false;
  const left = a === undefined ? null : parseImage(a).digest;
  const right = b === undefined ? null : parseImage(b).digest;
  return left === null || right === null || left !== right;
}

/** Paths at which two JSON values differ, with the values where they are short: "containers[auth].resources.limits.memory 256Mi → 512Mi". */
export function changedPaths(a: unknown, b: unknown, path = ""): string[] {
  if (sameJson(a, b)) return [];
  const named = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every((item) => typeof fields(item)["name"] === "string");
  if ((named(a) || named(b)) && (Array.isArray(a) || a === undefined) && (Array.isArray(b) || b === undefined)) {
    const left = new Map(list(a).map((item) => [String(item["name"]), item]));
    const right = new Map(list(b).map((item) => [String(item["name"]), item]));
    return [...new Set([...left.keys(), ...right.keys()])].flatMap((name) => changedPaths(left.get(name), right.get(name), `${path}[${name}]`));
  }
  const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject(a) && isObject(b)) {
    const left = fields(a);
    const right = fields(b);
    return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) => changedPaths(left[key], right[key], path === "" ? key : `${path}.${key}`));
  }
  const short = (value: unknown): string | null => (value === undefined ? "none" : ["string", "number", "boolean"].includes(typeof value) && String(value).length <= 40 ? String(value) : null);
  // Values of environment variables may be anybody's secret: the name is enough.
  const secret = /(^|\.)env\[[^\]]*\]/.test(path) || path.includes("annotations");
  const before = short(a);
  const after = short(b);
  return [before === null || after === null || secret ? path : `${path} ${before} → ${after}`];
}

/** What changed between two looks at one workload; empty when nothing a person would call a change. */
export function workloadChanges(before: WorkloadMark, after: WorkloadMark): WorkloadChange[] {
  if (before.uid !== after.uid && before.name !== after.name) {
    // Blue-green: another colour serves, or the Big Pod was moved to another Deployment.
    const versions = before.version !== after.version && before.version !== null && after.version !== null ? `${before.version} → ${after.version}, ` : "";
    return [{ kind: "rollout", what: `${versions}switched from ${before.name} to ${after.name}` }];
  }
  if (before.uid !== after.uid) {
    // A Deployment's selector cannot be edited: who wants another one creates it anew.
    const selector = before.selector !== null && after.selector !== null && before.selector !== after.selector ? `, selecting ${after.selector} (before: ${before.selector})` : "";
    return [{ kind: "rollout", what: `was deleted and created again${selector}` }];
  }
  if (before.generation === after.generation) return [];
  const changes: WorkloadChange[] = [];
  const containers = [...new Set([...Object.keys(before.images), ...Object.keys(after.images)])];
  const moved = containers.filter((name) => imagesDiffer(before.images[name], after.images[name]));
  if (moved.length > 0) {
    const versions = before.version !== after.version && before.version !== null && after.version !== null;
    changes.push({ kind: "rollout", what: versions ? `${before.version} → ${after.version}` : moved.map((name) => imageChange(name, before.images[name], after.images[name])).join(", ") });
  } else if (before.template !== null && after.template !== null) {
    const paths = changedPaths(before.template, after.template).filter((path) => !/\.image /.test(path));
    if (paths.length > 0) {
      const shown = paths.slice(0, 3).map((path) => path.replace(/^spec\./, ""));
      changes.push({ kind: "rollout", what: `${shown.join("; ")}${paths.length > 3 ? ` and ${paths.length - 3} more` : ""}` });
    }
  }
  if (before.replicas !== after.replicas) changes.push({ kind: "scale", what: `${before.replicas} → ${after.replicas} replicas` });
  const newest = Object.values(after.restarts).map((at) => isoTime(at)).filter((at) => at !== null).sort().at(-1);
  const restarted = before.template === null ? newest !== undefined && newest > before.at : !sameJson(before.restarts, after.restarts) && Object.keys(after.restarts).length > 0;
  if (restarted && changes.every((c) => c.kind !== "rollout")) changes.push({ kind: "restart", what: "restarted" });
  if (changes.length === 0 && before.template === null) changes.push({ kind: "rollout", what: "was edited while no worker looked" });
  return changes;
}

/** A label selector in a line: "app=core, tier in (a, b)"; null when it is none. */
function labelSelectorWords(selector: unknown): string | null {
  const { matchLabels, matchExpressions } = fields(selector);
  const words = [
    ...Object.entries(fields(matchLabels)).map(([key, value]) => `${key}=${String(value)}`),
    ...list(matchExpressions).map(({ key, operator, values }) => `${String(key)} ${String(operator)}${Array.isArray(values) ? ` (${values.join(", ")})` : ""}`),
  ];
  return words.length === 0 ? null : words.toSorted().join(", ");
}

/** What a Service leads to, in a line: "app=core, colour=blue"; "nothing" without a selector. */
export function selectorWords(selector: Readonly<Record<string, string>>): string {
  const words = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  return words.length === 0 ? "nothing" : words.toSorted().join(", ");
}

/**
 * What changed of a Service's selector: "Service core leads to app=core2 (before: app=core)"; null when nothing did. `switched` names the label by which Vigie's blue-green
 * tells colours apart: another colour alone is told as the switch that it is.
 */
export function selectorChange(service: string, before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>, switched: string | null): string | null {
  const differ = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => before[key] !== after[key]);
  if (differ.every((key) => key === switched)) return null;
  return `Service ${service} leads to ${selectorWords(after)} (before: ${selectorWords(before)})`;
}

/** Keys that differ between two contents of a ConfigMap: "LOG_LEVEL changed", "FEATURE_X added". Values are never told. */
export function configKeys(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  const had = new Map(Object.entries(before));
  const has = new Map(Object.entries(after));
  return [...new Set([...had.keys(), ...has.keys()])].sort().flatMap((key) => {
    if (!had.has(key)) return [`${key} added`];
    if (!has.has(key)) return [`${key} removed`];
    return had.get(key) === has.get(key) ? [] : [`${key} changed`];
  });
}

/**
 * When something was written: the cluster's own record, unless a clock that is off puts it before `after` or behind `seen`. Records have whole seconds, so the second that
 * `after` lies in counts.
 */
export function plausibleTime(told: string | null, after: Date | null, seen: Date): Date {
  const at = told === null ? NaN : Date.parse(told);
  if (Number.isNaN(at) || at > seen.getTime()) return seen;
  if (after !== null && at < after.getTime()) return at >= Math.floor(after.getTime() / 1000) * 1000 ? after : seen;
  return new Date(at);
}

/**
 * Who wrote a part of an object last, by its managedFields: the newest entry that owns one of the named top-level fields ("f:spec", "f:data").
 * Times have whole seconds only; of equal ones `ours` wins, which writes with its own mark. Null when the server tells nothing.
 */
export function lastManager(object: RawObject, owned: readonly string[], ours: string): { manager: string; at: string | null } | null {
  const entries = (object.metadata.managedFields ?? []).filter((entry) => entry.subresource !== "status" && owned.some((field) => field in fields(entry.fieldsV1)));
  const newest = entries
    .map((entry) => ({ manager: entry.manager ?? "unknown", at: isoTime(entry.time) }))
    .sort((a, b) => (b.at ?? "").localeCompare(a.at ?? "") || Number(b.manager === ours) - Number(a.manager === ours))[0];
  return newest ?? null;
}
