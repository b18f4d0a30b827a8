import { equalJson, isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";
import { KEY_DEFAULTS } from "#sandbox/kube/objects/list-rules.ts";
import { fieldPlace, isAtomic, itemPlace, type Place } from "#sandbox/kube/objects/schema.ts";

/** A set of field paths, as `managedFields` writes it: path elements `f:name`, `k:{…}` (list element by key), `v:…` (list element by value). */
export interface FieldSet {
  member: boolean;
  children: Map<string, FieldSet>;
}

export function emptySet(member = false): FieldSet {
  return { member, children: new Map() };
}

/** Reads the FieldsV1 form; anything that is not of that form counts as empty. */
export function fromFieldsV1(fields: unknown): FieldSet {
  const set = emptySet();
  if (!isRecord(fields)) return set;
  const keys = Object.keys(fields);
  for (const key of keys) {
    if (key === ".") set.member = true;
    else set.children.set(key, fromFieldsV1(fields[key]));
  }
  if (keys.length === 0) set.member = true;
  return set;
}

export function toFieldsV1(set: FieldSet): JsonRecord {
  const fields: JsonRecord = {};
  if (set.member && set.children.size > 0) fields["."] = {};
  for (const key of [...set.children.keys()].sort()) {
    const child = set.children.get(key);
    if (child) fields[key] = toFieldsV1(child);
  }
  return fields;
}

export function isEmptySet(set: FieldSet): boolean {
  return !set.member && set.children.size === 0;
}

function combine(left: FieldSet | undefined, right: FieldSet | undefined, keep: (left: boolean, right: boolean) => boolean): FieldSet {
  const result = emptySet(keep(left?.member ?? false, right?.member ?? false));
  for (const key of new Set([...(left?.children.keys() ?? []), ...(right?.children.keys() ?? [])])) {
    const child = combine(left?.children.get(key), right?.children.get(key), keep);
    if (!isEmptySet(child)) result.children.set(key, child);
  }
  return result;
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  return combine(left, right, (a, b) => a || b);
}

export function difference(left: FieldSet, right: FieldSet): FieldSet {
  return combine(left, right, (a, b) => a && !b);
}

export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  return combine(left, right, (a, b) => a && b);
}

/** The path element of a list's element: by its key fields, or by value in a list of scalars. */
export function elementKey(place: Place, item: unknown): string {
  const { keys } = place.rule;
  if (!keys || !isRecord(item)) return `v:${JSON.stringify(item)}`;
  const key: JsonRecord = {};
  for (const name of [...keys].sort()) {
    const value = item[name] ?? KEY_DEFAULTS[name];
    if (value !== undefined) key[name] = value;
  }
  return `k:${JSON.stringify(key)}`;
}

/** Structures the API always has, present or not on the wire: they are owned through their fields only. */
const ALWAYS_THERE: ReadonlySet<string> = new Set(["f:metadata", "f:spec", "f:status", "f:strategy", "f:template", "f:containers", "f:jobTemplate"]);

/** Every field of a value. `withContainers` also counts the maps, lists and structures that hold them, as an Update does. */
export function fieldsIn(place: Place, value: unknown, withContainers: boolean): FieldSet {
  if (isAtomic(place, value)) return emptySet(true);
  const set = emptySet(withContainers);
  if (Array.isArray(value)) {
    const item = itemPlace(place);
    for (const element of value) {
      const child = isRecord(element) ? fieldsIn(item, element, withContainers) : emptySet(true);
      child.member = true;
      set.children.set(elementKey(place, element), child);
    }
  } else if (isRecord(value)) {
    for (const [name, field] of Object.entries(value)) {
      if (field === undefined) continue;
      const child = fieldsIn(fieldPlace(place, name), field, withContainers);
      if (ALWAYS_THERE.has(`f:${name}`) && child.children.size > 0) child.member = false;
      set.children.set(`f:${name}`, child);
    }
  }
  if (set.children.size === 0) set.member = true;
  return set;
}

export interface Difference {
  /** Added or with another value. */
  changed: FieldSet;
  removed: FieldSet;
}

/** What differs between two values of one place; the order of keyed lists does not count. */
export function compareFields(place: Place, before: unknown, after: unknown): Difference {
  const result: Difference = { changed: emptySet(), removed: emptySet() };
  if (before === undefined && after === undefined) return result;
  if (before === undefined) result.changed = fieldsIn(place, after, true);
  else if (after === undefined) result.removed = fieldsIn(place, before, true);
  else if (isAtomic(place, before) || isAtomic(place, after) || Array.isArray(before) !== Array.isArray(after)) {
    result.changed = emptySet(!equalJson(before, after));
  } else {
    const left = elementsOf(place, before);
    const right = elementsOf(place, after);
    for (const key of new Set([...left.keys(), ...right.keys()])) {
      const element = left.get(key) ?? right.get(key);
      if (!element) continue;
      const inner = compareFields(element.place, left.get(key)?.value, right.get(key)?.value);
      // The always present structures are never added or removed themselves.
      if (ALWAYS_THERE.has(key)) for (const set of [inner.changed, inner.removed]) if (set.children.size > 0) set.member = false;
      if (!isEmptySet(inner.changed)) result.changed.children.set(key, inner.changed);
      if (!isEmptySet(inner.removed)) result.removed.children.set(key, inner.removed);
    }
  }
  return result;
}

/** Children of a granular value, by path element. */
export function elementsOf(place: Place, value: unknown): Map<string, { place: Place; value: unknown }> {
  const elements = new Map<string, { place: Place; value: unknown }>();
  if (Array.isArray(value)) {
    const item = itemPlace(place);
    for (const element of value) elements.set(elementKey(place, element), { place: item, value: element });
  } else if (isRecord(value)) {
    for (const [name, field] of Object.entries(value)) if (field !== undefined) elements.set(`f:${name}`, { place: fieldPlace(place, name), value: field });
  }
  return elements;
}

/** Paths of all members in the notation of conflict messages: `.spec.containers[name="web"].image`. */
export function pathsOf(set: FieldSet, prefix = ""): string[] {
  const paths = set.member ? [prefix] : [];
  for (const key of [...set.children.keys()].sort()) {
    const child = set.children.get(key);
    if (child) paths.push(...pathsOf(child, prefix + pathElement(key)));
  }
  return paths;
}

function pathElement(key: string): string {
  const body = key.slice(2);
  if (key.startsWith("f:")) return `.${body}`;
  if (key.startsWith("v:")) return `[=${body}]`;
  const fields: unknown = JSON.parse(body);
  const pairs = isRecord(fields) ? Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`) : [];
  return `[${pairs.join(",")}]`;
}
