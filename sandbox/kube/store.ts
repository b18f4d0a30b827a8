import { randomInt, randomUUID } from "node:crypto";
import { alreadyExists, expired, notFound } from "#sandbox/kube/errors.ts";
import { cloneJson, equalJson, freezeJson } from "#sandbox/kube/objects/json.ts";
import { RESOURCES, resourceByKey, type ResourceInfo } from "#sandbox/kube/objects/resources.ts";
import { serviceAllocator } from "#sandbox/kube/store/allocator.ts";
import { Collection } from "#sandbox/kube/store/collection.ts";
import { decideDeletion, isReleased } from "#sandbox/kube/store/deletion.ts";
import { History, undo, type Change } from "#sandbox/kube/store/history.ts";
import { admitPod } from "#sandbox/kube/store/quota.ts";
import { readSnapshot, SnapshotWriter } from "#sandbox/kube/store/persistence.ts";
import { prepareCreate, prepareUpdate, type PrepareContext, type Write } from "#sandbox/kube/store/prepare.ts";
import type { DeleteOptions, KubeObject, Store, StoreEvent, WriteOptions } from "#sandbox/kube/types.ts";

export interface StoreOptions {
  /** The clock: a Date or milliseconds since 1970. */
  now: () => Date | number;
  /** Snapshot file; without it everything is in memory only. */
  persistFile?: string;
  /** Changes remembered per resource for watches; older versions answer 410. Default 1,000, and never more than five minutes. */
  historyLimit?: number;
  newUid?: () => string;
}

/** The Store plus what only the API server needs. */
export interface ApiStore extends Store {
  createRaw(resource: ResourceInfo, raw: unknown, write: Write): KubeObject;
  /** `raw` is untrusted; throws KubeError 404 when the object is not there. */
  replaceRaw(resource: ResourceInfo, namespace: string | undefined, name: string, raw: unknown, write: Write): KubeObject;
  deleteRaw(resource: ResourceInfo, namespace: string | undefined, name: string, options: DeleteOptions, dryRun: boolean): { object: KubeObject; removed: boolean } | undefined;
  /** Objects of one consistent moment: now, or an earlier version that the history still reaches (else KubeError 410). */
  snapshot(resource: ResourceInfo, namespace?: string, version?: number): { objects: readonly KubeObject[]; version: number };
  changesSince(resource: ResourceInfo, version: number): readonly Change[];
  onChange(listener: (change: Change) => void): () => void;
  /** Forgets all history: every version but the current one is answered with 410. */
  expireHistory(): void;
  now(): Date;
  /** Writes the last snapshot. */
  stop(): Promise<void>;
}

const DEFAULT_HISTORY = 1000;
/** As etcd is compacted for a real API server. A busy quarter of an hour would otherwise stay in memory for good. */
const HISTORY_MS = 300_000;
const COMPACT_EVERY_MS = 30_000;
/** A crash may have lost the last second: versions handed out in it must not come back. */
const VERSION_GAP = 10_000;
const SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";

function newSuffix(): string {
  return Array.from({ length: 5 }, () => SUFFIX_LETTERS[randomInt(SUFFIX_LETTERS.length)]).join("");
}

/** The cluster's objects in memory. Objects handed out are frozen; writers change copies. Throws when the snapshot file is damaged. */
export function createStore(options: StoreOptions): ApiStore {
  const collections = new Map(RESOURCES.map(({ key }) => [key, new Collection()]));
  const saved = options.persistFile === undefined ? undefined : readSnapshot(options.persistFile);
  let version = saved ? saved.resourceVersion + VERSION_GAP : 1;
  const histories = new Map(RESOURCES.map(({ key }) => [key, new History(options.historyLimit ?? DEFAULT_HISTORY, version)]));
  const listeners = new Set<(change: Change) => void>();
  const pending: Change[] = [];
  let delivering = false;
  let compactedAtMs = new Date(options.now()).getTime();

  const now = () => new Date(options.now());
  const collectionOf = (resource: ResourceInfo): Collection => collections.get(resource.key) ?? missing(resource);
  const historyOf = (resource: ResourceInfo): History => histories.get(resource.key) ?? missing(resource);
  const allocator = serviceAllocator(() => collections.get("services")?.list() ?? []);
  const context = (): PrepareContext => ({
    allocator,
    time: now().toISOString().replace(/\.\d+Z$/, "Z"),
    newUid: options.newUid ?? randomUUID,
    newSuffix,
  });

  for (const { resource, object } of saved?.objects ?? []) collections.get(resource)?.put(freezeJson(object));
  const takeSnapshot = () => ({
    resourceVersion: version,
    objects: RESOURCES.flatMap((resource) => collectionOf(resource).list().map((object) => ({ resource: resource.key, object }))),
  });
  const writer = options.persistFile === undefined ? undefined : new SnapshotWriter(options.persistFile, takeSnapshot);

  // A listener that writes is served after all listeners have seen the change that made it write: everyone sees one order.
  function deliver(change: Change): void {
    pending.push(change);
    if (delivering) return;
    delivering = true;
    try {
      for (let next = pending.shift(); next; next = pending.shift()) for (const listener of listeners) notify(listener, next);
    } finally {
      delivering = false;
    }
  }

  function remember(change: Change): void {
    const nowMs = now().getTime();
    historyOf(change.resource).record(change, nowMs);
    if (Math.abs(nowMs - compactedAtMs) < COMPACT_EVERY_MS) return;
    compactedAtMs = nowMs;
    for (const history of histories.values()) history.forgetBefore(nowMs - HISTORY_MS);
  }

  function commit(resource: ResourceInfo, type: StoreEvent["type"], object: KubeObject, previous: KubeObject | undefined): KubeObject {
    version += 1;
    const stored = freezeJson({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
    const change: Change = { type, resource, version, object: stored, previous };
    if (type === "DELETED") collectionOf(resource).remove(stored);
    else collectionOf(resource).put(stored);
    remember(change);
    writer?.schedule();
    deliver(change);
    return stored;
  }

  function createRaw(resource: ResourceInfo, raw: unknown, write: Write): KubeObject {
    let object = prepareCreate(resource, raw, write, context());
    const generated = object.metadata.generateName !== undefined && !(raw as Partial<KubeObject>).metadata?.name;
    for (let attempt = 0; generated && attempt < 8 && collectionOf(resource).get(object.metadata.namespace, object.metadata.name); attempt++) {
      object = prepareCreate(resource, raw, write, context());
    }
    if (collectionOf(resource).get(object.metadata.namespace, object.metadata.name)) throw alreadyExists(resource, object.metadata.name);
    if (resource.key === "pods") {
      const { namespace } = object.metadata;
      admitPod(object, store.list("resourcequotas", namespace), store.list("pods", namespace), now().getTime());
    }
    if (write.dryRun) {
      const { resourceVersion: _none, ...metadata } = object.metadata;
      // What would be stored has no version yet.
      return freezeJson({ ...object, metadata: metadata as KubeObject["metadata"] });
    }
    return commit(resource, "ADDED", object, undefined);
  }

  function replaceRaw(resource: ResourceInfo, namespace: string | undefined, name: string, raw: unknown, write: Write): KubeObject {
    const live = collectionOf(resource).get(namespace, name);
    if (!live) throw notFound(resource, name);
    const next = prepareUpdate(resource, live, raw, write, context());
    if (next === live) return live;
    if (write.dryRun) return freezeJson(next);
    return commit(resource, isReleased(next) ? "DELETED" : "MODIFIED", next, live);
  }

  function deleteRaw(resource: ResourceInfo, namespace: string | undefined, name: string, deletion: DeleteOptions, dryRun: boolean) {
    const live = collectionOf(resource).get(namespace, name);
    if (!live) return undefined;
    const decided = decideDeletion(resource, live, deletion, now().getTime());
    if (decided.outcome === "unchanged") return { object: live, removed: false };
    if (decided.outcome === "marked") return { object: dryRun ? freezeJson(decided.object) : commit(resource, "MODIFIED", decided.object, live), removed: false };
    return { object: dryRun ? live : commit(resource, "DELETED", cloneJson(live), live), removed: true };
  }

  const store: ApiStore = {
    list: (key, namespace) => collectionOf(resourceByKey(key)).list(namespace),
    get: (key, namespace, name) => collectionOf(resourceByKey(key)).get(resourceByKey(key).namespaced ? namespace : undefined, name),
    create: (key, object, by) => createRaw(resourceByKey(key), object, { ...by }),
    update(key, object, by) {
      const resource = resourceByKey(key);
      return replaceRaw(resource, resource.namespaced ? object.metadata.namespace : undefined, object.metadata.name, object, { ...by });
    },
    modify(key, namespace, name, by: WriteOptions, change) {
      const live = store.get(key, namespace, name);
      if (!live) return undefined;
      const draft = cloneJson(live);
      if (change(draft) === false || equalJson(draft, live)) return live;
      return store.update(key, draft, by);
    },
    delete(key, namespace, name, deletion = {}) {
      const resource = resourceByKey(key);
      return deleteRaw(resource, resource.namespaced ? namespace : undefined, name, deletion, false)?.object;
    },
    subscribe(listener) {
      return store.onChange(({ type, resource, object }) => listener({ type, resource: resource.key, object }));
    },
    get resourceVersion() {
      return String(version);
    },
    createRaw,
    replaceRaw,
    deleteRaw,
    snapshot(resource, namespace, at) {
      const objects = collectionOf(resource).list(namespace);
      if (at === undefined || at === version) return { objects, version };
      if (at > version) throw expired(`The resource version ${at} is not known here; the newest is ${version}`);
      return { objects: undo(objects, historyOf(resource).since(at), namespace), version: at };
    },
    changesSince: (resource, since) => historyOf(resource).since(since),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    expireHistory() {
      for (const history of histories.values()) history.expire(version);
    },
    now,
    async stop() {
      await writer?.stop();
    },
  };
  return store;
}

function missing(resource: ResourceInfo): never {
  throw notFound(resource, "");
}

/** One listener's failure is its own: the change is committed and the others must hear of it. */
function notify(listener: (change: Change) => void, change: Change): void {
  try {
    listener(change);
  } catch (error) {
    console.error(`sandbox: a listener failed on ${change.type} ${change.resource.key}/${change.object.metadata.name}:`, error);
  }
}
