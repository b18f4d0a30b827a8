import { jsonProblem } from "#lib/domain/json-guard.ts";

/**
 * What may come as a call of a server action. Ours take plain values, so everything else that React's wire format knows (references to modules, promises, streams, files,
 * bound arguments) is refused before React reads it. Source: facebook/react, ReactFlightReplyServer: a text that begins with "$" and is not "$$…" is an instruction.
 */
export interface ActionRequest {
  /** Header Next-Action; null when the page itself is posted to. */
  actionId: string | null;
  contentType: string | null;
  contentLength: string | null;
}

export interface ActionRefusal {
  status: 400 | 405 | 411 | 413 | 415;
  /** Sentence for people. */
  reason: string;
}

/** Bytes of a call: the longest of them holds a plan's hash and a reason of 2,000 characters. */
export const longestAction = 65_536;
const mostArguments = 8;

/** What is wrong with the headers of a request that changes something at a page's address; null when it may be read. */
export function actionHeadersRefusal({ actionId, contentType, contentLength }: ActionRequest): ActionRefusal | null {
  if (actionId === null) return { status: 405, reason: "A page is read, not written to: use GET." };
  if (!/^[0-9a-f]{40,44}$/.test(actionId)) return { status: 400, reason: "This names no action of this portal. Reload the page and try again." };
  if (!/^text\/plain\s*(;\s*charset=utf-8\s*)?$/i.test(contentType ?? "")) return { status: 415, reason: "An action's arguments come as text/plain in UTF-8." };
  if (contentLength === null || !/^\d{1,15}$/.test(contentLength)) return { status: 411, reason: "An action says how long it is (Content-Length)." };
  if (Number(contentLength) > longestAction) return { status: 413, reason: `An action's arguments are at most ${longestAction / 1024} KiB long.` };
  return null;
}

/** What is wrong with the arguments of a call; null when nothing is. */
export function actionArgumentsRefusal(text: string): ActionRefusal | null {
  const refuse = (reason: string): ActionRefusal => ({ status: 400, reason: `The arguments of this action ${reason}.` });
  if (Buffer.byteLength(text) > longestAction) return { status: 413, reason: `An action's arguments are at most ${longestAction / 1024} KiB long.` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("are not valid JSON");
  }
  if (!Array.isArray(value)) return refuse("are not a list");
  if (value.length > mostArguments) return refuse(`are more than ${mostArguments}`);
  const problem = jsonProblem(value);
  if (problem !== null) return refuse(problem.replace(/^(is|has|holds) /, (verb) => ({ "is ": "are ", "has ": "have ", "holds ": "hold " })[verb] ?? verb));
  return holdsInstruction(value) ? refuse("hold an instruction of React's wire format, which no action here takes") : null;
}

/** Only after jsonProblem has bounded the depth. */
function holdsInstruction(value: unknown): boolean {
  if (typeof value === "string") return value.startsWith("$") && !value.startsWith("$$") && value !== "$undefined";
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(holdsInstruction);
}
