import { badRequest } from "#sandbox/kube/errors.ts";
import { cloneJson, equalJson, isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";
import { fieldPlace, itemPlace, rootPlace, type Place } from "#sandbox/kube/objects/schema.ts";

const DIRECTIVE = "$patch";
const RETAIN = "$retainKeys";
const ORDER = "$setElementOrder/";
const DELETE_PRIMITIVES = "$deleteFromPrimitiveList/";

/**
 * Strategic merge patch of an object of a published type. Directives: $patch (replace, delete, merge), $retainKeys,
 * $setElementOrder, $deleteFromPrimitiveList. Throws KubeError 400 on a malformed patch.
 * Rules: Kubernetes design proposal "Strategic Merge Patch" (cli/preserve-order-in-strategic-merge-patch).
 */
export function strategicMerge(model: string, original: JsonRecord, patch: JsonRecord): JsonRecord {
  return mergeMap(rootPlace(model), original, patch);
}

function mergeMap(place: Place, original: JsonRecord, patch: JsonRecord): JsonRecord {
  const directive = patch[DIRECTIVE];
  if (directive === "replace") return withoutDirectives(patch);
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge") throw badRequest(`unknown patch type found: ${String(directive)}`);
  const result = cloneJson(original);
  const retained = patch[RETAIN];
  if (retained !== undefined) {
    if (!Array.isArray(retained)) throw badRequest(`invalid ${RETAIN}: expected a list of field names`);
    for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key];
  }
  for (const key of Object.keys(patch)) {
    if (key.startsWith(DELETE_PRIMITIVES)) deletePrimitives(result, key.slice(DELETE_PRIMITIVES.length), patch[key]);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$") || key === "__proto__") continue;
    const child = fieldPlace(place, key);
    const order = patch[ORDER + key];
    if (value === null) delete result[key];
    else if (isRecord(value)) {
      if (value[DIRECTIVE] === "delete") delete result[key];
      else result[key] = mergeMap(child, isRecord(result[key]) ? result[key] : {}, value);
    } else if (Array.isArray(value)) result[key] = mergeList(child, key, result[key], value, order);
    else result[key] = value;
  }
  for (const [key, order] of Object.entries(patch)) {
    const name = key.slice(ORDER.length);
    if (key.startsWith(ORDER) && patch[name] === undefined && Array.isArray(result[name])) result[name] = mergeList(fieldPlace(place, name), name, result[name], [], order);
  }
  return result;
}

function deletePrimitives(target: JsonRecord, key: string, doomed: unknown): void {
  if (!Array.isArray(doomed)) throw badRequest(`invalid ${DELETE_PRIMITIVES}${key}: expected a list`);
  const list = target[key];
  if (Array.isArray(list)) target[key] = list.filter((item) => !doomed.some((one) => equalJson(one, item)));
}

function mergeList(place: Place, name: string, original: unknown, patch: readonly unknown[], order: unknown): unknown[] {
  const { mergeKey } = place.rule;
  if (mergeKey === undefined) return patch.map((item) => (isRecord(item) ? withoutDirectives(item) : cloneJson(item)));
  const before: unknown[] = Array.isArray(original) ? original : [];
  if (mergeKey === "") {
    const merged = [...before, ...patch.filter((item) => !before.some((one) => equalJson(one, item)))];
    return ordered(before, merged, patch, order, (item) => JSON.stringify(item));
  }
  const items = patch.map((item) => {
    if (!isRecord(item)) throw badRequest(`invalid patch of ${name}: expected a list of objects`);
    return item;
  });
  if (items.some((item) => item[DIRECTIVE] === "replace")) {
    return items.filter((item) => item[DIRECTIVE] !== "replace" || item[mergeKey] !== undefined).map(withoutDirectives);
  }
  const keyOf = (item: unknown): string => {
    const value = isRecord(item) ? item[mergeKey] : undefined;
    if (value === undefined) throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
    return JSON.stringify(value);
  };
  const doomed = new Set(items.filter((item) => item[DIRECTIVE] === "delete").map(keyOf));
  const merged = before.filter((item) => !doomed.has(keyOf(item)));
  const additions = items.filter((item) => item[DIRECTIVE] !== "delete");
  for (const item of additions) {
    const at = merged.findIndex((one) => keyOf(one) === keyOf(item));
    const base = at >= 0 ? merged[at] : {};
    const value = mergeMap(itemPlace(place), isRecord(base) ? base : {}, item);
    if (at >= 0) merged[at] = value;
    else merged.push(value);
  }
  return ordered(before, merged, additions, order, keyOf);
}

/** Patched elements come in the order asked for (or of the patch), before those that only the server had, unless those stood in front. */
function ordered(before: readonly unknown[], merged: readonly unknown[], patch: readonly unknown[], order: unknown, keyOf: (item: unknown) => string): unknown[] {
  const wanted = Array.isArray(order) ? order : patch;
  const wantedKeys = wanted.map(keyOf);
  const position = new Map(before.map((item, index) => [keyOf(item), index]));
  const patched = wantedKeys.flatMap((key) => merged.filter((item) => keyOf(item) === key));
  const serverOnly = merged.filter((item) => !wantedKeys.includes(keyOf(item)));
  const result: unknown[] = [];
  while (patched.length > 0 && serverOnly.length > 0) {
    const left = position.get(keyOf(serverOnly[0]));
    const right = position.get(keyOf(patched[0]));
    const serverFirst = left !== undefined && right !== undefined && left < right;
    result.push((serverFirst ? serverOnly : patched).shift());
  }
  return [...result, ...patched, ...serverOnly];
}

function withoutDirectives(value: JsonRecord): JsonRecord {
  const result: JsonRecord = {};
  for (const [key, field] of Object.entries(value)) {
    if (key.startsWith("$") || field === null) continue;
    if (Array.isArray(field)) result[key] = field.map((item) => (isRecord(item) ? withoutDirectives(item) : cloneJson(item)));
    else result[key] = isRecord(field) ? withoutDirectives(field) : field;
  }
  return result;
}
