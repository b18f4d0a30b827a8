import type { LogEvent } from "#lib/contracts/log.ts";
import { plainText } from "#components/big-pod/log-text.ts";

/** Lines the page keeps; older ones fall off. The cluster keeps them all. */
export const keptLines = 50_000;
/** Beyond this the oldest go, however few: a line may be 256 kB long. */
const keptCharacters = 40_000_000;

export interface ShownLine {
  /** Grows by one a line, so that lists keep their place. */
  id: number;
  /** Index of the container it came from. */
  source: number;
  /** Process of a supervised container, where the line names one; else null. */
  process: string | null;
  at: string | null;
  text: string;
}

export interface LogFilter {
  /** Words to look for, whatever their case. */
  search: string;
  /** Names of sources (see sourceName) that are not shown. */
  hidden: ReadonlySet<string>;
}

export interface LogSourceName {
  pod: string;
  container: string;
}

export interface LogSnapshot {
  /** The lines that pass the filter, oldest first. */
  shown: readonly ShownLine[];
  /** Lines kept in all. */
  total: number;
  /** Lines left out because this browser, or the way to it, was too slow. */
  skipped: number;
  sources: readonly LogSourceName[];
  /** Names lines were seen under, in the order of their first line. */
  names: readonly string[];
  note: string | null;
}

/** What a line is filtered and coloured by: its process, else its container. */
export function sourceName(line: Pick<ShownLine, "process" | "source">, sources: readonly LogSourceName[]): string {
  return line.process ?? sources[line.source]?.container ?? "";
}

/** Keeps the newest lines and those of them that pass the filter. Adding is linear in what is added, not in what is kept. */
export class LogBuffer {
  #lines: ShownLine[] = [];
  #shown: ShownLine[] = [];
  #characters = 0;
  #next = 1;
  #skipped = 0;
  #sources: LogSourceName[] = [];
  #names: string[] = [];
  #note: string | null = null;
  #filter: LogFilter = { search: "", hidden: new Set() };
  readonly #processes: ReadonlySet<string>;

  /** `processes`: names a supervisor puts before its processes' lines. */
  constructor(processes: Iterable<string>) {
    this.#processes = new Set(processes);
  }

  add(event: LogEvent): void {
    switch (event.type) {
      case "source":
        this.#sources = [...this.#sources];
        this.#sources[event.index] = { pod: event.pod, container: event.container };
        return;
      case "skipped":
        this.#skipped += event.count;
        return;
      case "note":
        this.#note = `${this.#sources[event.source]?.pod ?? ""}: ${event.text}`;
        return;
      case "lines":
        for (const { source, at, text } of event.lines) this.#append(source, at, plainText(text));
        this.#trim();
        return;
      case "ended":
      case "failed":
        return;
    }
  }

  filter(filter: LogFilter): void {
    this.#filter = filter;
    this.#shown = this.#lines.filter((line) => this.#passes(line));
  }

  clear(): void {
    this.#lines = [];
    this.#shown = [];
    this.#characters = 0;
    this.#skipped = 0;
  }

  snapshot(): LogSnapshot {
    return { shown: [...this.#shown], total: this.#lines.length, skipped: this.#skipped, sources: this.#sources, names: this.#names, note: this.#note };
  }

  /** Every line kept, or only those shown, as a text file. */
  asText(only: "all" | "shown"): string {
    return (only === "all" ? this.#lines : this.#shown).map((line) => `${line.at ?? ""} ${this.#sources[line.source]?.pod ?? ""} ${sourceName(line, this.#sources)} ${line.text}\n`).join("");
  }

  #append(source: number, at: string | null, whole: string): void {
    const { process, text } = this.#split(whole);
    const line: ShownLine = { id: this.#next, source, process, at, text };
    this.#next += 1;
    this.#lines.push(line);
    this.#characters += text.length;
    const name = sourceName(line, this.#sources);
    if (!this.#names.includes(name)) this.#names = [...this.#names, name];
    if (this.#passes(line)) this.#shown.push(line);
  }

  /** "voyage   | text" and "[voyage] text", as supervisors print them, when the name is one of the Big Pod's processes. */
  #split(whole: string): { process: string | null; text: string } {
    const found = /^(?:([\w-]{1,63})\s*\|\s?|\[([\w-]{1,63})\]\s?)/.exec(whole);
    const name = found?.[1] ?? found?.[2];
    return found === null || name === undefined || !this.#processes.has(name) ? { process: null, text: whole } : { process: name, text: whole.slice(found[0].length) };
  }

  #passes(line: ShownLine): boolean {
    const { search, hidden } = this.#filter;
    if (hidden.size > 0 && hidden.has(sourceName(line, this.#sources))) return false;
    return search === "" || line.text.toLowerCase().includes(search);
  }

  #trim(): void {
    if (this.#lines.length <= keptLines && this.#characters <= keptCharacters) return;
    // Some more than must be, so that it does not happen at every line.
    let drop = Math.max(0, this.#lines.length - keptLines + Math.floor(keptLines / 50));
    let left = this.#characters - this.#lines.slice(0, drop).reduce((sum, { text }) => sum + text.length, 0);
    while (left > keptCharacters && drop < this.#lines.length) {
      left -= this.#lines[drop]?.text.length ?? 0;
      drop += 1;
    }
    const oldest = this.#lines[drop]?.id ?? this.#next;
    this.#lines.splice(0, drop);
    this.#characters = left;
    const keepFrom = this.#shown.findIndex((line) => line.id >= oldest);
    this.#shown.splice(0, keepFrom === -1 ? this.#shown.length : keepFrom);
  }
}
