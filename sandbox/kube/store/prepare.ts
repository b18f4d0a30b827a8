import { conflict } from "#sandbox/kube/errors.ts";
import { decode } from "#sandbox/kube/objects/decode.ts";
import { allocateService, applyDefaults, prepareNew, type Allocator } from "#sandbox/kube/objects/defaults.ts";
import { cloneJson, equalJson, isRecord } from "#sandbox/kube/objects/json.ts";
import { trackUpdate } from "#sandbox/kube/objects/managed-fields.ts";
import type { ResourceInfo } from "#sandbox/kube/objects/resources.ts";
import { validateChange, validateObject } from "#sandbox/kube/objects/validate.ts";
import type { KubeObject, ManagedFieldsEntry, ObjectMeta } from "#sandbox/kube/types.ts";

/** How a write is done. `managedFields` replaces the bookkeeping (server-side apply has done its own). */
export interface Write {
  manager: string;
  subresource?: string;
  dryRun?: boolean;
  managedFields?: ManagedFieldsEntry[];
}

export interface PrepareContext {
  allocator: Allocator;
  /** RFC 3339, seconds. */
  time: string;
  newUid: () => string;
  newSuffix: () => string;
}

/** A complete new object from what a client sent: named, defaulted, validated, owned. It has no resourceVersion yet. Throws KubeError 400/422. */
export function prepareCreate(resource: ResourceInfo, raw: unknown, write: Write, context: PrepareContext): KubeObject {
  const { object } = decode(resource, raw);
  const given: Partial<ObjectMeta> = object.metadata;
  const { resourceVersion: _version, managedFields: _fields, deletionTimestamp: _deleted, deletionGracePeriodSeconds: _grace, generation: _generation, ...kept } = given;
  const name = given.name ?? (given.generateName ? `${given.generateName.slice(0, 58)}${context.newSuffix()}` : "");
  object.metadata = {
    ...kept,
    name,
    ...(resource.namespaced ? { namespace: given.namespace ?? "default" } : {}),
    uid: given.uid ?? context.newUid(),
    resourceVersion: "",
    creationTimestamp: given.creationTimestamp ?? context.time,
    ...(resource.hasGeneration ? { generation: 1 } : {}),
  };
  if (!resource.namespaced) delete object.metadata.namespace;
  applyDefaults(object);
  // Owned is what the client sent and its defaults; what the server allocates belongs to nobody.
  const managedFields = write.managedFields ?? trackUpdate(resource, [], undefined, object, writerOf(resource, write, context));
  prepareNew(object, context.allocator);
  validateObject(resource, object);
  object.metadata.managedFields = managedFields;
  return object;
}

function writerOf(resource: ResourceInfo, write: Write, context: PrepareContext) {
  return { manager: write.manager, apiVersion: resource.apiVersion, time: context.time, ...(write.subresource ? { subresource: write.subresource } : {}) };
}

/** Metadata a client cannot change. */
function keepIdentity(live: ObjectMeta, next: ObjectMeta): ObjectMeta {
  const { deletionTimestamp, deletionGracePeriodSeconds, generation } = live;
  const { deletionTimestamp: _deleted, deletionGracePeriodSeconds: _grace, generation: _generation, managedFields: _fields, ...free } = next;
  return {
    ...free,
    name: live.name,
    ...(live.namespace === undefined ? {} : { namespace: live.namespace }),
    uid: live.uid,
    resourceVersion: live.resourceVersion,
    creationTimestamp: live.creationTimestamp,
    ...(generation === undefined ? {} : { generation }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds }),
  };
}

/** What the write may touch: the main endpoint all but status, a subresource only its own part. */
function scoped(resource: ResourceInfo, live: KubeObject, incoming: KubeObject, write: Write): KubeObject {
  if (write.subresource === "status") {
    const { status: _status, ...rest } = cloneJson(live);
    // Spread of a KubeObject: identity fields are all there.
    return { ...rest, ...(incoming.status === undefined ? {} : { status: incoming.status }) } as KubeObject;
  }
  if (write.subresource === "scale") {
    const next = cloneJson(live);
    next.spec.replicas = incoming.spec?.replicas;
    return next;
  }
  const next: KubeObject = { ...incoming, metadata: keepIdentity(live.metadata, incoming.metadata) };
  if (resource.hasStatus) {
    delete next.status;
    if (live.status !== undefined) next.status = cloneJson(live.status);
  }
  return next;
}

function ownership(resource: ResourceInfo, live: KubeObject, incoming: KubeObject, next: KubeObject, write: Write, context: PrepareContext): ManagedFieldsEntry[] {
  if (write.managedFields) return write.managedFields;
  const sent = incoming.metadata.managedFields;
  // A list with one empty entry asks for a reset; another list than the stored one replaces it (kubectl migrates so).
  const reset = sent?.length === 1 && isRecord(sent[0]) && Object.keys(sent[0]).length === 0;
  const base = reset ? [] : write.subresource === undefined && sent ? sent : (live.metadata.managedFields ?? []);
  return trackUpdate(resource, base, live, next, writerOf(resource, write, context));
}

function countsAsNewGeneration(live: KubeObject, next: KubeObject): boolean {
  if (!equalJson(live.spec, next.spec)) return true;
  return next.kind === "Deployment" && !equalJson(live.metadata.annotations ?? {}, next.metadata.annotations ?? {});
}

/** The stored object after a replacement, or `live` itself when nothing changes. Throws KubeError 400/409/422. */
export function prepareUpdate(resource: ResourceInfo, live: KubeObject, raw: unknown, write: Write, context: PrepareContext): KubeObject {
  const { object: incoming } = decode(resource, raw);
  const sent: Partial<ObjectMeta> = incoming.metadata;
  if (sent.resourceVersion && sent.resourceVersion !== live.metadata.resourceVersion) throw conflict(resource, live.metadata.name);
  if (sent.uid && sent.uid !== live.metadata.uid) {
    throw conflict(resource, live.metadata.name, `Precondition failed: UID in precondition: ${sent.uid}, UID in object meta: ${live.metadata.uid}`);
  }
  const next = scoped(resource, live, incoming, write);
  if (write.subresource !== "status") {
    if (next.kind === "Service" && isRecord(next.spec)) {
      if (next.spec.clusterIP === undefined && live.spec?.clusterIP !== undefined && next.spec.type !== "ExternalName") {
        next.spec.clusterIP = live.spec.clusterIP;
        next.spec.clusterIPs = cloneJson(live.spec.clusterIPs);
      }
      applyDefaults(next);
      allocateService(next.spec, context.allocator);
    } else {
      applyDefaults(next);
    }
    validateObject(resource, next);
    validateChange(resource, live, next);
  }
  const managedFields = ownership(resource, live, incoming, next, write, context);
  if (managedFields.length > 0) next.metadata.managedFields = managedFields;
  else delete next.metadata.managedFields;
  if (equalJson(live, next)) return live;
  if (resource.hasGeneration && write.subresource !== "status" && countsAsNewGeneration(live, next)) {
    next.metadata.generation = (live.metadata.generation ?? 0) + 1;
  }
  return next;
}
