import { asController, type ControllerContext } from "#sandbox/controllers/context.ts";
import { createKnownResources } from "#sandbox/controllers/known-resources.ts";
import { createWorkQueue } from "#sandbox/controllers/work-queue.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const clusterScoped = new Set(["nodes", "namespaces"]);

/** Empties namespaces that are being deleted, then lets them go. */
export function runNamespaces(context: ControllerContext): () => void {
  const { store, clock } = context;
  const known = createKnownResources(store);
  const queue = createWorkQueue({ name: "namespace", clock, reconcile, onError: context.onError });

  function contents(namespace: string): { resource: string; object: KubeObject }[] {
    const resources = known.all().filter((resource) => !clusterScoped.has(resource));
    return resources.flatMap((resource) => store.list(resource, namespace).filter((object) => object.metadata.namespace === namespace).map((object) => ({ resource, object })));
  }

  function reconcile(name: string): void {
    const namespace = store.get("namespaces", undefined, name);
    if (namespace && namespace.metadata.deletionTimestamp === undefined) return;
    if (namespace && namespace.status?.phase !== "Terminating") {
      store.modify("namespaces", undefined, name, { ...asController, subresource: "status" }, (draft) => {
        draft.status = { ...draft.status, phase: "Terminating" };
      });
    }
    for (const { resource, object } of contents(name)) {
      if (object.metadata.deletionTimestamp === undefined) store.delete(resource, name, object.metadata.name, { propagationPolicy: "Background" });
    }
    if (contents(name).length > 0) return queue.addAfter(name, 500);
    if (!namespace) return;
    store.modify("namespaces", undefined, name, asController, (draft) => {
      draft.spec = { ...draft.spec, finalizers: [] };
      draft.metadata.finalizers = draft.metadata.finalizers?.filter((finalizer) => finalizer !== "kubernetes");
    });
    if (store.get("namespaces", undefined, name)) store.delete("namespaces", undefined, name, { gracePeriodSeconds: 0 });
  }

  for (const namespace of store.list("namespaces")) queue.add(namespace.metadata.name);
  return store.subscribe(({ resource, type, object }) => {
    known.saw(resource);
    if (resource === "namespaces" && (type === "DELETED" || object.metadata.deletionTimestamp !== undefined)) queue.add(object.metadata.name);
    const home = object.metadata.namespace;
    if (type === "DELETED" && home !== undefined && store.get("namespaces", undefined, home)?.metadata.deletionTimestamp !== undefined) queue.add(home);
  });
}
