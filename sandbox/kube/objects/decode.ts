import { badRequest } from "#sandbox/kube/errors.ts";
import { isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";
import type { ResourceInfo } from "#sandbox/kube/objects/resources.ts";
import { fieldsOf, type FieldType } from "#sandbox/kube/objects/schema.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

interface Walk {
  resource: ResourceInfo;
  unknown: string[];
  /** Type whose field is being read, for the error sentence. */
  owner: string;
}

const GO_NAMES: Readonly<Record<string, string>> = {
  string: "string", bytes: "[]byte", boolean: "bool", number: "float64", time: "v1.Time", intOrString: "intstr.IntOrString", quantity: "resource.Quantity",
};
const QUANTITY = /^[+-]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function goName(type: FieldType): string {
  if (type.kind === "integer") return `int${type.bits}`;
  if (type.kind === "object") return `v1.${structName(type.model)}`;
  if (type.kind === "list") return `[]${goName(type.items)}`;
  if (type.kind === "map") return `map[string]${goName(type.values)}`;
  return GO_NAMES[type.kind] ?? type.kind;
}

function structName(model: string): string {
  return model.replace(/^(Core|Events|Discovery)?V\d+((alpha|beta)\d+)?/, "");
}

function refuse(walk: Walk, path: string, type: FieldType, problem: string): never {
  const { kind, version } = walk.resource;
  const where = `Go struct field ${structName(walk.owner)}.${path} of type ${goName(type)}`;
  throw badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${problem} ${where}`);
}

function mismatch(walk: Walk, path: string, type: FieldType, value: unknown): never {
  return refuse(walk, path, type, `json: cannot unmarshal ${jsonKind(value)} into`);
}

function decodeScalar(walk: Walk, path: string, type: FieldType, value: unknown): unknown {
  switch (type.kind) {
    case "string":
      return typeof value === "string" ? value : mismatch(walk, path, type, value);
    case "boolean":
      return typeof value === "boolean" ? value : mismatch(walk, path, type, value);
    case "number":
      return typeof value === "number" ? value : mismatch(walk, path, type, value);
    case "integer": {
      const limit = type.bits === 32 ? 2 ** 31 : Number.MAX_SAFE_INTEGER;
      return Number.isInteger(value) && Math.abs(Number(value)) <= limit ? value : mismatch(walk, path, type, value);
    }
    case "intOrString":
      return typeof value === "string" || Number.isInteger(value) ? value : mismatch(walk, path, type, value);
    case "quantity": {
      const text = typeof value === "number" ? String(value) : value;
      if (typeof text !== "string") return mismatch(walk, path, type, value);
      return QUANTITY.test(text) ? text : refuse(walk, path, type, `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$', found ${JSON.stringify(text)} in`);
    }
    case "time":
      if (typeof value !== "string") return mismatch(walk, path, type, value);
      return TIME.test(value) && !Number.isNaN(Date.parse(value)) ? value : refuse(walk, path, type, `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00" failed in`);
    case "bytes":
      if (typeof value !== "string") return mismatch(walk, path, type, value);
      return BASE64.test(value) ? value : refuse(walk, path, type, "illegal base64 data in");
    default:
      return value;
  }
}

function decodeObject(walk: Walk, path: string, model: string, value: JsonRecord): JsonRecord {
  const fields = fieldsOf(model);
  const result: JsonRecord = {};
  for (const key of Object.keys(value)) {
    const field = value[key];
    const at = path === "" ? key : `${path}.${key}`;
    const schema = fields.get(key);
    if (!schema) {
      if (field !== undefined) walk.unknown.push(at);
      continue;
    }
    // Absent and null are one thing to the API's types.
    if (field === undefined || field === null) continue;
    walk.owner = model;
    const decoded = decodeValue(walk, at, schema.type, field);
    if (!isEmptyCollection(schema.type, decoded)) result[key] = decoded;
  }
  return result;
}

/** Lists and maps without elements are left out when written, as the API's own encoder does. */
function isEmptyCollection(type: FieldType, value: unknown): boolean {
  if (type.kind === "list") return Array.isArray(value) && value.length === 0;
  return type.kind === "map" && isRecord(value) && Object.keys(value).length === 0;
}

function decodeValue(walk: Walk, path: string, type: FieldType, value: unknown): unknown {
  switch (type.kind) {
    case "object":
      return isRecord(value) ? decodeObject(walk, path, type.model, value) : mismatch(walk, path, type, value);
    case "list":
      if (!Array.isArray(value)) return mismatch(walk, path, type, value);
      return value.map((item, index) => decodeValue(walk, `${path}[${index}]`, type.items, item === null && type.items.kind === "object" ? {} : item));
    case "map": {
      if (!isRecord(value)) return mismatch(walk, path, type, value);
      const result: JsonRecord = {};
      for (const key of Object.keys(value)) {
        const field = value[key];
        if (field === undefined || key === "__proto__") continue;
        result[key] = field === null ? "" : decodeValue(walk, path, type.values, field);
      }
      return result;
    }
    case "any":
      return structuredClone(value);
    default:
      return decodeScalar(walk, path, type, value);
  }
}

/**
 * Reads untrusted (or internal) data as an object of a resource: a private copy with known fields only, nulls and empty lists
 * dropped. Throws KubeError 400 in the sentence of the API when a field has the wrong type. `unknown` lists what was left out.
 */
export function decode(resource: ResourceInfo, raw: unknown): { object: KubeObject; unknown: string[] } {
  if (!isRecord(raw)) throw badRequest(`the object provided is unrecognized: expected a JSON object, got ${jsonKind(raw)}`);
  const walk: Walk = { resource, unknown: [], owner: resource.model };
  const decoded = decodeObject(walk, "", resource.model, raw);
  // Typed by construction: every field was checked against the resource's own table.
  const object = { apiVersion: resource.apiVersion, kind: resource.kind, metadata: {}, ...decoded } as KubeObject;
  object.apiVersion = resource.apiVersion;
  object.kind = resource.kind;
  return { object, unknown: walk.unknown };
}
