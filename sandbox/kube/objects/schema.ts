import * as models from "@kubernetes/client-node/dist/gen/models/all.js";
import { ATOMIC_TYPES, FIELD_RULES, QUANTITY_FIELDS, type MergeRule } from "#sandbox/kube/objects/list-rules.ts";

/**
 * The types of the API, read from the field tables that the official client is generated with (from the Kubernetes OpenAPI
 * description), plus the merge rules of list-rules.ts. One graph serves decoding, patches, field ownership and OpenAPI.
 */
export type FieldType =
  | { kind: "string" | "bytes" | "boolean" | "number" | "time" | "intOrString" | "quantity" | "any" }
  | { kind: "integer"; bits: 32 | 64 }
  | { kind: "object"; model: string }
  | { kind: "map"; values: FieldType }
  | { kind: "list"; items: FieldType };

export interface FieldSchema {
  name: string;
  type: FieldType;
  rule: MergeRule;
}

interface Attribute {
  baseName: string;
  type: string;
  format: string;
}

// Each export is a class with a static table; the package types them one by one, without a common shape.
const tables = models as unknown as Readonly<Record<string, { attributeTypeMap?: Attribute[] } | undefined>>;
/** Types of custom resources, which the description of Kubernetes itself lacks: their spec and status are taken as they come. */
const CUSTOM: Readonly<Record<string, { attributeTypeMap: Attribute[] }>> = {
  CertManagerV1Certificate: {
    attributeTypeMap: [
      { baseName: "apiVersion", type: "string", format: "" },
      { baseName: "kind", type: "string", format: "" },
      { baseName: "metadata", type: "V1ObjectMeta", format: "" },
      { baseName: "spec", type: "any", format: "" },
      { baseName: "status", type: "any", format: "" },
    ],
  },
};
const LIST = /^Array<(.+)>$/;
const MAP = /^\{ \[key: string\]: (.+); \}$/;
const NO_RULE: MergeRule = {};
const known = new Map<string, ReadonlyMap<string, FieldSchema>>();

function scalar(type: string, format: string): FieldType {
  switch (type) {
    case "string":
      return { kind: format === "byte" ? "bytes" : "string" };
    case "boolean":
      return { kind: "boolean" };
    case "number":
      return format === "double" ? { kind: "number" } : { kind: "integer", bits: format === "int32" ? 32 : 64 };
    case "Date":
    case "V1MicroTime":
      return { kind: "time" };
    case "IntOrString":
      return { kind: "intOrString" };
    default:
      return tables[type]?.attributeTypeMap ? { kind: "object", model: type } : { kind: "any" };
  }
}

function parseType(type: string, format: string, quantity: boolean): FieldType {
  const list = LIST.exec(type)?.[1];
  if (list) return { kind: "list", items: parseType(list, format, quantity) };
  const map = MAP.exec(type)?.[1];
  if (map) return { kind: "map", values: parseType(map, format, quantity) };
  return quantity ? { kind: "quantity" } : scalar(type, format);
}

/** Fields of a type ("V1PodSpec") by their name on the wire; empty for a type that is not in the description. */
export function fieldsOf(model: string): ReadonlyMap<string, FieldSchema> {
  const cached = known.get(model);
  if (cached) return cached;
  const fields = new Map<string, FieldSchema>();
  for (const { baseName, type, format } of (tables[model] ?? CUSTOM[model])?.attributeTypeMap ?? []) {
    const path = `${model}.${baseName}`;
    fields.set(baseName, { name: baseName, type: parseType(type, format, QUANTITY_FIELDS.has(path)), rule: FIELD_RULES[path] ?? NO_RULE });
  }
  known.set(model, fields);
  return fields;
}

/** Where a walk through an object stands: the type of the value and the rule of the field it came from. */
export interface Place {
  type: FieldType;
  rule: MergeRule;
}

export function rootPlace(model: string): Place {
  return { type: { kind: "object", model }, rule: NO_RULE };
}

const UNKNOWN: Place = { type: { kind: "any" }, rule: NO_RULE };

/** One step down, by field name or into the elements of a list. */
export function fieldPlace(place: Place, name: string): Place {
  const { type } = place;
  if (type.kind === "object") return fieldsOf(type.model).get(name) ?? UNKNOWN;
  return type.kind === "map" ? { type: type.values, rule: NO_RULE } : UNKNOWN;
}

export function itemPlace(place: Place): Place {
  return place.type.kind === "list" ? { type: place.type.items, rule: NO_RULE } : UNKNOWN;
}

/** Owned and replaced as a whole by server-side apply. Unknown data has no structure to own parts of, except plain maps. */
export function isAtomic(place: Place, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (place.rule.atomic) return true;
  if (Array.isArray(value)) return !place.rule.keys && !place.rule.set;
  return place.type.kind === "object" && ATOMIC_TYPES.has(place.type.model);
}
