import { isAllowed, parseEgress } from "#lib/domain/egress.ts";

/** A step that can be ticked: "- [ ] …" of GitHub Flavored Markdown (section 5.3, task list items). */
export interface RunbookStep {
  index: number;
  text: string;
}

/** One that a runbook has more than this is a book: the rest is shown, but cannot be ticked. */
const mostSteps = 200;
const longestStep = 300;

/** Name of a file without its ending: letters, digits, dashes. Nothing with a dot or a slash is one, so no name leads out of the folder. */
export function isRunbookName(name: string): boolean {
  return /^[a-z0-9]+(?:[-_][a-z0-9]+)*$/i.test(name) && name.length <= 100;
}

/** "HighErrorRatio" → "high-error-ratio", "HTTPErrors 5xx" → "http-errors-5xx". Empty when nothing is left. */
export function kebabCase(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 100);
}

/** Title (first heading of level 1) and steps of a runbook's Markdown. What stands in fenced code is neither. */
export function parseRunbook(markdown: string): { title: string | null; steps: RunbookStep[] } {
  const steps: RunbookStep[] = [];
  let title: string | null = null;
  let fence: string | null = null;
  for (const line of markdown.split(/\r\n|\r|\n/)) {
    const marker = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence !== null) {
      if (marker !== undefined && marker[0] === fence[0] && marker.length >= fence.length && /^ {0,3}[`~]+\s*$/.test(line)) fence = null;
      continue;
    }
    if (marker !== undefined) {
      fence = marker;
      continue;
    }
    title ??= /^# +(.+?)(?: +#+)? *$/.exec(line)?.[1]?.trim() ?? null;
    const step = /^\s{0,12}(?:[-*+]|\d{1,9}[.)]) +\[[ xX]\] +(\S.*)$/.exec(line)?.[1];
    if (step !== undefined && steps.length < mostSteps) steps.push({ index: steps.length, text: step.trim().slice(0, longestStep) });
  }
  return { title: title === null ? null : plainText(title).slice(0, 200), steps };
}

/** Words of one line of Markdown, without its marks. */
function plainText(line: string): string {
  return line.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/[*_`]/g, "").trim();
}

/**
 * Whether an address may stand as a link: http or https, without a name or password in it, its host in `allow` (entries as in egress.allow).
 * A sentence when not: the address is shown as text then.
 */
export function runbookLink(address: string, allow: readonly string[]): { url: string } | { refused: string } {
  const url = URL.parse(address);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return { refused: `"${address.slice(0, 200)}" is no address of a web page.` };
  if (url.username !== "" || url.password !== "") return { refused: `${url.host} is not linked with a name or password in the address.` };
  if (!isAllowed(parseEgress(allow), url)) return { refused: `${address.slice(0, 300)} is not linked: ${url.host} does not stand in runbooks.allow (vigie.yaml).` };
  return { url: url.href };
}

/** The template with its variables filled in, each escaped as a part of an address. */
export function fillRunbookUrl(template: string, values: { alert: string; runbook: string }): string {
  return template.replaceAll(/\$(alert|runbook)\b/g, (_, name: "alert" | "runbook") => encodeURIComponent(values[name]));
}
