import type { ProcessSpec } from "#sandbox/world/process-table.ts";

export interface LogLine {
  atMs: number;
  text: string;
}

/** When a process was up: between these its log has ordinary lines. `endMs` is absent while it runs. */
export interface Span {
  startMs: number;
  endMs?: number;
}

/** Lines about something that happened, kept; the ordinary ones are computed when asked for. */
const keptLines = 400;
const keptSpans = 40;
/** Ordinary lines older than this are not computed: a node rotates its logs too. */
const ordinaryHistoryMs = 900_000;
const slotMs = 2_500;

/** 32-bit mix of text and number (murmur3's finalizer over FNV-1a): same input, same log. */
export function mix(text: string, number: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash ^= number | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The log of one container instance. */
export class ContainerLog {
  #kept: LogLine[] = [];
  #spans = new Map<string, { spec: ProcessSpec; spans: Span[] }>();
  #listeners = new Set<() => void>();
  #seed: string;
  #prefixed: boolean;

  constructor(seed: string, prefixed: boolean) {
    this.#seed = seed;
    this.#prefixed = prefixed;
  }

  /** `process` undefined: the supervisor itself speaks. */
  write(atMs: number, process: string | undefined, text: string): void {
    this.#kept.push({ atMs, text: process === undefined ? text : this.#line(process, text) });
    if (this.#kept.length > keptLines) this.#kept.shift();
    for (const listener of this.#listeners) listener();
  }

  up(atMs: number, spec: ProcessSpec): void {
    const entry = this.#spans.get(spec.name) ?? { spec, spans: [] };
    entry.spans.push({ startMs: atMs });
    if (entry.spans.length > keptSpans) entry.spans.shift();
    this.#spans.set(spec.name, entry);
  }

  down(atMs: number, process: string): void {
    const last = this.#spans.get(process)?.spans.at(-1);
    if (last && last.endMs === undefined) last.endMs = atMs;
  }

  /** Calls back after each kept line. Returns the function that ends it. */
  onLine(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lines with from <= atMs < to, in order. */
  between(fromMs: number, toMs: number): LogLine[] {
    const lines = this.#kept.filter((line) => line.atMs >= fromMs && line.atMs < toMs);
    const earliest = Math.max(fromMs, toMs - ordinaryHistoryMs);
    for (const { spec, spans } of this.#spans.values()) {
      for (const span of spans) {
        const start = Math.max(earliest, span.startMs);
        const end = Math.min(toMs, span.endMs ?? toMs);
        for (let slot = Math.floor(start / slotMs); slot * slotMs <= end; slot++) {
          const atMs = this.#momentIn(spec, slot);
          if (atMs !== undefined && atMs >= start && atMs < end) lines.push({ atMs, text: this.#line(spec.name, this.#ordinary(spec, slot, atMs)) });
        }
      }
    }
    return lines.sort((left, right) => left.atMs - right.atMs);
  }

  #momentIn(spec: ProcessSpec, slot: number): number | undefined {
    const hash = mix(`${this.#seed}/${spec.name}`, slot);
    return hash % 100 < 45 ? slot * slotMs + (hash >>> 8) % slotMs : undefined;
  }

  #ordinary(spec: ProcessSpec, slot: number, atMs: number): string {
    const hash = mix(`${spec.name}/${this.#seed}`, slot);
    const activity = (spec.activities[hash % spec.activities.length] ?? "idle").replace("{n}", String(1 + ((hash >>> 7) % 180)));
    const time = new Date(atMs).toISOString();
    if (spec.name !== "nginx") return `${time} info  ${activity}`;
    return `10.42.0.${2 + (hash % 40)} - - [${time}] "${activity} HTTP/1.1" 200 ${200 + (hash % 4000)} "-" "Mozilla/5.0"`;
  }

  #line(process: string, text: string): string {
    return this.#prefixed ? `${process.padEnd(9)}| ${text}` : text;
  }
}
