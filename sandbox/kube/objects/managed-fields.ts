import { equalJson, isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";
import { compareFields, difference, emptySet, fromFieldsV1, isEmptySet, toFieldsV1, union, type FieldSet } from "#sandbox/kube/objects/field-set.ts";
import { rootPlace, type Place } from "#sandbox/kube/objects/schema.ts";
import type { KubeObject, ManagedFieldsEntry } from "#sandbox/kube/types.ts";

export interface Writer {
  manager: string;
  apiVersion: string;
  subresource?: string;
  /** RFC 3339, seconds. */
  time: string;
}

/** Beyond this many, the oldest Update entries are folded into one, as the API server does. */
const MAX_UPDATE_ENTRIES = 10;
const ANCIENT = "ancient-changes";
const UNOWNED_METADATA = ["name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields"];

/** The object without the fields nobody can own; a plain write to an object with a status of its own never owns that either. */
export function ownable(object: unknown, withoutStatus = false): JsonRecord {
  if (!isRecord(object)) return {};
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object;
  if (withoutStatus) delete rest.status;
  const fields: JsonRecord = {};
  if (isRecord(metadata)) for (const [key, value] of Object.entries(metadata)) if (!UNOWNED_METADATA.includes(key) && value !== undefined) fields[key] = value;
  return Object.keys(fields).length > 0 ? { metadata: fields, ...rest } : rest;
}

export interface OwnedSet {
  entry: ManagedFieldsEntry;
  fields: FieldSet;
}

/** Reads `metadata.managedFields`; entries that are not well formed are dropped. */
export function readEntries(entries: readonly ManagedFieldsEntry[] | undefined): OwnedSet[] {
  return (entries ?? [])
    .filter((entry) => (entry.operation === "Apply" || entry.operation === "Update") && isRecord(entry.fieldsV1))
    .map((entry) => ({ entry, fields: fromFieldsV1(entry.fieldsV1) }));
}

function isSame(entry: ManagedFieldsEntry, writer: Writer, operation: ManagedFieldsEntry["operation"]): boolean {
  return entry.manager === writer.manager && entry.operation === operation && (entry.subresource ?? "") === (writer.subresource ?? "")
    && (operation === "Apply" || entry.apiVersion === writer.apiVersion);
}

export function findEntry(sets: readonly OwnedSet[], writer: Writer, operation: ManagedFieldsEntry["operation"]): OwnedSet | undefined {
  return sets.find(({ entry }) => isSame(entry, writer, operation));
}

/** Writes the sets back: empty ones are gone, unchanged ones keep their entry (and so their time). */
export function writeEntries(sets: readonly OwnedSet[]): ManagedFieldsEntry[] {
  const entries: ManagedFieldsEntry[] = [];
  for (const { entry, fields } of sets) {
    if (isEmptySet(fields)) continue;
    const fieldsV1 = toFieldsV1(fields);
    entries.push(equalJson(fieldsV1, entry.fieldsV1) ? entry : { ...entry, fieldsV1 });
  }
  const order = (entry: ManagedFieldsEntry) => `${entry.operation === "Apply" ? 0 : 1} ${entry.time} ${entry.manager}`;
  return capped(entries.sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0)));
}

function capped(entries: ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  const updates = entries.filter((entry) => entry.operation === "Update" && entry.subresource === undefined);
  const surplus = updates.slice(0, Math.max(0, updates.length - MAX_UPDATE_ENTRIES + (updates.length > MAX_UPDATE_ENTRIES ? 1 : 0)));
  const newest = surplus.at(-1);
  if (!newest) return entries;
  const fields = surplus.map((entry) => fromFieldsV1(entry.fieldsV1)).reduce(union);
  const folded: ManagedFieldsEntry = { ...newest, manager: ANCIENT, fieldsV1: toFieldsV1(fields) };
  return entries.flatMap((entry) => (entry === newest ? [folded] : surplus.includes(entry) ? [] : [entry]));
}

export function newEntry(writer: Writer, operation: ManagedFieldsEntry["operation"]): ManagedFieldsEntry {
  return {
    manager: writer.manager,
    operation,
    apiVersion: writer.apiVersion,
    time: writer.time,
    fieldsType: "FieldsV1",
    fieldsV1: {},
    ...(writer.subresource ? { subresource: writer.subresource } : {}),
  };
}

/**
 * Ownership after a plain write (create, update, any patch but apply): the writer owns what it changed, everyone else
 * loses it. `entries` are those before the write. Rules: Kubernetes documentation, "Server-Side Apply", field management.
 */
export function trackUpdate(
  { model, hasStatus }: { model: string; hasStatus: boolean },
  entries: readonly ManagedFieldsEntry[] | undefined,
  before: KubeObject | undefined,
  after: KubeObject,
  writer: Writer,
): ManagedFieldsEntry[] {
  const place: Place = rootPlace(model);
  const withoutStatus = hasStatus && writer.subresource === undefined;
  const { changed, removed } = compareFields(place, ownable(before, withoutStatus), ownable(after, withoutStatus));
  if (isEmptySet(changed) && isEmptySet(removed)) return [...(entries ?? [])];
  const lost = union(changed, removed);
  const sets = readEntries(entries);
  const own = findEntry(sets, writer, "Update");
  const others = sets.filter((set) => set !== own).map((set) => ({ entry: set.entry, fields: difference(set.fields, lost) }));
  const fields = union(difference(own?.fields ?? emptySet(), removed), changed);
  const entry = own && equalJson(toFieldsV1(fields), own.entry.fieldsV1) && isEmptySet(changed) ? own.entry : { ...newEntry(writer, "Update"), fieldsV1: {} };
  return writeEntries([...others, { entry, fields }]);
}
