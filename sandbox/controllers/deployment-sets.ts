import { isDeepStrictEqual } from "node:util";
import { asController, asStatus, type ControllerContext } from "#sandbox/controllers/context.ts";
import { newSetAnnotations, replicasOf, revisionAnnotation, sizeAnnotations } from "#sandbox/controllers/deployment-revisions.ts";
import { matchesLabelSelector } from "#sandbox/kube/objects/selectors.ts";
import { controllerOf, controllerReference } from "#sandbox/controllers/object-keys.ts";
import { podTemplateHash, podTemplateHashLabel, sameTemplate } from "#sandbox/controllers/pod-template-hash.ts";
import type { RollingLimits } from "#sandbox/controllers/rolling-update.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const resource = "replicasets.apps";
const component = "deployment-controller";

/** What the Deployment controller does to ReplicaSets. */
export interface SetWriter {
  adopt(deployment: KubeObject): void;
  create(deployment: KubeObject, revision: number, limits: RollingLimits, size: number): KubeObject;
  /** Brings revision, copied annotations and minReadySeconds up to date. */
  refresh(deployment: KubeObject, set: KubeObject, revision: number, limits: RollingLimits): KubeObject;
  /** Returns whether the size changed. Annotations about sizes follow silently. */
  scale(deployment: KubeObject, set: KubeObject, size: number, limits: RollingLimits): boolean;
  recordRevision(deployment: KubeObject, set: KubeObject): void;
}

export function createSetWriter({ store, events }: ControllerContext): SetWriter {
  function scaled(deployment: KubeObject, set: KubeObject, direction: "up" | "down", size: number, before: number | undefined): void {
    const message = `Scaled ${direction} replica set ${set.metadata.name} to ${size}${before === undefined ? "" : ` from ${before}`}`;
    events.record(deployment, { type: "Normal", reason: "ScalingReplicaSet", message, component });
  }

  return {
    adopt(deployment) {
      for (const set of store.list(resource, deployment.metadata.namespace)) {
        if (controllerOf(set) || !matchesLabelSelector(deployment.spec.selector, set.metadata.labels)) continue;
        store.modify(resource, set.metadata.namespace, set.metadata.name, asController, (draft) => {
          draft.metadata.ownerReferences = [...(draft.metadata.ownerReferences ?? []), controllerReference(deployment)];
        });
      }
    },

    create(deployment, revision, limits, size) {
      const { namespace } = deployment.metadata;
      const template = structuredClone(deployment.spec.template);
      let collisions: number = deployment.status?.collisionCount ?? 0;
      let hash = podTemplateHash(template, collisions);
      for (;;) {
        const taken = store.get(resource, namespace, `${deployment.metadata.name}-${hash}`);
        if (!taken || sameTemplate(taken.spec.template, template)) break;
        collisions += 1;
        hash = podTemplateHash(template, collisions);
      }
      const labels = { ...template.metadata?.labels, [podTemplateHashLabel]: hash };
      const selector = structuredClone(deployment.spec.selector ?? {});
      selector.matchLabels = { ...selector.matchLabels, [podTemplateHashLabel]: hash };
      const set = store.create(resource, {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: { name: `${deployment.metadata.name}-${hash}`, namespace, labels, annotations: newSetAnnotations(deployment, undefined, revision, limits.maxSurge), ownerReferences: [controllerReference(deployment)] } as KubeObject["metadata"],
        spec: { replicas: size, ...(deployment.spec.minReadySeconds && { minReadySeconds: deployment.spec.minReadySeconds }), selector, template: { ...template, metadata: { ...template.metadata, labels } } },
      }, asController);
      if (collisions !== (deployment.status?.collisionCount ?? 0)) {
        store.modify("deployments.apps", namespace, deployment.metadata.name, asStatus, (draft) => {
          draft.status = { ...draft.status, collisionCount: collisions };
        });
      }
      if (size > 0) scaled(deployment, set, "up", size, undefined);
      return set;
    },

    refresh(deployment, set, revision, limits) {
      return store.modify(resource, set.metadata.namespace, set.metadata.name, asController, (draft) => {
        const annotations = newSetAnnotations(deployment, draft.metadata.annotations ?? {}, revision, limits.maxSurge);
        const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
        if (isDeepStrictEqual(annotations, draft.metadata.annotations) && (draft.spec.minReadySeconds ?? 0) === minReadySeconds) return false;
        draft.metadata.annotations = annotations;
        if (minReadySeconds > 0) draft.spec.minReadySeconds = minReadySeconds;
        else delete draft.spec.minReadySeconds;
      }) ?? set;
    },

    scale(deployment, set, size, limits) {
      const sizes = sizeAnnotations(deployment, limits.maxSurge);
      const before = replicasOf(set);
      store.modify(resource, set.metadata.namespace, set.metadata.name, asController, (draft) => {
        const annotations = { ...draft.metadata.annotations, ...sizes };
        // An idle old set keeps its sizes: writing them would touch every revision at each scaling.
        if (before === size && (size === 0 || isDeepStrictEqual(annotations, draft.metadata.annotations))) return false;
        draft.metadata.annotations = annotations;
        draft.spec.replicas = size;
      });
      if (before !== size) scaled(deployment, set, size > before ? "up" : "down", size, before);
      return before !== size;
    },

    recordRevision(deployment, set) {
      const revision = set.metadata.annotations?.[revisionAnnotation];
      store.modify("deployments.apps", deployment.metadata.namespace, deployment.metadata.name, asController, (draft) => {
        if (revision === undefined || draft.metadata.annotations?.[revisionAnnotation] === revision) return false;
        draft.metadata.annotations = { ...draft.metadata.annotations, [revisionAnnotation]: revision };
      });
    },
  };
}
