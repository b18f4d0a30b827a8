import { expired } from "#sandbox/kube/errors.ts";
import type { ResourceInfo } from "#sandbox/kube/objects/resources.ts";
import type { KubeObject, StoreEvent } from "#sandbox/kube/types.ts";

/** One committed change. `previous` is what it replaced; a DELETED change carries the last state at the version of the deletion. */
export interface Change {
  type: StoreEvent["type"];
  resource: ResourceInfo;
  version: number;
  object: KubeObject;
  previous: KubeObject | undefined;
}

/** The last changes of one resource. Older versions than the window reaches back to are answered with 410. */
export class History {
  readonly #limit: number;
  #changes: Change[] = [];
  /** When each of them was committed, milliseconds. */
  #times: number[] = [];
  /** Changes up to and including this version are no longer known. */
  #horizon: number;

  constructor(limit: number, horizon: number) {
    this.#limit = limit;
    this.#horizon = horizon;
  }

  record(change: Change, nowMs: number): void {
    this.#changes.push(change);
    this.#times.push(nowMs);
    // Cut in blocks: shifting one by one would cost the whole window per write.
    if (this.#changes.length > this.#limit * 1.25) this.#cut(this.#changes.length - this.#limit);
  }

  /** Forgets changes committed before this moment. */
  forgetBefore(ms: number): void {
    const kept = this.#times.findIndex((time) => time >= ms);
    const count = kept < 0 ? this.#times.length : kept;
    if (count > 0) this.#cut(count);
  }

  #cut(count: number): void {
    const last = this.#changes[count - 1];
    if (last) this.#horizon = last.version;
    this.#changes = this.#changes.slice(count);
    this.#times = this.#times.slice(count);
  }

  expire(version: number): void {
    this.#changes = [];
    this.#times = [];
    this.#horizon = version;
  }

  /** Changes after `version`, oldest first. Throws KubeError 410 when some of them are no longer known. */
  since(version: number): readonly Change[] {
    if (version < this.#horizon) throw expired(`too old resource version: ${version} (${this.#horizon})`);
    return this.#changes.slice(this.#firstAfter(version));
  }

  #firstAfter(version: number): number {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle]?.version ?? Number.POSITIVE_INFINITY) <= version) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ""}\u0000${object.metadata.name}`;
}

/** The objects as they were before `changes`, in list order. */
export function undo(objects: readonly KubeObject[], changes: readonly Change[], namespace: string | undefined): readonly KubeObject[] {
  const relevant = changes.filter(({ object }) => namespace === undefined || object.metadata.namespace === namespace);
  if (relevant.length === 0) return objects;
  const state = new Map(objects.map((object) => [keyOf(object), object]));
  for (const { object, previous } of relevant.toReversed()) {
    if (previous) state.set(keyOf(object), previous);
    else state.delete(keyOf(object));
  }
  return [...state].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, object]) => object);
}
