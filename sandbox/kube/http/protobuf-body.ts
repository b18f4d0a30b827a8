import protobuf from "protobufjs";
import { badRequest } from "#sandbox/kube/errors.ts";
import { isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";
import { PROTOBUF_FIELDS } from "#sandbox/kube/objects/protobuf-fields.ts";
import { findKind } from "#sandbox/kube/objects/resources.ts";
import { fieldsOf, type FieldType } from "#sandbox/kube/objects/schema.ts";

const MAGIC = Buffer.from("k8s\0");
/** Go writes plain fields even when they are zero; only of these does a zero or false mean that somebody set it. */
const OPTIONAL_NUMBERS: ReadonlySet<string> = new Set([
  "replicas", "revisionHistoryLimit", "progressDeadlineSeconds", "terminationGracePeriodSeconds", "activeDeadlineSeconds", "parallelism", "completions", "backoffLimit",
  "ttlSecondsAfterFinished", "successfulJobsHistoryLimit", "failedJobsHistoryLimit", "startingDeadlineSeconds", "minReplicas", "defaultMode", "mode", "runAsUser", "runAsGroup",
  "fsGroup", "priority", "tolerationSeconds", "gracePeriodSeconds", "stabilizationWindowSeconds", "partition", "leaseTransitions",
]);
const OPTIONAL_FLAGS: ReadonlySet<string> = new Set(["automountServiceAccountToken", "enableServiceLinks", "allowPrivilegeEscalation", "allocateLoadBalancerNodePorts"]);
const PLAIN_PORTS: ReadonlySet<string> = new Set(["targetPort", "port"]);

const numbered = new Map<string, ReadonlyMap<number, string>>();

function numbersOf(model: string): ReadonlyMap<number, string> {
  const known = numbered.get(model);
  if (known) return known;
  const numbers = new Map<number, string>();
  let next = 1;
  for (const word of (PROTOBUF_FIELDS[model] ?? "").split(" ")) {
    if (/^\d+$/.test(word)) next = Number(word);
    else numbers.set(next++, word);
  }
  numbered.set(model, numbers);
  return numbers;
}

function nested(reader: protobuf.Reader): protobuf.Reader {
  return protobuf.Reader.create(reader.bytes());
}

/** Calls `visit` for each field; what it does not read must be left to it to skip. */
function eachField(reader: protobuf.Reader, visit: (number: number, wire: number) => void): void {
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    visit(tag >>> 3, tag & 7);
  }
}

function readFields(reader: protobuf.Reader, model: string, owner: string, into: JsonRecord): void {
  const numbers = numbersOf(model);
  const fields = fieldsOf(owner);
  eachField(reader, (number, wire) => {
    const name = numbers.get(number);
    const type = name === undefined ? undefined : fields.get(name)?.type;
    if (name?.startsWith("*")) readFields(nested(reader), name.slice(1), owner, into);
    else if (name === undefined || type === undefined) reader.skipType(wire);
    else readField(reader, name, type, into);
  });
}

function readField(reader: protobuf.Reader, name: string, type: FieldType, into: JsonRecord): void {
  if (type.kind === "list") {
    const list = Array.isArray(into[name]) ? into[name] : [];
    list.push(readValue(reader, name, type.items));
    into[name] = list;
    return;
  }
  if (type.kind === "map") {
    const map: JsonRecord = isRecord(into[name]) ? into[name] : {};
    let key = "";
    let value: unknown = "";
    const entry = nested(reader);
    eachField(entry, (number, wire) => {
      if (number === 1) key = entry.string();
      else if (number === 2) value = readValue(entry, name, type.values);
      else entry.skipType(wire);
    });
    if (key !== "__proto__") map[key] = value;
    into[name] = map;
    return;
  }
  const value = readValue(reader, name, type);
  const isUnset = value === undefined || value === "" || (value === 0 && (!OPTIONAL_NUMBERS.has(name) && type.kind !== "intOrString"))
    || (value === 0 && PLAIN_PORTS.has(name)) || (value === false && !OPTIONAL_FLAGS.has(name));
  if (!isUnset) into[name] = value;
}

function readValue(reader: protobuf.Reader, name: string, type: FieldType): unknown {
  switch (type.kind) {
    case "object": {
      const value: JsonRecord = {};
      readFields(nested(reader), type.model, type.model, value);
      return value;
    }
    case "integer":
      return Number(reader.int64().toString());
    case "number":
      return reader.double();
    case "boolean":
      return reader.bool();
    case "bytes":
      return Buffer.from(reader.bytes()).toString("base64");
    case "time":
      return readTime(nested(reader));
    case "intOrString":
      return readIntOrString(nested(reader));
    case "quantity":
      return readText(nested(reader));
    case "any":
      return JSON.parse(readText(nested(reader)) || "null") ?? undefined;
    case "string":
      return reader.string();
    default:
      throw badRequest(`the field ${name} cannot be read from protobuf`);
  }
}

/** A message whose first field is the whole of it: Quantity, FieldsV1. */
function readText(reader: protobuf.Reader): string {
  let text = "";
  eachField(reader, (number, wire) => {
    if (number === 1) text = reader.string();
    else reader.skipType(wire);
  });
  return text;
}

function readTime(reader: protobuf.Reader): string | undefined {
  let seconds: number | undefined;
  eachField(reader, (number, wire) => {
    if (number === 1) seconds = Number(reader.int64().toString());
    else reader.skipType(wire);
  });
  return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}

function readIntOrString(reader: protobuf.Reader): number | string {
  const parts: [type: number, number: number, text: string] = [0, 0, ""];
  eachField(reader, (number, wire) => {
    if (number === 1) parts[0] = reader.int32();
    else if (number === 2) parts[1] = reader.int32();
    else if (number === 3) parts[2] = reader.string();
    else reader.skipType(wire);
  });
  return parts[0] === 1 ? parts[2] : parts[1];
}

/**
 * A request body in the API's protobuf form (magic number, then runtime.Unknown around the message), as newer typed clients send it.
 * Answers are always JSON. Throws KubeError 400 when it cannot be read.
 */
export function parseProtobuf(body: Buffer): JsonRecord {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) throw badRequest("the body of the request is not in the protobuf form of the API: it does not begin with its magic number");
  try {
    const type: JsonRecord = { apiVersion: "", kind: "" };
    let raw: Uint8Array = new Uint8Array();
    const envelope = protobuf.Reader.create(body.subarray(MAGIC.length));
    eachField(envelope, (number, wire) => {
      if (number === 1) {
        const meta = nested(envelope);
        eachField(meta, (field, fieldWire) => {
          if (field === 1) type.apiVersion = meta.string();
          else if (field === 2) type.kind = meta.string();
          else meta.skipType(fieldWire);
        });
      } else if (number === 2) raw = envelope.bytes();
      else envelope.skipType(wire);
    });
    const kind = String(type.kind);
    const model = findKind(String(type.apiVersion), kind)?.model ?? `V1${kind}`;
    if (PROTOBUF_FIELDS[model] === undefined) throw badRequest(`no kind "${kind}" is registered for version "${String(type.apiVersion)}"`);
    const object: JsonRecord = { ...type };
    readFields(protobuf.Reader.create(raw), model, model, object);
    return object;
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError || (error instanceof Error && error.name === "Error")) {
      throw badRequest(`the body of the request could not be read as protobuf: ${error.message}`);
    }
    throw error;
  }
}
