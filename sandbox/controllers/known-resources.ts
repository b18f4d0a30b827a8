import type { Store } from "#sandbox/kube/types.ts";

const builtIn = [
  "configmaps", "endpoints", "events", "limitranges", "persistentvolumeclaims", "pods", "podtemplates", "replicationcontrollers", "resourcequotas",
  "secrets", "serviceaccounts", "services", "nodes", "namespaces",
  "controllerrevisions.apps", "daemonsets.apps", "deployments.apps", "replicasets.apps", "statefulsets.apps",
  "cronjobs.batch", "jobs.batch", "horizontalpodautoscalers.autoscaling", "leases.coordination.k8s.io", "endpointslices.discovery.k8s.io",
  "ingresses.networking.k8s.io", "networkpolicies.networking.k8s.io", "poddisruptionbudgets.policy",
  "roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io",
];

/** The resources there may be: those named here and any seen in a change since. */
export interface KnownResources {
  all(): string[];
  saw(resource: string): void;
}

/** A store that does not serve a resource is taken at its word: that resource is left out. */
export function createKnownResources(store: Store): KnownResources {
  const resources = new Set<string>();
  for (const resource of builtIn) {
    try {
      store.list(resource);
      resources.add(resource);
    } catch {
      // Not served here.
    }
  }
  return {
    all: () => [...resources],
    saw: (resource) => {
      resources.add(resource);
    },
  };
}
