import { controllerOf } from "#lib/domain/fold-read.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";

/** What a reflector knows, by uid, and the rules by which news changes it. No I/O. */

export interface ReflectorEvent {
  type: "ADDED" | "MODIFIED" | "DELETED";
  /** The object as it is now; for DELETED as it last was. */
  object: ClusterObject;
  /** What was known before; null for ADDED. */
  previous: ClusterObject | null;
}

/** Uids of deleted objects that are remembered, so that a late or repeated event does not bring one back. */
const keptTombstones = 2_000;

export interface ReflectorStore {
  items(): ReadonlyMap<string, ClusterObject>;
  /** Those whose controlling owner has this uid. */
  ownedBy(uid: string): Iterable<ClusterObject>;
  /**
   * A complete list is the truth: returns what has changed against it, deletions first. `resourceVersion` is the list's own. When it is older than
   * what was known, the server was put back to an earlier moment: then no version seen before means anything, and contents are compared.
   */
  replaceAll(list: readonly ClusterObject[], resourceVersion: string): ReflectorEvent[];
  /** One event of a watch; null when it is no news (repeated, or older than the list or than what is known of the same uid). */
  apply(type: ReflectorEvent["type"], object: ClusterObject): ReflectorEvent | null;
}

/**
 * Whether version a is older than b. Resource versions are opaque by the API's contract, but every server that K3s and
 * Kubernetes ship counts them up (and KEP-5504 makes that a promise); anything else is never called older.
 */
export function isOlder(a: string, b: string): boolean {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return false;
  return a.length === b.length ? a < b : a.length < b.length;
}

/** By contents. Both come from the same server, which writes fields in one order; a false "no" only costs a look. */
function sameObject(a: ClusterObject, b: ClusterObject): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function createReflectorStore(): ReflectorStore {
  let known = new Map<string, ClusterObject>();
  /** The same by the uid of their controlling owner, and by their own. */
  let owned = new Map<string, Map<string, ClusterObject>>();
  /** Version of the last list: whatever happened up to it is in it. */
  let listedAt: string | null = null;
  /** Newest version seen. */
  let newest: string | null = null;
  const tombstones = new Map<string, string>();

  function own(object: ClusterObject): void {
    const owner = controllerOf(object);
    if (owner === null) return;
    const others = owned.get(owner);
    if (others === undefined) owned.set(owner, new Map([[object.metadata.uid, object]]));
    else others.set(object.metadata.uid, object);
  }

  function disown(object: ClusterObject): void {
    const owner = controllerOf(object);
    const others = owner === null ? undefined : owned.get(owner);
    others?.delete(object.metadata.uid);
    if (owner !== null && others?.size === 0) owned.delete(owner);
  }

  const bury = (uid: string, version: string) => {
    tombstones.delete(uid);
    tombstones.set(uid, version);
    if (tombstones.size > keptTombstones) {
      const oldest = tombstones.keys().next().value;
      if (oldest !== undefined) tombstones.delete(oldest);
    }
  };

  return {
    items: () => known,
    ownedBy: (uid) => owned.get(uid)?.values() ?? [],

    replaceAll(list, resourceVersion) {
      const putBack = newest !== null && isOlder(resourceVersion, newest);
      if (putBack) tombstones.clear();
      listedAt = resourceVersion;
      newest = resourceVersion;
      const next = new Map(list.map((object) => [object.metadata.uid, object]));
      const events: ReflectorEvent[] = [];
      for (const [uid, previous] of known) {
        if (next.has(uid)) continue;
        events.push({ type: "DELETED", object: previous, previous });
        bury(uid, previous.metadata.resourceVersion);
      }
      for (const [uid, object] of next) {
        tombstones.delete(uid);
        const previous = known.get(uid);
        if (previous === undefined) events.push({ type: "ADDED", object, previous: null });
        else if (previous.metadata.resourceVersion !== object.metadata.resourceVersion || (putBack && !sameObject(previous, object))) events.push({ type: "MODIFIED", object, previous });
      }
      known = next;
      owned = new Map();
      for (const object of known.values()) own(object);
      return events;
    },

    apply(type, object) {
      const { uid, resourceVersion } = object.metadata;
      const previous = known.get(uid);
      if (previous !== undefined && isOlder(resourceVersion, previous.metadata.resourceVersion)) return null;
      // An echo from before the list of something the list no longer has.
      if (previous === undefined && listedAt !== null && isOlder(resourceVersion, listedAt)) return null;
      if (newest === null || !isOlder(resourceVersion, newest)) newest = resourceVersion;
      if (type === "DELETED") {
        // Also what was never known: its ADDED may have been overtaken and come later.
        known.delete(uid);
        bury(uid, resourceVersion);
        if (previous === undefined) return null;
        disown(previous);
        return { type, object, previous };
      }
      if (previous === undefined) {
        // A uid never lives twice: whatever comes after its deletion is an echo.
        if (tombstones.has(uid)) return null;
        known.set(uid, object);
        own(object);
        return { type: "ADDED", object, previous: null };
      }
      if (previous.metadata.resourceVersion === resourceVersion) return null;
      known.set(uid, object);
      if (controllerOf(previous) !== controllerOf(object)) disown(previous);
      own(object);
      return { type: "MODIFIED", object, previous };
    },
  };
}
