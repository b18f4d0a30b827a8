import jsonPatch from "fast-json-patch";
import { badRequest, KubeError } from "#sandbox/kube/errors.ts";
import { cloneJson, isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";

const MAX_OPERATIONS = 10_000;
const OPERATIONS = ["add", "remove", "replace", "move", "copy", "test"];

/** RFC 6902. Throws KubeError 400 for what is no patch, 422 when it cannot be carried out (a failed test included). */
export function applyJsonPatch(document: JsonRecord, patch: unknown): JsonRecord {
  if (!Array.isArray(patch)) throw badRequest("error decoding patch: a JSON patch is a list of operations");
  if (patch.length > MAX_OPERATIONS) {
    throw new KubeError(413, "RequestEntityTooLarge", `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`);
  }
  for (const operation of patch) {
    const readable = isRecord(operation) && OPERATIONS.includes(String(operation.op)) && typeof operation.path === "string"
      && (operation.path === "" || operation.path.startsWith("/"));
    if (!readable) throw badRequest(`error decoding patch: ${JSON.stringify(operation)} is not an operation with op and path`);
  }
  try {
    // Validated above; the library checks pointers, array bounds and `test` against the document.
    const operations = patch as Parameters<typeof jsonPatch.applyPatch>[1];
    const result: unknown = jsonPatch.applyPatch(cloneJson(document), cloneJson(operations), true, true, true).newDocument;
    if (isRecord(result)) return result;
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new KubeError(422, "Invalid", `the server rejected our request due to an error in our request: ${why}`);
  }
  throw new KubeError(422, "Invalid", "the server rejected our request due to an error in our request: the result is not an object");
}

/** RFC 7386. */
export function applyMergePatch(document: JsonRecord, patch: JsonRecord): JsonRecord {
  const result = cloneJson(document);
  for (const [key, value] of Object.entries(patch)) {
    if (key === "__proto__") continue;
    if (value === null) delete result[key];
    else if (isRecord(value)) result[key] = applyMergePatch(isRecord(result[key]) ? result[key] : {}, value);
    else result[key] = cloneJson(value);
  }
  return result;
}
