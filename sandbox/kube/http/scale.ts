import { badRequest, invalid } from "#sandbox/kube/errors.ts";
import type { ApiCall } from "#sandbox/kube/http/api-context.ts";
import { parseText, readBody, readObject } from "#sandbox/kube/http/body.ts";
import { contentType, negotiate, unsupportedMediaType } from "#sandbox/kube/http/negotiate.ts";
import { liveObject } from "#sandbox/kube/http/read.ts";
import { sendText } from "#sandbox/kube/http/respond.ts";
import { applyPatch } from "#sandbox/kube/http/write.ts";
import { checkBody, writeOptions, type WriteCall } from "#sandbox/kube/http/write-options.ts";
import { wrong } from "#sandbox/kube/objects/causes.ts";
import { decode } from "#sandbox/kube/objects/decode.ts";
import { cloneJson, isRecord } from "#sandbox/kube/objects/json.ts";
import type { ResourceInfo } from "#sandbox/kube/objects/resources.ts";
import { selectorText } from "#sandbox/kube/tables/format.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const PATCH_TYPES = ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml"];

/** The scale of a workload as a resource of its own. */
function scaleResource(parent: ResourceInfo): ResourceInfo {
  return { ...parent, group: "autoscaling", version: "v1", apiVersion: "autoscaling/v1", kind: "Scale", model: "V1Scale", hasStatus: true, hasScale: false, hasGeneration: false };
}

/** autoscaling/v1 Scale of a workload. */
export function scaleOf(object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = selectorText(object.spec?.selector);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: Number(object.spec?.replicas ?? 0) },
    status: { replicas: Number(object.status?.replicas ?? 0), ...(selector === "<none>" ? {} : { selector }) },
  };
}

function send(call: ApiCall, object: KubeObject): void {
  sendText(call.response, 200, JSON.stringify(scaleOf(object)), negotiate(call.request, ["object"]).syntax);
}

function writeScale(call: ApiCall, live: KubeObject, wanted: unknown, options: WriteCall): void {
  const { object: scale } = decode(scaleResource(call.resource), wanted);
  const replicas: unknown = scale.spec?.replicas ?? 0;
  if (typeof replicas !== "number" || replicas < 0) {
    throw invalid({ plural: "scales", group: "autoscaling", kind: "Scale" }, call.name, [wrong("spec.replicas", replicas, "must be greater than or equal to 0")]);
  }
  const { resourceVersion, uid }: Partial<KubeObject["metadata"]> = scale.metadata;
  const next = cloneJson(live);
  next.spec.replicas = replicas;
  next.metadata.resourceVersion = resourceVersion ?? "";
  if (uid) next.metadata.uid = uid;
  send(call, call.server.store.replaceRaw(call.resource, call.namespace, call.name, next, { ...options, subresource: "scale" }));
}

/** GET, PUT and PATCH of …/scale. Throws KubeError 400, 404, 409, 415, 422. */
export async function handleScale(call: ApiCall): Promise<void> {
  const { info, request } = call;
  if (info.verb === "get") {
    send(call, liveObject(call));
    return;
  }
  if (info.verb === "update") {
    const body = checkBody({ ...call, resource: scaleResource(call.resource) }, await readObject(request));
    writeScale(call, liveObject(call), body, writeOptions(call, "UpdateOptions"));
    return;
  }
  const type = contentType(request);
  if (!PATCH_TYPES.includes(type)) throw unsupportedMediaType(type, PATCH_TYPES);
  const isApply = type === "application/apply-patch+yaml";
  const patch = parseText((await readBody(request)).toString("utf8"), isApply ? "yaml" : "json");
  const live = liveObject(call);
  const options = writeOptions(call, "PatchOptions", isApply);
  if (isApply) {
    if (!isRecord(patch)) throw badRequest("error decoding patch: expected a Scale object");
    writeScale(call, live, { ...scaleOf(live), ...patch, metadata: {} }, options);
    return;
  }
  const current = scaleOf(live);
  const patched = applyPatch("V1Scale", type, current, patch);
  // Only a version that the patch itself names is a precondition.
  if (isRecord(patched.metadata) && patched.metadata.resourceVersion === current.metadata.resourceVersion) delete patched.metadata.resourceVersion;
  writeScale(call, live, patched, options);
}
