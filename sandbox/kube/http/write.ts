import { badRequest, conflict, invalid, KubeError, notFound } from "#sandbox/kube/errors.ts";
import type { ApiCall } from "#sandbox/kube/http/api-context.ts";
import { parseText, readBody, readObject } from "#sandbox/kube/http/body.ts";
import { matcherOf } from "#sandbox/kube/http/list-options.ts";
import { contentType, unsupportedMediaType } from "#sandbox/kube/http/negotiate.ts";
import { listText, liveObject, sendObject } from "#sandbox/kube/http/read.ts";
import { sendJson, sendText } from "#sandbox/kube/http/respond.ts";
import { admitNamespace, checkBody, deleteOptions, reportUnknown, writeOptions, type WriteCall } from "#sandbox/kube/http/write-options.ts";
import { wrong } from "#sandbox/kube/objects/causes.ts";
import { decode } from "#sandbox/kube/objects/decode.ts";
import { isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";
import { applyConfiguration } from "#sandbox/kube/patch/apply.ts";
import { applyJsonPatch, applyMergePatch } from "#sandbox/kube/patch/json-patches.ts";
import { strategicMerge } from "#sandbox/kube/patch/strategic-merge.ts";
import type { DeleteOptions, KubeObject } from "#sandbox/kube/types.ts";

/** Kinds whose deletion answers with the object instead of a Status. */
const RETURN_DELETED: ReadonlySet<string> = new Set(["pods", "services", "persistentvolumeclaims", "serviceaccounts", "resourcequotas"]);
const APPLY = "application/apply-patch+yaml";
const PATCH_TYPES = ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", APPLY];

/** What only the server sets is dropped from what a client creates; nodes report their own status. */
function asNew(body: JsonRecord, resource: ApiCall["resource"]): JsonRecord {
  const { uid: _uid, creationTimestamp: _created, ...metadata } = isRecord(body.metadata) ? body.metadata : {};
  const { status, ...rest } = body;
  return resource.hasStatus && resource.plural !== "nodes" ? { ...rest, metadata } : { ...rest, ...(status === undefined ? {} : { status }), metadata };
}

export async function createObject(call: ApiCall): Promise<void> {
  const body = checkBody(call, await readObject(call.request));
  const options = writeOptions(call, "CreateOptions");
  const metadata = isRecord(body.metadata) ? body.metadata : {};
  if (metadata.resourceVersion) throw badRequest("resourceVersion should not be set on objects to be created");
  reportUnknown(call, decode(call.resource, body).unknown, options);
  admitNamespace(call, typeof metadata.name === "string" ? metadata.name : "");
  sendObject(call, 201, call.server.store.createRaw(call.resource, asNew(body, call.resource), options));
}

export async function replaceObject(call: ApiCall): Promise<void> {
  const body = checkBody(call, await readObject(call.request));
  const options = writeOptions(call, "UpdateOptions");
  reportUnknown(call, decode(call.resource, body).unknown, options);
  sendObject(call, 200, call.server.store.replaceRaw(call.resource, call.namespace, call.name, body, options));
}

/** A patch in one of the four languages. Throws KubeError 400, 404, 409, 413, 415, 422. */
export async function patchObject(call: ApiCall): Promise<void> {
  const type = contentType(call.request);
  if (!PATCH_TYPES.includes(type)) throw unsupportedMediaType(type, PATCH_TYPES);
  const text = (await readBody(call.request)).toString("utf8");
  const patch = parseText(text, type === APPLY ? "yaml" : "json");
  const options = writeOptions(call, "PatchOptions", type === APPLY);
  if (type === APPLY) {
    applyObject(call, patch, options);
    return;
  }
  const live = liveObject(call);
  const patched = applyPatch(call.resource.model, type, live, patch);
  const metadata = isRecord(patched.metadata) ? patched.metadata : {};
  if (metadata.name !== live.metadata.name || metadata.namespace !== live.metadata.namespace) {
    throw badRequest(`the name or namespace of an object cannot be changed by a patch`);
  }
  if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== live.metadata.resourceVersion) throw conflict(call.resource, call.name);
  if (metadata.uid !== live.metadata.uid) throw invalid(call.resource, call.name, [wrong("metadata.uid", metadata.uid ?? "", "field is immutable")]);
  reportUnknown(call, decode(call.resource, patched).unknown, options);
  sendObject(call, 200, call.server.store.replaceRaw(call.resource, call.namespace, call.name, patched, options));
}

/** The patched document of a patch other than apply. */
export function applyPatch(model: string, type: string, live: JsonRecord | KubeObject, patch: unknown): JsonRecord {
  const document: JsonRecord = { ...live };
  if (type === "application/json-patch+json") return applyJsonPatch(document, patch);
  if (!isRecord(patch)) throw badRequest("error decoding patch: expected a JSON object");
  return type === "application/merge-patch+json" ? applyMergePatch(document, patch) : strategicMerge(model, document, patch);
}

function applyObject(call: ApiCall, patch: unknown, options: WriteCall): void {
  const { server, resource, namespace, name, subresource } = call;
  const body = checkBody(call, patch);
  const metadata = isRecord(body.metadata) ? body.metadata : {};
  if (Array.isArray(metadata.managedFields) && metadata.managedFields.length > 0) throw badRequest("metadata.managedFields must be nil");
  const { object: config, unknown } = decode(resource, body);
  if (unknown.length > 0 && options.fieldValidation !== "Ignore") {
    const target = namespace === undefined ? `/${name}` : `${namespace}/${name}`;
    throw badRequest(`failed to create typed patch object (${target}; ${resource.apiVersion}, Kind=${resource.kind}): ${unknown.map((path) => `.${path}: field not declared in schema`).join(", ")}`);
  }
  const live = server.store.get(resource.key, namespace, name);
  if (!live && subresource) throw notFound(resource, name);
  const wantedUid: string | undefined = config.metadata.uid;
  if (!live && wantedUid) throw conflict(resource, name, `uid mismatch: the provided object specified uid ${wantedUid}, and no existing object was found`);
  const wantedVersion: string | undefined = config.metadata.resourceVersion;
  if (wantedVersion && wantedVersion !== live?.metadata.resourceVersion) throw conflict(resource, name);
  if (live && wantedUid && wantedUid !== live.metadata.uid) throw invalid(resource, name, [wrong("metadata.uid", wantedUid, "field is immutable")]);
  const own: KubeObject = { ...config };
  if (subresource === "status") delete own.spec;
  else if (resource.hasStatus) delete own.status;
  const writer = { manager: options.manager, apiVersion: resource.apiVersion, time: server.store.now().toISOString().replace(/\.\d+Z$/, "Z"), ...(subresource ? { subresource } : {}) };
  const { object, managedFields } = applyConfiguration(resource.model, live, own, writer, options.force);
  const write = { ...options, managedFields };
  if (live) {
    sendObject(call, 200, server.store.replaceRaw(resource, namespace, name, object, write));
    return;
  }
  admitNamespace(call, name);
  sendObject(call, 201, server.store.createRaw(resource, asNew(object, resource), write));
}

export async function deleteObject(call: ApiCall): Promise<void> {
  const { options, dryRun } = deleteOptions(call.info.query, await readObject(call.request));
  const live = liveObject(call);
  const deleted = remove(call, live, options, dryRun);
  if (!deleted) throw notFound(call.resource, call.name);
  if (!deleted.removed || RETURN_DELETED.has(call.resource.key)) {
    sendObject(call, 200, deleted.object);
    return;
  }
  const { group, plural } = call.resource;
  sendJson(call.response, 200, {
    kind: "Status", apiVersion: "v1", metadata: {}, status: "Success",
    details: { name: call.name, ...(group === "" ? {} : { group }), kind: plural, uid: live.metadata.uid },
  });
}

function remove({ server, resource }: ApiCall, live: KubeObject, options: DeleteOptions, dryRun: boolean) {
  if (resource.plural === "namespaces" && ["default", "kube-system", "kube-public"].includes(live.metadata.name)) {
    throw new KubeError(403, "Forbidden", `namespaces "${live.metadata.name}" is forbidden: this namespace may not be deleted`, { name: live.metadata.name, kind: "namespaces" });
  }
  return server.store.deleteRaw(resource, live.metadata.namespace, live.metadata.name, options, dryRun);
}

export async function deleteCollection(call: ApiCall): Promise<void> {
  const { server, resource, namespace, info } = call;
  const { options, dryRun } = deleteOptions(info.query, await readObject(call.request));
  const matches = matcherOf(resource.key, info.query);
  const { objects, version } = server.store.snapshot(resource, namespace);
  const doomed = matches ? objects.filter(matches) : objects;
  const deleted = doomed.flatMap((object) => remove(call, object, options, dryRun)?.object ?? []);
  sendText(call.response, 200, listText(resource, deleted, { resourceVersion: String(version) }));
}
