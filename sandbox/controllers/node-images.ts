import { asStatus } from "#sandbox/controllers/context.ts";
import { imageSizeBytes } from "#sandbox/controllers/image-pull.ts";
import type { KubeObject, Store } from "#sandbox/kube/types.ts";
import { parseImageReference } from "#sandbox/world/image-reference.ts";
import type { ImageBuild, ImageCatalogue } from "#sandbox/world/types.ts";

/** The images a node has. A tag that moved in the registry since still means the old image here. */
export interface NodeImages {
  /** By tag as it was pulled; by digest under whatever reference the image came, as containerd looks it up. */
  find(reference: string): ImageBuild | undefined;
  add(reference: string, build: ImageBuild): void;
}

/** An entry of a node's status.images. */
export interface NodeImage {
  names: string[];
  sizeBytes: number;
}

/** The kubelet's default for nodeStatusMaxImages. */
const reportedImages = 50;

/** What the node's status lists is there from the beginning; what is added is reported there, so that it outlives a restart of the sandbox. */
export function createNodeImages({ store, catalogue, node }: { store: Store; catalogue: ImageCatalogue; node: string }): NodeImages {
  const builds = new Map<string, ImageBuild>();
  for (const { names } of imagesOf(store.get("nodes", undefined, node))) {
    const build = names.map((name) => (name.includes("@") ? catalogue.resolve(name) : undefined)).find((found) => found !== undefined);
    if (build) for (const name of names) builds.set(keyOf(name), build);
  }

  function report(): void {
    const namesOf = new Map<ImageBuild, string[]>();
    for (const [name, build] of builds) namesOf.set(build, [...(namesOf.get(build) ?? []), name]);
    const images = [...namesOf].map(([build, names]) => nodeImage(build, names)).toSorted((left, right) => right.sizeBytes - left.sizeBytes);
    store.modify("nodes", undefined, node, asStatus, (draft) => {
      draft.status = { ...draft.status, images: images.slice(0, reportedImages) };
    });
  }

  return {
    find: (reference) => builds.get(keyOf(reference)),
    add(reference, build) {
      const names = [keyOf(reference), `${build.repository}@${build.digest}`];
      if (names.every((name) => builds.get(name)?.digest === build.digest)) return;
      for (const name of names) builds.set(name, build);
      report();
    },
  };
}

/** How a node lists an image it has. */
export function nodeImage(build: ImageBuild, names: readonly string[]): NodeImage {
  return { names: names.toSorted((left, right) => Number(right.includes("@")) - Number(left.includes("@")) || (left < right ? -1 : 1)), sizeBytes: imageSizeBytes(build) };
}

/** Whether the node lists the image of this reference. */
export function nodeHasImage(node: KubeObject, reference: string): boolean {
  const key = keyOf(reference);
  return imagesOf(node).some(({ names }) => names.includes(key));
}

function imagesOf(node: KubeObject | undefined): NodeImage[] {
  return node?.status?.images ?? [];
}

/** "repository@digest" where there is a digest: the tag beside it says nothing. Else "repository:tag". */
function keyOf(reference: string): string {
  const parsed = parseImageReference(reference);
  if (!parsed) return reference;
  return parsed.digest === undefined ? `${parsed.repository}:${parsed.tag}` : `${parsed.repository}@${parsed.digest}`;
}
