import { asNew, type NewObject } from "#sandbox/controllers/object-keys.ts";
import { nodeImage, type NodeImage } from "#sandbox/controllers/node-images.ts";
import type { ImageCatalogue } from "#sandbox/world/types.ts";
import type { Store } from "#sandbox/kube/types.ts";
import { daysAgo, type Put } from "#sandbox/world/seed-parts.ts";
import { clearOtherLayout, inColours, seedColours } from "#sandbox/world/seed-colours.ts";
import { seedHistory } from "#sandbox/world/seed-history.ts";
import { nodeObjects } from "#sandbox/world/seed-nodes.ts";
import { bigPods, environments, imageOf, type EnvironmentSeed } from "#sandbox/world/seed-platform.ts";
import { deploymentObject } from "#sandbox/world/seed-deployments.ts";
import { seedLarge, type LargeWorld } from "#sandbox/world/seed-large.ts";
import { surroundingObjects } from "#sandbox/world/seed-surroundings.ts";

export interface SeedOptions {
  /** Many more workloads beside the platform's. */
  large?: LargeWorld | undefined;
  /** Milliseconds since the epoch: the platform's history is dated back from here. */
  now?: () => number;
  /** Environments whose Big Pods have two colours. */
  blueGreen?: readonly string[];
}

/**
 * The DreamScape platform: nodes, namespaces, Big Pods with their history. Objects that exist are left alone, so a restored
 * store stays as it was. Throws when an image the seed names is not in the catalogue.
 */
export function seedPlatform(store: Store, catalogue: ImageCatalogue, { now = Date.now, large, blueGreen = [] }: SeedOptions = {}): void {
  const put: Put = (resource, object, manager = "terraform") => {
    const known = store.get(resource, object.metadata.namespace, object.metadata.name);
    if (known) return known;
    const { status, ...rest } = object;
    // `rest` is `object` without a field it may do without.
    const created = store.create(resource, asNew(rest as NewObject), { manager });
    if (status === undefined) return created;
    return store.modify(resource, created.metadata.namespace, created.metadata.name, { manager: "k3s", subresource: "status" }, (draft) => {
      draft.status = { ...draft.status, ...structuredClone(status as object) };
    }) ?? created;
  };
  const nowMs = now();
  for (const namespace of ["default", "kube-system", "kube-public", "kube-node-lease"]) put("namespaces", namespaceObject(namespace, {}, daysAgo(nowMs, 212)), "k3s");
  for (const node of nodeObjects(nowMs, pulledImages(catalogue))) put("nodes", node, "k3s");
  for (const environment of environments) seedEnvironment(put, store, catalogue, environment, nowMs, blueGreen.includes(environment.name));
  if (large !== undefined) seedLarge(put, catalogue, large, nowMs);
}

function seedEnvironment(put: Put, store: Store, catalogue: ImageCatalogue, environment: EnvironmentSeed, nowMs: number, coloured: boolean): void {
  const labels = { "app.kubernetes.io/part-of": "dreamscape", environment: environment.name };
  put("namespaces", namespaceObject(environment.namespace, labels, daysAgo(nowMs, 180)));
  clearOtherLayout(store, environment, coloured);
  for (const surrounding of surroundingObjects(environment, nowMs)) for (const { resource, object } of coloured ? inColours(surrounding, nowMs) : [surrounding]) put(resource, object);
  for (const bigPod of bigPods) {
    if (coloured) {
      seedColours(put, environment, bigPod, catalogue, nowMs);
      continue;
    }
    const isNew = store.get("deployments.apps", environment.namespace, bigPod.name) === undefined;
    const deployment = put("deployments.apps", deploymentObject(environment, bigPod, catalogue, nowMs), "ci");
    if (isNew) seedHistory(put, deployment, environment, bigPod, catalogue, nowMs);
  }
}

/** Every version that ever ran here: nodes keep what they pulled as long as there is room. */
function pulledImages(catalogue: ImageCatalogue): NodeImage[] {
  const references = environments.flatMap(({ versions }) => bigPods.flatMap((bigPod) => versions[bigPod.name].flatMap(({ tag }) => bigPod.containers.map((container) => imageOf(container, tag)))));
  return [...new Set(references)].flatMap((reference) => {
    const build = catalogue.resolve(reference);
    return build ? [nodeImage(build, [reference, `${build.repository}@${build.digest}`])] : [];
  });
}

function namespaceObject(name: string, labels: Record<string, string>, creationTimestamp: string): NewObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { "kubernetes.io/metadata.name": name, ...labels }, creationTimestamp }, spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } };
}
