import { desiredReplicasAnnotation, maxReplicasAnnotation, revisionAnnotation } from "#sandbox/controllers/deployment-revisions.ts";
import { controllerReference } from "#sandbox/controllers/object-keys.ts";
import { podTemplateHash, podTemplateHashLabel } from "#sandbox/controllers/pod-template-hash.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";
import { changeCause, podTemplate } from "#sandbox/world/seed-deployments.ts";
import { daysAgo, type Put } from "#sandbox/world/seed-parts.ts";
import type { BigPodSeed, EnvironmentSeed } from "#sandbox/world/seed-platform.ts";
import type { ImageCatalogue } from "#sandbox/world/types.ts";

/** ReplicaSets of the revisions so far (the present one included, so that it has its real age), and what was said of them lately. */
export function seedHistory(put: Put, deployment: KubeObject, environment: EnvironmentSeed, bigPod: BigPodSeed, catalogue: ImageCatalogue, nowMs: number): void {
  const versions = [...environment.versions[bigPod.name]].toReversed();
  versions.forEach((version, index) => {
    const isCurrent = index === versions.length - 1;
    // The present template is taken from the stored Deployment: with the defaults the API adds, it is the same to the letter.
    const template = isCurrent ? structuredClone(deployment.spec.template) : podTemplate(environment, bigPod, version.tag, catalogue);
    const hash = podTemplateHash(template);
    const labels = { ...template.metadata.labels, [podTemplateHashLabel]: hash };
    put("replicasets.apps", {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: `${bigPod.name}-${hash}`,
        namespace: environment.namespace,
        creationTimestamp: daysAgo(nowMs, version.ageDays),
        labels,
        annotations: {
          [changeCause]: version.note,
          [revisionAnnotation]: String(index + 1),
          [desiredReplicasAnnotation]: String(environment.replicas),
          [maxReplicasAnnotation]: String(environment.replicas + 1),
        },
        ownerReferences: [controllerReference(deployment)],
      },
      spec: {
        replicas: isCurrent ? environment.replicas : 0,
        selector: { matchLabels: { ...deployment.spec.selector.matchLabels, [podTemplateHashLabel]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    }, "k3s");
  });
  seedEvents(put, deployment, nowMs);
}

/** Two events of the last hour: a cluster where nothing ever happened would look staged. */
function seedEvents(put: Put, deployment: KubeObject, nowMs: number): void {
  const { name, namespace, uid } = deployment.metadata;
  const event = (minutesAgo: number, reason: string, type: string, message: string, count: number) => {
    const at = daysAgo(nowMs, minutesAgo / 1440);
    put("events", {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: `${name}.${Math.floor(nowMs - minutesAgo * 60_000).toString(16)}${reason.length.toString(16)}`, namespace },
      involvedObject: { kind: "HorizontalPodAutoscaler", namespace, name, apiVersion: "autoscaling/v2", uid },
      reason,
      type,
      message,
      source: { component: "horizontal-pod-autoscaler" },
      firstTimestamp: daysAgo(nowMs, (minutesAgo + 14) / 1440),
      lastTimestamp: at,
      count,
      eventTime: null,
      reportingComponent: "horizontal-pod-autoscaler",
      reportingInstance: "",
    }, "k3s");
  };
  if (name !== "core") return;
  event(41, "FailedGetResourceMetric", "Warning", "failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API", 3);
}
