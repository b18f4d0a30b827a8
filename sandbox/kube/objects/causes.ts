import type { StatusCause } from "#sandbox/kube/errors.ts";

/** Field errors in the words of apimachinery's `field.Error`. */
function shown(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

export function required(field: string, detail = ""): StatusCause {
  return { reason: "FieldValueRequired", message: detail === "" ? "Required value" : `Required value: ${detail}`, field };
}

export function wrong(field: string, value: unknown, detail: string): StatusCause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${shown(value)}: ${detail}`, field };
}

export function duplicate(field: string, value: unknown): StatusCause {
  return { reason: "FieldValueDuplicate", message: `Duplicate value: ${shown(value)}`, field };
}

export function unsupported(field: string, value: unknown, supported: readonly string[]): StatusCause {
  return { reason: "FieldValueNotSupported", message: `Unsupported value: ${shown(value)}: supported values: ${supported.map(shown).join(", ")}`, field };
}

export function prohibited(field: string, detail: string): StatusCause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${detail}`, field };
}

export function missing(field: string, value: unknown): StatusCause {
  return { reason: "FieldValueNotFound", message: `Not found: ${shown(value)}`, field };
}
