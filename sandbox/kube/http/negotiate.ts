import type { IncomingMessage } from "node:http";
import { KubeError } from "#sandbox/kube/errors.ts";

export interface MediaType {
  type: string;
  parameters: Readonly<Record<string, string>>;
}

export type Representation = "object" | "table" | "metadata";

export interface Negotiated {
  syntax: "json" | "yaml";
  as: Representation;
}

/** Media types of an Accept header, best first. */
export function parseAccept(header: string | undefined): MediaType[] {
  if (header === undefined || header.trim() === "") return [{ type: "*/*", parameters: {} }];
  return header.split(",").map((part, index) => {
    const [type = "", ...rest] = part.split(";").map((one) => one.trim());
    const parameters = Object.fromEntries(rest.map((one) => {
      const at = one.indexOf("=");
      return at < 0 ? [one, ""] : [one.slice(0, at).trim(), one.slice(at + 1).trim().replace(/^"|"$/g, "")];
    }));
    return { type: type.toLowerCase(), parameters, quality: Number(parameters.q ?? 1), index };
  }).sort((a, b) => b.quality - a.quality || a.index - b.index);
}

const SYNTAX: Readonly<Record<string, Negotiated["syntax"]>> = { "application/json": "json", "application/yaml": "yaml", "application/*": "json", "*/*": "json" };

/** The answer's form. Protobuf is never spoken: when only that (or nothing known) is accepted, throws KubeError 406. */
export function negotiate(request: IncomingMessage, supported: readonly Representation[] = ["object", "table", "metadata"]): Negotiated {
  for (const { type, parameters } of parseAccept(request.headers.accept)) {
    const syntax = SYNTAX[type];
    if (!syntax) continue;
    const as = representationOf(parameters.as);
    const known = parameters.as === undefined || (parameters.g === "meta.k8s.io" && (parameters.v === "v1" || parameters.v === "v1beta1"));
    if (as && known && supported.includes(as)) return { syntax, as };
  }
  throw new KubeError(406, "NotAcceptable", "only the following media types are accepted: application/json, application/yaml");
}

function representationOf(as: string | undefined): Representation | undefined {
  if (as === undefined) return "object";
  if (as === "Table") return "table";
  return as === "PartialObjectMetadata" || as === "PartialObjectMetadataList" ? "metadata" : undefined;
}

export function contentType(request: IncomingMessage): string {
  return (request.headers["content-type"] ?? "application/json").split(";")[0]?.trim().toLowerCase() ?? "";
}

export function unsupportedMediaType(given: string, accepted: readonly string[]): KubeError {
  const why = given === "" ? "" : ` (got ${given})`;
  return new KubeError(415, "UnsupportedMediaType", `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}${why}`);
}

