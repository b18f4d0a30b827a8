import { KubeError } from "#sandbox/kube/errors.ts";
import {
  compareFields, difference, elementKey, elementsOf, emptySet, fieldsIn, intersection, isEmptySet, pathsOf, union, type FieldSet,
} from "#sandbox/kube/objects/field-set.ts";
import { cloneJson, isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";
import { findEntry, newEntry, ownable, readEntries, writeEntries, type OwnedSet, type Writer } from "#sandbox/kube/objects/managed-fields.ts";
import { fieldPlace, isAtomic, itemPlace, rootPlace, type Place } from "#sandbox/kube/objects/schema.ts";
import type { KubeObject, ManagedFieldsEntry } from "#sandbox/kube/types.ts";

export interface Applied {
  object: KubeObject;
  managedFields: ManagedFieldsEntry[];
}

/**
 * Server-side apply of a (decoded, not defaulted) configuration. Fields the same manager applied before and now leaves out are
 * removed unless another manager owns them; a changed value that another manager owns throws KubeError 409 unless `force`.
 * Rules: Kubernetes documentation "Server-Side Apply"; KEP-555.
 */
export function applyConfiguration(model: string, live: KubeObject | undefined, config: KubeObject, writer: Writer, force: boolean): Applied {
  const place = rootPlace(model);
  const wanted = ownable(config);
  const wantedFields = Object.keys(wanted).length === 0 ? emptySet() : { ...fieldsIn(place, wanted, false), member: false };
  const sets = readEntries(live?.metadata.managedFields);
  const own = findEntry(sets, writer, "Apply");
  const others = sets.filter((set) => set !== own);
  if (!live) {
    return { object: cloneJson(config), managedFields: writeEntries([{ entry: newEntry(writer, "Apply"), fields: wantedFields }]) };
  }
  const merged = mergeApplied(place, live, config) as KubeObject;
  const { changed } = compareFields(place, ownable(live), ownable(merged));
  const contested = others.map((set) => ({ set, fields: intersection(set.fields, changed) })).filter(({ fields }) => !isEmptySet(fields));
  if (contested.length > 0 && !force) throw conflictOf(contested);

  const keptByOthers = others.reduce((all, set) => union(all, difference(set.fields, changed)), emptySet());
  if (own) removeDropped(place, merged, own.fields, wantedFields, keptByOthers);
  const final = compareFields(place, ownable(live), ownable(merged));
  const lost = union(final.changed, final.removed);
  const remaining = others.map((set) => ({ entry: set.entry, fields: difference(set.fields, lost) }));
  const entry = own && isEmptySet(difference(own.fields, wantedFields)) && isEmptySet(difference(wantedFields, own.fields)) ? own.entry : newEntry(writer, "Apply");
  return { object: merged, managedFields: writeEntries([...remaining, { entry, fields: wantedFields }]) };
}

function mergeApplied(place: Place, live: unknown, config: unknown): unknown {
  if (config === undefined) return cloneJson(live);
  if (live === undefined || isAtomic(place, config) || isAtomic(place, live)) return cloneJson(config);
  if (Array.isArray(live) && Array.isArray(config)) return mergeList(place, live, config);
  if (!isRecord(live) || !isRecord(config)) return cloneJson(config);
  const result: JsonRecord = {};
  for (const key of new Set([...Object.keys(live), ...Object.keys(config)])) result[key] = mergeApplied(fieldPlace(place, key), live[key], config[key]);
  return result;
}

/** Shared elements in the order of the configuration; those only the server has stay in front of what follows them there, new ones come after. */
function mergeList(place: Place, live: readonly unknown[], config: readonly unknown[]): unknown[] {
  const item = itemPlace(place);
  const liveByKey = new Map(live.map((element) => [elementKey(place, element), element]));
  const configKeys = new Set(config.map((element) => elementKey(place, element)));
  const ahead = [...liveByKey];
  const result: unknown[] = [];
  const emitted = new Set<string>();
  const emitServerOnly = () => {
    for (let next = ahead[0]; next && (!configKeys.has(next[0]) || emitted.has(next[0])); next = ahead[0]) {
      ahead.shift();
      if (!emitted.has(next[0])) result.push(cloneJson(next[1]));
    }
  };
  for (const element of config) {
    const key = elementKey(place, element);
    if (emitted.has(key)) continue;
    emitServerOnly();
    emitted.add(key);
    result.push(mergeApplied(item, liveByKey.get(key), element));
  }
  emitServerOnly();
  return result;
}

/** Deletes from `value` what `last` names and `next` no longer does, unless it is in `kept`. */
function removeDropped(place: Place, value: unknown, last: FieldSet, next: FieldSet | undefined, kept: FieldSet | undefined): void {
  const elements = elementsOf(place, value);
  for (const [key, lastChild] of last.children) {
    const element = elements.get(key);
    if (!element) continue;
    const nextChild = next?.children.get(key);
    const keptChild = kept?.children.get(key);
    if (!nextChild && !keptChild) removeElement(place, value, key);
    else removeDropped(element.place, element.value, lastChild, nextChild, keptChild);
  }
}

function removeElement(place: Place, value: unknown, key: string): void {
  if (Array.isArray(value)) {
    const index = value.findIndex((element) => elementKey(place, element) === key);
    if (index >= 0) value.splice(index, 1);
  } else if (isRecord(value)) {
    delete value[key.slice(2)];
  }
}

function managerName({ entry }: OwnedSet): string {
  const subresource = entry.subresource ? ` with subresource ${JSON.stringify(entry.subresource)}` : "";
  const version = entry.operation === "Update" ? ` using ${entry.apiVersion}` : "";
  return `${JSON.stringify(entry.manager)}${subresource}${version}`;
}

function conflictOf(contested: readonly { set: OwnedSet; fields: FieldSet }[]): KubeError {
  const found = contested.flatMap(({ set, fields }) => pathsOf(fields).map((path) => ({ manager: managerName(set), path })));
  const causes = found.map(({ manager, path }) => ({ reason: "FieldManagerConflict", message: `conflict with ${manager}`, field: path }));
  const [only] = found;
  if (found.length === 1 && only) return new KubeError(409, "Conflict", `Apply failed with 1 conflict: conflict with ${only.manager}: ${only.path}`, { causes });
  const managers = [...new Set(found.map(({ manager }) => manager))].sort();
  const lines = managers.flatMap((manager) => [`conflicts with ${manager}:`, ...found.filter((one) => one.manager === manager).map(({ path }) => `- ${path}`)]);
  return new KubeError(409, "Conflict", `Apply failed with ${found.length} conflicts: ${lines.join("\n")}`, { causes });
}
