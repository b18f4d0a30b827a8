import type { Container } from "#sandbox/controllers/pod-shape.ts";
import type { KubeObject, Store } from "#sandbox/kube/types.ts";

interface Remembered {
  /** Images by container before the console's first deployment, and as its last one set them. */
  before: Record<string, string>;
  set: Record<string, string>;
}

const place = { namespace: "kube-system", name: "sandbox-deploys" };

/** What the console replaced, kept in the cluster so that it survives a restart of the sandbox. */
export interface DeployMemory {
  /** To be called before the deployment is changed. */
  remember(deployment: KubeObject, wanted: ReadonlyMap<string, string>): void;
  /** The images to go back to, once; undefined when nothing is remembered or someone else has changed them since. */
  takeBack(deployment: KubeObject): Map<string, string> | undefined;
}

export function createDeployMemory(store: Store): DeployMemory {
  const keyOf = (deployment: KubeObject) => `${deployment.metadata.namespace}.${deployment.metadata.name}`;

  function imagesOf(deployment: KubeObject): Record<string, string> {
    const containers: Container[] = deployment.spec.template.spec.containers;
    return Object.fromEntries(containers.map((container) => [container.name, container.image]));
  }

  function read(key: string): Remembered | undefined {
    const text: string | undefined = store.get("configmaps", place.namespace, place.name)?.data?.[key];
    // Written by `write` below.
    return text === undefined ? undefined : (JSON.parse(text) as Remembered);
  }

  function write(key: string, remembered: Remembered | undefined): void {
    const by = { manager: "sandbox-console" };
    const known = store.modify("configmaps", place.namespace, place.name, by, (draft) => {
      const { [key]: _old, ...data } = draft.data ?? {};
      draft.data = remembered ? { ...data, [key]: JSON.stringify(remembered) } : data;
    });
    if (known || !remembered) return;
    store.create("configmaps", { apiVersion: "v1", kind: "ConfigMap", metadata: { ...place } as KubeObject["metadata"], data: { [key]: JSON.stringify(remembered) } }, by);
  }

  function unchangedSince(remembered: Remembered, images: Record<string, string>): boolean {
    return Object.entries(remembered.set).every(([container, image]) => images[container] === image);
  }

  return {
    remember(deployment, wanted) {
      const images = imagesOf(deployment);
      const known = read(keyOf(deployment));
      const before = known && unchangedSince(known, images) ? known.before : images;
      write(keyOf(deployment), { before, set: { ...images, ...Object.fromEntries(wanted) } });
    },
    takeBack(deployment) {
      const known = read(keyOf(deployment));
      if (!known) return undefined;
      write(keyOf(deployment), undefined);
      return unchangedSince(known, imagesOf(deployment)) ? new Map(Object.entries(known.before)) : undefined;
    },
  };
}
