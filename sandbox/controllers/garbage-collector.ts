import { asController, type ControllerContext } from "#sandbox/controllers/context.ts";
import { createKnownResources } from "#sandbox/controllers/known-resources.ts";
import { createWorkQueue } from "#sandbox/controllers/work-queue.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const foreground = "foregroundDeletion";
const orphan = "orphan";

interface Place {
  resource: string;
  namespace: string | undefined;
  name: string;
}

/** Deletes what belonged to owners that are gone; completes foreground and orphaning deletions. */
export function runGarbageCollector(context: ControllerContext): () => void {
  const { store, clock } = context;
  const known = createKnownResources(store);
  const alive = new Map<string, Place>();
  const dependents = new Map<string, Map<string, Place>>();
  const queue = createWorkQueue({ name: "garbage-collector", clock, reconcile, onError: context.onError });

  function note(resource: string, object: KubeObject): void {
    const { uid, namespace, name, ownerReferences = [] } = object.metadata;
    const place = { resource, namespace, name };
    alive.set(uid, place);
    for (const owner of ownerReferences) {
      let own = dependents.get(owner.uid);
      if (!own) dependents.set(owner.uid, (own = new Map()));
      own.set(uid, place);
    }
  }

  /** The key is the uid of an owner that is gone or going. */
  function reconcile(ownerUid: string): void {
    const place = alive.get(ownerUid);
    const owner = place && store.get(place.resource, place.namespace, place.name);
    if (!owner || owner.metadata.uid !== ownerUid) return collect(ownerUid, false);
    const finalizers = owner.metadata.finalizers ?? [];
    if (owner.metadata.deletionTimestamp === undefined) return;
    if (finalizers.includes(orphan)) {
      for (const { object, at } of dependentsOf(ownerUid)) abandon(at, object, ownerUid);
      finish(place, owner, orphan);
    } else if (finalizers.includes(foreground)) {
      collect(ownerUid, true);
      if (!dependentsOf(ownerUid).some(({ object }) => blocks(object, ownerUid))) finish(place, owner, foreground);
    }
  }

  function dependentsOf(ownerUid: string): { object: KubeObject; at: Place }[] {
    return [...(dependents.get(ownerUid) ?? [])].flatMap(([uid, at]) => {
      const object = store.get(at.resource, at.namespace, at.name);
      return object?.metadata.uid === uid && object.metadata.ownerReferences?.some((owner) => owner.uid === ownerUid) ? [{ object, at }] : [];
    });
  }

  function blocks(object: KubeObject, ownerUid: string): boolean {
    return object.metadata.ownerReferences?.some((owner) => owner.uid === ownerUid && owner.blockOwnerDeletion === true) ?? false;
  }

  function collect(ownerUid: string, inForeground: boolean): void {
    for (const { object, at } of dependentsOf(ownerUid)) {
      const others = (object.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== ownerUid && alive.has(owner.uid));
      if (others.length > 0) abandon(at, object, ownerUid);
      else if (object.metadata.deletionTimestamp === undefined) {
        store.delete(at.resource, at.namespace, at.name, { uid: object.metadata.uid, propagationPolicy: inForeground ? "Foreground" : "Background" });
      }
    }
    if (!inForeground) dependents.delete(ownerUid);
  }

  function abandon(at: Place, object: KubeObject, ownerUid: string): void {
    store.modify(at.resource, at.namespace, at.name, asController, (draft) => {
      if (draft.metadata.uid !== object.metadata.uid) return false;
      draft.metadata.ownerReferences = draft.metadata.ownerReferences?.filter((owner) => owner.uid !== ownerUid);
    });
  }

  /** Removing the last finalizer of something marked for deletion removes it; a store that does not is asked again. */
  function finish(at: Place, owner: KubeObject, finalizer: string): void {
    store.modify(at.resource, at.namespace, at.name, asController, (draft) => {
      draft.metadata.finalizers = draft.metadata.finalizers?.filter((candidate) => candidate !== finalizer);
    });
    const left = store.get(at.resource, at.namespace, at.name);
    if (left?.metadata.uid === owner.metadata.uid && (left.metadata.finalizers ?? []).length === 0) {
      store.delete(at.resource, at.namespace, at.name, { uid: owner.metadata.uid, gracePeriodSeconds: 0 });
    }
  }

  for (const resource of known.all()) for (const object of store.list(resource)) note(resource, object);
  for (const ownerUid of dependents.keys()) queue.add(ownerUid);

  return store.subscribe(({ resource, type, object }) => {
    known.saw(resource);
    const { uid, deletionTimestamp, ownerReferences = [] } = object.metadata;
    if (type === "DELETED") {
      alive.delete(uid);
      if (dependents.has(uid)) queue.add(uid);
      for (const owner of ownerReferences) {
        dependents.get(owner.uid)?.delete(uid);
        queue.add(owner.uid);
      }
      return;
    }
    note(resource, object);
    if (deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).length > 0) queue.add(uid);
    if (type === "ADDED") for (const owner of ownerReferences) if (!alive.has(owner.uid)) queue.add(owner.uid);
  });
}
