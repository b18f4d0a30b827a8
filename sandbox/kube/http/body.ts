import type { IncomingMessage } from "node:http";
import { parse } from "yaml";
import { badRequest, KubeError } from "#sandbox/kube/errors.ts";
import { parseProtobuf } from "#sandbox/kube/http/protobuf-body.ts";
import { contentType, unsupportedMediaType } from "#sandbox/kube/http/negotiate.ts";

const MAX_BYTES = 3 * 1024 * 1024;
const MAX_DEPTH = 200;

/** The whole body. Throws KubeError 413 above 3 MiB; the rest is then left unread, so that the answer still gets through. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BYTES) chunks.push(chunk);
      else reject(new KubeError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${MAX_BYTES}`));
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", reject);
    request.on("close", () => reject(badRequest("the request ended before its body was complete")));
  });
}

function checkDepth(value: unknown, depth = 0): void {
  if (depth > MAX_DEPTH) throw badRequest(`the body of the request is nested deeper than ${MAX_DEPTH} levels`);
  if (typeof value === "object" && value !== null) for (const field of Object.values(value)) checkDepth(field, depth + 1);
}

/** JSON or YAML text as data, without `__proto__` keys. Throws KubeError 400. */
export function parseText(text: string, syntax: "json" | "yaml"): unknown {
  let value: unknown;
  try {
    // JSON is read as JSON even where YAML is allowed: it is faster and means the same.
    const isJson = syntax === "json" || /^\s*[{[]/.test(text);
    const reviver = text.includes("__proto__") ? (key: string, field: unknown) => (key === "__proto__" ? undefined : field) : undefined;
    value = isJson ? JSON.parse(text, reviver) : parse(text, { maxAliasCount: 50 });
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw badRequest(`the body of the request could not be read as ${syntax.toUpperCase()}: ${why}`);
  }
  checkDepth(value);
  return value;
}

/** The body of a create, update or delete. Undefined when it is empty. Throws KubeError 400, 413 or 415. */
export async function readObject(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request);
  if (body.length === 0) return undefined;
  const type = contentType(request);
  if (type === "application/json") return parseText(body.toString("utf8"), "json");
  if (type === "application/yaml") return parseText(body.toString("utf8"), "yaml");
  if (type === "application/vnd.kubernetes.protobuf") return parseProtobuf(body);
  throw unsupportedMediaType(type, ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]);
}
