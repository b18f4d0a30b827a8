const chunkSize = 120;
const staleBit = 0x8000_0000;

interface Chunk {
  baseMs: number;
  /** Milliseconds after `baseMs`; the highest bit marks the end of a series. */
  deltas: Uint32Array;
  /** A full chunk of one value keeps that one, a full chunk of small whole numbers four bytes each. */
  values: Float64Array | Uint32Array;
  length: number;
}

/** Samples of one series, oldest first, in chunks: old ones are given back as a whole and nothing is copied. */
export class Samples {
  #chunks: Chunk[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Samples that are not newer than the last are dropped, as Prometheus does. `stale`: the series ends here. */
  push(atMs: number, value: number, stale = false): void {
    if (this.#length > 0 && atMs <= this.time(this.#length - 1)) return;
    let last = this.#chunks.at(-1);
    if (last === undefined || last.length === chunkSize) {
      last = { baseMs: atMs, deltas: new Uint32Array(chunkSize), values: new Float64Array(chunkSize), length: 0 };
      this.#chunks.push(last);
    }
    last.deltas[last.length] = ((atMs - last.baseMs) | (stale ? staleBit : 0)) >>> 0;
    last.values[last.length] = value;
    last.length += 1;
    this.#length += 1;
    if (last.length === chunkSize) last.values = packed(last.values);
  }

  time(index: number): number {
    const chunk = this.#chunks[Math.floor(index / chunkSize)];
    return chunk === undefined ? Number.NaN : chunk.baseMs + ((chunk.deltas[index % chunkSize] ?? 0) & ~staleBit);
  }

  value(index: number): number {
    const values = this.#chunks[Math.floor(index / chunkSize)]?.values;
    return values?.[values.length === 1 ? 0 : index % chunkSize] ?? Number.NaN;
  }

  isStale(index: number): boolean {
    return ((this.#chunks[Math.floor(index / chunkSize)]?.deltas[index % chunkSize] ?? 0) & staleBit) !== 0;
  }

  /** Index of the last sample at or before a time; -1 when there is none. */
  lastAtOrBefore(atMs: number): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.time(middle) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Samples from one time to another, both included, without the marks of an end. */
  between(fromMs: number, toMs: number): { atMs: number; value: number }[] {
    const last = this.lastAtOrBefore(toMs);
    const found: { atMs: number; value: number }[] = [];
    let index = this.lastAtOrBefore(fromMs);
    if (index < 0 || this.time(index) < fromMs) index += 1;
    while (index <= last) {
      const chunk = this.#chunks[Math.floor(index / chunkSize)];
      if (chunk === undefined) break;
      const { baseMs, deltas, values, length } = chunk;
      const single = values.length === 1;
      const end = Math.min(length - 1, (index % chunkSize) + last - index);
      for (let place = index % chunkSize; place <= end; place++, index++) {
        const delta = deltas[place] ?? 0;
        if (delta < staleBit) found.push({ atMs: baseMs + delta, value: values[single ? 0 : place] ?? Number.NaN });
      }
    }
    return found;
  }

  /** Gives back whole chunks that end before a time. */
  dropBefore(atMs: number): void {
    for (let [first] = this.#chunks; first !== undefined; [first] = this.#chunks) {
      if (this.time(first.length - 1) >= atMs) return;
      this.#chunks.shift();
      this.#length -= first.length;
    }
  }
}

function packed(values: Float64Array | Uint32Array): Float64Array | Uint32Array {
  const first = values[0] ?? 0;
  if (values.every((value) => Object.is(value, first))) return values.slice(0, 1);
  return values.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32 && !Object.is(value, -0)) ? Uint32Array.from(values) : values;
}
