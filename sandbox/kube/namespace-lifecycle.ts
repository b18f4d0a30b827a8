import { RESOURCES } from "#sandbox/kube/objects/resources.ts";
import type { ApiStore } from "#sandbox/kube/store.ts";

/**
 * Empties namespaces that are being deleted and lets them go when nothing is left, as the namespace controller does.
 * It belongs to the API server here: without it a deleted namespace would stay for ever, whatever else runs.
 */
export function startNamespaceLifecycle(store: ApiStore): { stop(): void } {
  const namespaced = RESOURCES.filter((resource) => resource.namespaced);

  function finish(name: string): void {
    const namespace = store.get("namespaces", undefined, name);
    if (namespace?.status?.phase !== "Terminating") return;
    for (const { key } of namespaced) {
      for (const object of store.list(key, name)) {
        if (object.metadata.deletionTimestamp === undefined) store.delete(key, name, object.metadata.name, { propagationPolicy: "Background" });
      }
    }
    if (namespaced.some(({ key }) => store.list(key, name).length > 0)) return;
    store.modify("namespaces", undefined, name, { manager: "kube-controller-manager" }, (draft) => {
      draft.spec = { ...draft.spec, finalizers: [] };
    });
  }

  for (const namespace of store.list("namespaces")) finish(namespace.metadata.name);
  const stop = store.onChange(({ type, resource, object }) => {
    if (resource.key === "namespaces") {
      if (type !== "DELETED") finish(object.metadata.name);
    } else if (type === "DELETED" && object.metadata.namespace !== undefined) {
      finish(object.metadata.namespace);
    }
  });
  return { stop };
}
