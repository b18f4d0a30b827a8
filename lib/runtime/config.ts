import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LineCounter, isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { Document, Node } from "yaml";
import { configSchema } from "#lib/contracts/config.ts";
import type { Config } from "#lib/contracts/config.ts";
import { checkConfig } from "#lib/domain/config-rules.ts";
import { VigieError } from "#lib/domain/error.ts";
import { issuePath, issueWords } from "#lib/domain/schema-words.ts";

export interface LoadedConfig {
  config: Config;
  file: string;
  /** Folder that relative paths in the file start from. */
  folder: string;
  /** Hex SHA-256 of the file as it was read. */
  sha256: string;
}

/**
 * Reads and checks vigie.yaml. All mistakes are told at once, each as `file:line: path: what was expected`;
 * throws VigieError "invalid" and nothing starts.
 */
export function loadConfig(path: string): LoadedConfig {
  const file = resolve(path);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? `There is no configuration at ${file}` : `The configuration ${file} cannot be read (${code === "EISDIR" ? "it is a folder" : code === "EACCES" ? "this user may not read it" : (code ?? "unknown error")})`;
    throw new VigieError("invalid", `${why}. Write one (docs/configuration.md shows how), or point VIGIE_CONFIG at it.`, { cause });
  }
  return { config: parseConfig(text, file), file, folder: dirname(file), sha256: createHash("sha256").update(text, "utf8").digest("hex") };
}

/** As loadConfig, of a text. `now` is when the year begins in which windows must open. */
export function parseConfig(text: string, file: string, now: Date = new Date()): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const syntax = document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  if (syntax.length > 0) refuse(syntax);
  const parsed = configSchema.safeParse(plainValue(document, file));
  if (!parsed.success) {
    refuse(
      parsed.error.issues.flatMap((issue) => {
        const unknownKeys = issue.code === "unrecognized_keys" ? issue.keys : [undefined];
        return unknownKeys.map((key) => {
          const at = key === undefined ? issue.path : [...issue.path, key];
          const expected = key === undefined ? issueWords(issue) : "unknown key; see docs/configuration.md for those that exist";
          return `${file}:${lineOf(document, lines, at)}: ${dotted(at)}: ${expected}`;
        });
      }),
    );
  }
  const mistakes = checkConfig(parsed.data, now);
  if (mistakes.length > 0) refuse(mistakes.map((mistake) => `${file}:${lineOf(document, lines, mistake.path)}: ${dotted(mistake.path)}: ${mistake.expected}`));
  return parsed.data;
}

function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // Aliases of aliases grow without bounds; the parser stops them with an exception.
    return refuse([`${file}:1: (the whole file): ${error instanceof Error ? error.message : "it cannot be read"}`]);
  }
}

function refuse(mistakes: string[]): never {
  throw new VigieError("invalid", `The configuration has ${mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`}:\n${mistakes.map((mistake) => `  ${mistake}`).join("\n")}`, { detail: { mistakes } });
}

function dotted(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "(the whole file)";
  return issuePath(path);
}

/** Line of the deepest part of the path that stands in the file: a missing key is told at its parent. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  let offset = document.contents?.range?.[0] ?? 0;
  let node: unknown = document.contents;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === part);
      if (pair === undefined) break;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(part)] as Node | undefined;
      if (item === undefined) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return lines.linePos(offset).line;
}
