import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isRecord, jsonText } from "#sandbox/kube/objects/json.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const FORMAT = 1;
const DEBOUNCE_MS = 1000;
const PIECE_LENGTH = 128 * 1024;

export interface Snapshot {
  resourceVersion: number;
  objects: { resource: string; object: KubeObject }[];
}

/** Reads a snapshot; undefined when there is none. Throws when the file is there but is not a snapshot. */
export function readSnapshot(file: string): Snapshot | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const parsed: unknown = JSON.parse(text);
  if (!isRecord(parsed) || parsed.format !== FORMAT || typeof parsed.resourceVersion !== "number" || !Array.isArray(parsed.objects)) {
    throw new Error(`${file} is not a snapshot of the sandbox's objects (format ${FORMAT}); remove it to start with an empty cluster`);
  }
  // Written by snapshotText from stored objects.
  return { resourceVersion: parsed.resourceVersion, objects: parsed.objects as Snapshot["objects"] };
}

/** The text of a snapshot in pieces: as one string it would be megabytes of garbage with every write. The objects are frozen, so it is of one moment. */
function* snapshotText({ resourceVersion, objects }: Snapshot): Generator<string> {
  let piece = `{"format":${FORMAT},"resourceVersion":${resourceVersion},"objects":[\n`;
  for (const [index, { resource, object }] of objects.entries()) {
    piece += `${index === 0 ? "" : ",\n"}{"resource":${JSON.stringify(resource)},"object":${jsonText(object)}}`;
    if (piece.length < PIECE_LENGTH) continue;
    yield piece;
    piece = "";
  }
  yield `${piece}\n]}\n`;
}

/** Keeps a file about a second behind the store. Each write goes to a temporary file first, so a kill leaves the older one whole. */
export class SnapshotWriter {
  readonly #file: string;
  readonly #take: () => Snapshot;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(file: string, take: () => Snapshot) {
    this.#file = file;
    this.#take = take;
    mkdirSync(dirname(file), { recursive: true });
  }

  /** Asks for a write soon; further changes until then go into the same one. */
  schedule(): void {
    if (this.#timer || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#write()).catch((error: unknown) => console.error(`sandbox: cannot write ${this.#file}:`, error));
    }, DEBOUNCE_MS);
    this.#timer.unref();
  }

  async #write(): Promise<void> {
    if (this.#stopped) return;
    const temporary = `${this.#file}.tmp`;
    await writeFile(temporary, snapshotText(this.#take()), { mode: 0o600 });
    await rename(temporary, this.#file);
  }

  /** Waits for a write under way and writes the last state. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stopped = true;
    await this.#writing;
    const temporary = `${this.#file}.last.tmp`;
    writeFileSync(temporary, [...snapshotText(this.#take())].join(""), { mode: 0o600 });
    renameSync(temporary, this.#file);
  }
}
