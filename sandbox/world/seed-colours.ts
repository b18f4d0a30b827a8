import type { NewObject } from "#sandbox/controllers/object-keys.ts";
import type { KubeObject, Store } from "#sandbox/kube/types.ts";
import { daysAgo, type Put } from "#sandbox/world/seed-parts.ts";
import { deploymentObject } from "#sandbox/world/seed-deployments.ts";
import { bigPods, type BigPodSeed, type EnvironmentSeed } from "#sandbox/world/seed-platform.ts";
import type { ImageCatalogue } from "#sandbox/world/types.ts";

/** Label that tells the two colours of a Big Pod apart, in pods and in the selectors of its Services. */
export const colourLabel = "vigie.dev/colour";
const appLabel = "app.kubernetes.io/name";
const colours = ["blue", "green"] as const;

/** Two Deployments of one Big Pod: blue runs the present version, green has no pods yet. */
export function seedColours(put: Put, environment: EnvironmentSeed, bigPod: BigPodSeed, catalogue: ImageCatalogue, nowMs: number): void {
  for (const colour of colours) {
    const seed = deploymentObject(environment, bigPod, catalogue, nowMs);
    const { metadata, spec } = seed as KubeObject;
    const template = { ...spec.template, metadata: { ...spec.template.metadata, labels: { ...spec.template.metadata.labels, [colourLabel]: colour } } };
    put("deployments.apps", {
      ...seed,
      metadata: { ...metadata, name: `${bigPod.name}-${colour}` },
      spec: { ...spec, replicas: colour === "blue" ? environment.replicas : 0, selector: { matchLabels: { ...spec.selector.matchLabels, [colourLabel]: colour } }, template },
    } as NewObject, "ci");
  }
}

/** A surrounding object as blue-green wants it: Services name a colour and have a preview beside them, the autoscaler scales the colour that serves. */
export function inColours({ resource, object }: { resource: string; object: NewObject }, nowMs: number): { resource: string; object: NewObject }[] {
  const { metadata, spec } = object as KubeObject;
  if (resource === "services") {
    const service = (name: string, colour: string) => ({ resource, object: { ...object, metadata: { ...metadata, name, creationTimestamp: daysAgo(nowMs, 90) }, spec: { ...spec, selector: { ...spec.selector, [colourLabel]: colour } } } as NewObject });
    return [service(metadata.name, "blue"), service(`${metadata.name}-preview`, "green")];
  }
  if (resource === "horizontalpodautoscalers.autoscaling") {
    return [{ resource, object: { ...object, spec: { ...spec, scaleTargetRef: { ...spec.scaleTargetRef, name: `${spec.scaleTargetRef.name}-blue` } } } as NewObject }];
  }
  return [{ resource, object }];
}

/** Takes the objects of the other strategy away, where a kept world was begun with it: two layouts at once would serve two releases. */
export function clearOtherLayout(store: Store, environment: EnvironmentSeed, coloured: boolean): void {
  const { namespace } = environment;
  for (const { name } of bigPods) {
    const isColoured = store.get("deployments.apps", namespace, `${name}-blue`) !== undefined;
    const isRolling = store.get("deployments.apps", namespace, name) !== undefined;
    if (coloured ? !isRolling : !isColoured) continue;
    for (const deployment of [name, ...colours.map((colour) => `${name}-${colour}`)]) store.delete("deployments.apps", namespace, deployment);
    for (const service of [name, `${name}-preview`]) store.delete("services", namespace, service);
    store.delete("horizontalpodautoscalers.autoscaling", namespace, name);
  }
}

/** The Deployments that serve in a namespace, by the name of their Big Pod: of two colours the one that its Service names. */
export function servingDeployments(store: Store, namespace: string): { name: string; deployment: KubeObject }[] {
  return store.list("deployments.apps", namespace).flatMap((deployment) => {
    const labels: Record<string, string> = deployment.spec.template.metadata?.labels ?? {};
    const colour = labels[colourLabel];
    if (colour === undefined) return [{ name: deployment.metadata.name, deployment }];
    const name = labels[appLabel] ?? deployment.metadata.name;
    return store.get("services", namespace, name)?.spec?.selector?.[colourLabel] === colour ? [{ name, deployment }] : [];
  });
}
