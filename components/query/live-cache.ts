type Key = readonly unknown[];

/**
 * The one cache of the browser: what the stream told last, by key. Nothing is fetched, retried or let go by it; a value stays until the next one
 * takes its place, and a reader hears of its own key only (docs/adr/0016).
 */
export class LiveCache {
  readonly #values = new Map<string, unknown>();
  #rendered: ReadonlyMap<string, unknown> = new Map();
  readonly #listeners = new Map<string, Set<() => void>>();

  /** Undefined before it was set. */
  get<Value>(key: Key): Value | undefined {
    // Safe: the factory of a key and the type it is read as stand side by side in use-platform.ts, trail.ts and use-operation.ts.
    return this.#values.get(JSON.stringify(key)) as Value | undefined;
  }

  /** What stands now is what the first HTML was made of. */
  markRendered(): void {
    this.#rendered = new Map(this.#values);
  }

  /** As it was when the HTML was made: parts of a page come alive after others, and the stream may have spoken in between. */
  rendered<Value>(key: Key): Value | undefined {
    return this.#rendered.get(JSON.stringify(key)) as Value | undefined; // as in get
  }

  /** The same value again tells nobody. */
  set<Value>(key: Key, value: Value): void {
    const name = JSON.stringify(key);
    if (Object.is(this.#values.get(name), value)) return;
    this.#values.set(name, value);
    for (const listener of this.#listeners.get(name) ?? []) listener();
  }

  /** Returns what ends it. */
  subscribe(key: Key, listener: () => void): () => void {
    const name = JSON.stringify(key);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }
}
