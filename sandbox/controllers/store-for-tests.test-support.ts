import type { DeleteOptions, KubeObject, Store, StoreEvent, WriteOptions } from "#sandbox/kube/types.ts";

class RefusedWrite extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

function freeze<Value>(value: Value): Value {
  if (value !== null && typeof value === "object" && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const field of Object.values(value)) freeze(field);
  }
  return value;
}

/** The Store's contract in memory: frozen objects, ordered synchronous events, status and scale writes that touch nothing else. */
export function createStoreForTests(now: () => number): Store {
  const objects = new Map<string, Map<string, KubeObject>>();
  const listeners = new Set<(event: StoreEvent) => void>();
  const pending: StoreEvent[] = [];
  let version = 0;
  let delivering = false;
  const time = (atMs = now()) => `${new Date(atMs).toISOString().slice(0, 19)}Z`;
  const keyOf = (namespace: string | undefined, name: string) => `${namespace ?? ""}/${name}`;
  const of = (resource: string) => objects.get(resource) ?? objects.set(resource, new Map()).get(resource) ?? new Map<string, KubeObject>();

  function commit(type: StoreEvent["type"], resource: string, object: KubeObject): KubeObject {
    version += 1;
    const stored = freeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
    const key = keyOf(stored.metadata.namespace, stored.metadata.name);
    if (type === "DELETED") of(resource).delete(key);
    else of(resource).set(key, stored);
    pending.push({ type, resource, object: stored });
    if (delivering) return stored;
    delivering = true;
    for (let event = pending.shift(); event; event = pending.shift()) for (const listener of Array.from(listeners)) listener(event);
    delivering = false;
    return stored;
  }

  const held = (object: KubeObject) => (object.metadata.finalizers ?? []).length > 0 || (object.kind === "Namespace" && (object.spec?.finalizers ?? []).length > 0);

  const store: Store = {
    list: (resource, namespace) => [...of(resource).values()].filter((object) => namespace === undefined || object.metadata.namespace === namespace),
    get: (resource, namespace, name) => of(resource).get(keyOf(resource === "nodes" || resource === "namespaces" ? undefined : namespace, name)),
    create(resource, given) {
      const object = structuredClone(given) as KubeObject;
      const { name, namespace } = object.metadata;
      if (store.get(resource, namespace, name)) throw new RefusedWrite(409, `${resource} "${name}" already exists`);
      version += 1;
      object.metadata = { ...object.metadata, uid: `uid-${version}`, creationTimestamp: object.metadata.creationTimestamp ?? time(), ...(object.spec !== undefined && { generation: 1 }) };
      delete object.status;
      if (object.kind === "Pod") object.status = { phase: "Pending" };
      return commit("ADDED", resource, object);
    },
    update(resource, given, by: WriteOptions) {
      const { namespace, name, resourceVersion } = given.metadata;
      const live = store.get(resource, namespace, name);
      if (!live) throw new RefusedWrite(404, `${resource} "${name}" not found`);
      if (resourceVersion && resourceVersion !== live.metadata.resourceVersion) throw new RefusedWrite(409, "the object has been modified");
      const next: KubeObject = structuredClone(by.subresource === "status" ? { ...live, status: given.status } : { ...given, status: live.status });
      if (by.subresource === undefined && JSON.stringify(next.spec) !== JSON.stringify(live.spec)) next.metadata.generation = (live.metadata.generation ?? 0) + 1;
      if (by.subresource === "scale") next.metadata.generation = (live.metadata.generation ?? 0) + 1;
      if (JSON.stringify(next) === JSON.stringify(live)) return live;
      const released = live.metadata.deletionTimestamp !== undefined && (live.metadata.deletionGracePeriodSeconds ?? 0) === 0 && !held(next);
      return commit(released ? "DELETED" : "MODIFIED", resource, next);
    },
    modify(resource, namespace, name, by, change) {
      const live = store.get(resource, namespace, name);
      if (!live) return undefined;
      const draft = structuredClone(live);
      return change(draft) === false ? live : store.update(resource, draft, by);
    },
    delete(resource, namespace, name, options: DeleteOptions = {}) {
      const live = store.get(resource, namespace, name);
      if (!live) return undefined;
      if (options.uid !== undefined && options.uid !== live.metadata.uid) throw new RefusedWrite(409, "Precondition failed: UID");
      const finalizer = { Foreground: "foregroundDeletion", Orphan: "orphan", Background: undefined }[options.propagationPolicy ?? "Background"];
      const next = structuredClone(live);
      if (finalizer && !next.metadata.finalizers?.includes(finalizer)) next.metadata.finalizers = [...(next.metadata.finalizers ?? []), finalizer];
      const ended = live.status?.phase === "Succeeded" || live.status?.phase === "Failed";
      const graceSeconds = live.kind === "Pod" && live.spec.nodeName && !ended ? (options.gracePeriodSeconds ?? live.spec.terminationGracePeriodSeconds ?? 30) : 0;
      if (graceSeconds === 0 && !held(next)) return commit("DELETED", resource, next);
      if (live.metadata.deletionTimestamp !== undefined) return live;
      next.metadata.deletionTimestamp = time(now() + graceSeconds * 1000);
      next.metadata.deletionGracePeriodSeconds = graceSeconds;
      return commit("MODIFIED", resource, next);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get resourceVersion() {
      return String(version);
    },
  };
  return store;
}
