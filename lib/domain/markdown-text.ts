import { redact } from "#lib/domain/redact.ts";

/** U+2060, of no width: what makes links and mentions out of plain words looks at the text after escapes are gone, so a backslash does not stop it. */
const joiner = "\u2060";

/**
 * A text as one line of Markdown that shows just that text: no mark, link, picture, HTML, mention or formula can be made by it, and no secret stands in it.
 * After CommonMark 0.31 (2.4, backslash escapes) and GitHub Flavored Markdown 0.29 (6.9, extended autolinks).
 */
export function markdownText(text: string): string {
  return redact(text)
    .replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, " ")
    .trim()
    .replaceAll(/[\\`*_{}[\]<>|~&$^]/g, "\\$&")
    .replaceAll("://", `${joiner}://`)
    .replaceAll("@", `@${joiner}`)
    .replaceAll(/www(?=\.)/gi, `$&${joiner}`)
    .replace(/^([#+=-])/, "\\$1")
    .replace(/^(\d{1,9})([.)])/, "$1\\$2");
}

/** A row of a table. */
export function markdownRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => (cell === "" ? " " : cell)).join(" | ")} |`;
}
