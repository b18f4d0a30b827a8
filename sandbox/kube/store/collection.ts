import type { KubeObject } from "#sandbox/kube/types.ts";

function compareNames(left: KubeObject, right: KubeObject): number {
  const a = left.metadata.name;
  const b = right.metadata.name;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The objects of one resource, by namespace ("" for cluster-wide ones), with sorted lists kept until the next write. */
export class Collection {
  readonly #namespaces = new Map<string, Map<string, KubeObject>>();
  readonly #sorted = new Map<string, readonly KubeObject[]>();
  #all: readonly KubeObject[] | undefined;

  get(namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#namespaces.get(namespace ?? "")?.get(name);
  }

  put(object: KubeObject): void {
    const namespace = object.metadata.namespace ?? "";
    const names = this.#namespaces.get(namespace) ?? new Map<string, KubeObject>();
    names.set(object.metadata.name, object);
    this.#namespaces.set(namespace, names);
    this.#forget(namespace);
  }

  remove(object: KubeObject): void {
    const namespace = object.metadata.namespace ?? "";
    const names = this.#namespaces.get(namespace);
    names?.delete(object.metadata.name);
    if (names?.size === 0) this.#namespaces.delete(namespace);
    this.#forget(namespace);
  }

  /** In the order of the API: by namespace, then by name. */
  list(namespace?: string): readonly KubeObject[] {
    if (namespace === undefined) {
      this.#all ??= [...this.#namespaces.keys()].sort().flatMap((one) => this.list(one));
      return this.#all;
    }
    const known = this.#sorted.get(namespace);
    if (known) return known;
    const sorted = [...(this.#namespaces.get(namespace)?.values() ?? [])].sort(compareNames);
    this.#sorted.set(namespace, sorted);
    return sorted;
  }

  #forget(namespace: string): void {
    this.#sorted.delete(namespace);
    this.#all = undefined;
  }
}
