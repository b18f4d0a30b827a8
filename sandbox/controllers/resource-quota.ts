import { isDeepStrictEqual } from "node:util";
import { asStatus, type ControllerContext } from "#sandbox/controllers/context.ts";
import { keyOf, splitKey } from "#sandbox/controllers/object-keys.ts";
import { createWorkQueue } from "#sandbox/controllers/work-queue.ts";
import { quotaUsage } from "#sandbox/kube/store/quota.ts";

const resource = "resourcequotas";

/** Keeps the status of each ResourceQuota: its limits and what of them is in use. The store itself refuses what is too much. */
export function runResourceQuotas(context: ControllerContext): () => void {
  const { store, clock } = context;
  const queue = createWorkQueue({ name: "resourcequota", clock, reconcile, onError: context.onError });

  function reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    store.modify(resource, namespace, name, asStatus, (draft) => {
      const hard: Record<string, string> = draft.spec?.hard ?? {};
      const status = { hard: { ...hard }, used: quotaUsage(Object.keys(hard), store.list("pods", namespace), clock.now()) };
      if (isDeepStrictEqual(draft.status, status)) return false;
      draft.status = status;
    });
  }

  for (const quota of store.list(resource)) queue.add(keyOf(quota));
  return store.subscribe(({ resource: changed, object }) => {
    if (changed === resource) queue.add(keyOf(object));
    if (changed === "pods") for (const quota of store.list(resource, object.metadata.namespace)) queue.add(keyOf(quota));
  });
}
