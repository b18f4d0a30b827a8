import type { StatusCause } from "#sandbox/kube/errors.ts";
import { duplicate, required, wrong } from "#sandbox/kube/objects/causes.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DNS_LABEL = new RegExp(`^${LABEL}$`);
const DNS_SUBDOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})*$`);
const DNS_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/;
const MAX_ANNOTATIONS_BYTES = 256 * 1024;
const MAX_DATA_BYTES = 1024 * 1024;

const LABEL_RULE = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN_RULE = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const DNS_1035_RULE = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED_RULE = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_RULE = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** DNS-1123 label of at most 63 characters: container, port and namespace names. */
export function dnsLabel(field: string, value: string): StatusCause[] {
  if (value === "") return [required(field)];
  const causes: StatusCause[] = [];
  if (value.length > 63) causes.push(wrong(field, value, "must be no more than 63 characters"));
  if (!DNS_LABEL.test(value)) causes.push(wrong(field, value, LABEL_RULE));
  return causes;
}

function subdomain(field: string, value: string): StatusCause[] {
  const causes: StatusCause[] = [];
  if (value.length > 253) causes.push(wrong(field, value, "must be no more than 253 characters"));
  if (!DNS_SUBDOMAIN.test(value)) causes.push(wrong(field, value, SUBDOMAIN_RULE));
  return causes;
}

function qualifiedName(field: string, key: string): StatusCause[] {
  const slash = key.indexOf("/");
  const name = slash < 0 ? key : key.slice(slash + 1);
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const causes: StatusCause[] = [];
  if (prefix !== undefined && (!DNS_SUBDOMAIN.test(prefix) || prefix.length > 253)) causes.push(wrong(field, key, `prefix part ${SUBDOMAIN_RULE}`));
  if (name === "") causes.push(wrong(field, key, "name part must be non-empty"));
  else if (name.length > 63) causes.push(wrong(field, key, "name part must be no more than 63 characters"));
  else if (!QUALIFIED.test(name)) causes.push(wrong(field, key, QUALIFIED_RULE));
  return causes;
}

export function validateLabels(field: string, labels: Readonly<Record<string, string>> | undefined): StatusCause[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => {
    const causes = qualifiedName(field, key);
    if (value.length > 63) causes.push(wrong(field, value, "must be no more than 63 characters"));
    if (!LABEL_VALUE.test(value)) causes.push(wrong(field, value, VALUE_RULE));
    return causes;
  });
}

function validateAnnotations(annotations: Readonly<Record<string, string>> | undefined): StatusCause[] {
  const causes: StatusCause[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    causes.push(...qualifiedName("metadata.annotations", key.toLowerCase()));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > MAX_ANNOTATIONS_BYTES) {
    causes.push({ reason: "FieldValueTooLong", message: `Too long: must have at most ${MAX_ANNOTATIONS_BYTES} bytes`, field: "metadata.annotations" });
  }
  return causes;
}

function validateName(object: KubeObject): StatusCause[] {
  const { name } = object.metadata;
  if (typeof name !== "string" || name === "") return [required("metadata.name", "name or generateName is required")];
  if (object.kind === "Namespace") return dnsLabel("metadata.name", name);
  if (object.kind === "Service") {
    if (name.length > 63) return [wrong("metadata.name", name, "must be no more than 63 characters")];
    return DNS_1035.test(name) ? [] : [wrong("metadata.name", name, DNS_1035_RULE)];
  }
  const causes = subdomain("metadata.name", name);
  if (object.kind === "CronJob" && name.length > 52) causes.push(wrong("metadata.name", name, "must be no more than 52 characters"));
  if (object.kind === "Job" && name.length > 63) causes.push(wrong("metadata.name", name, "must be no more than 63 characters"));
  return causes;
}

/** Rules that hold for the metadata of every object. */
export function validateMetadata(object: KubeObject): StatusCause[] {
  const { metadata } = object;
  const causes = [...validateName(object), ...validateLabels("metadata.labels", metadata.labels), ...validateAnnotations(metadata.annotations)];
  const owners = metadata.ownerReferences ?? [];
  owners.forEach((owner, index) => {
    const at = `metadata.ownerReferences[${index}]`;
    for (const field of ["apiVersion", "kind", "name", "uid"] as const) if (!owner[field]) causes.push(wrong(`${at}.${field}`, owner[field] ?? "", "must not be empty"));
  });
  if (owners.filter((owner) => owner.controller).length > 1) {
    causes.push(wrong("metadata.ownerReferences", owners.map((owner) => owner.name), "Only one reference can have Controller set to true"));
  }
  (metadata.finalizers ?? []).forEach((finalizer, index) => {
    causes.push(...qualifiedName(`metadata.finalizers[${index}]`, finalizer));
    if (metadata.finalizers?.indexOf(finalizer) !== index) causes.push(duplicate(`metadata.finalizers[${index}]`, finalizer));
  });
  return causes;
}

/** Keys and total size of a ConfigMap's or Secret's data. */
export function validateData(object: KubeObject): StatusCause[] {
  const causes: StatusCause[] = [];
  let bytes = 0;
  for (const field of ["data", "binaryData"]) {
    for (const [key, value] of Object.entries<string>(object[field] ?? {})) {
      bytes += Buffer.byteLength(value);
      if (!CONFIG_KEY.test(key) || key.length > 253 || key === "." || key === "..") {
        causes.push(wrong(`${field}[${key}]`, key, "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"));
      }
      if (field === "binaryData" && object.data?.[key] !== undefined) causes.push(wrong(`binaryData[${key}]`, key, "duplicate of key present in data"));
    }
  }
  if (bytes > MAX_DATA_BYTES) causes.push({ reason: "FieldValueTooLong", message: `Too long: must have at most ${MAX_DATA_BYTES} bytes`, field: "data" });
  return causes;
}
