import { escapeHtml } from "#sandbox/html.ts";

/** A button that POSTs `body` to `path`. Its id comes from its words, so that focus survives a refresh. */
export function button(says: string, path: string, body: object, kind: "" | "quiet" | "heal" = ""): string {
  const id = says.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return `<button id="${id}" class="${kind}" data-path="${escapeHtml(path)}" data-body="${escapeHtml(JSON.stringify(body))}">${escapeHtml(says)}</button>`;
}
