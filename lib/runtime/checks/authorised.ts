import { ownImports } from "#lib/runtime/checks/directions.ts";

/**
 * Whether everything that a browser or a program can call asks who calls and whether they may: server actions, route handlers, pages. Read from the sources:
 * app may import no database (directions.ts), so what it does it does through services, and every service it names must itself come to the question.
 */
export interface Sources {
  /** Text of a file by its path below the checkout; undefined when there is none. */
  read(file: string): string | undefined;
}

/** The functions that ask. `authorise` refuses with an entry; the others narrow what is shown to what may be seen. */
const asking: Readonly<Record<string, readonly string[]>> = {
  "lib/services/authorise.ts": ["authorise"],
  "lib/domain/access.ts": ["isAllowed"],
  "lib/services/access/visible-environments.ts": ["visibleEnvironments"],
  "lib/services/state/visible.ts": ["visibleEnvironments"],
};

/** Services that app may name although they ask nobody, and why. */
export const needNoQuestion: Readonly<Record<string, string>> = {
  "lib/services/limit/take.ts#takeLimit": "only counts",
  "lib/services/access/record-refusal.ts#recordRefusal": "writes down that somebody was refused",
  "lib/services/state/frame.ts#frameOf": "writes what it is given as an event",
  "lib/services/state/live.ts#getLive": "hands out the environments it is told; the stream asks visibleEnvironments which those are",
  "lib/services/health/ready.ts#readReadiness": "for probes: says whether, and nothing of what runs",
  "lib/services/signal/receive.ts#receiveAlerts": "asks for the webhook's secret",
  "lib/services/incident/evidence.ts#evidenceFileName": "makes a name of what was read already",
};
/** Endpoints that anybody may ask. */
export const publicEndpoints: readonly string[] = ["healthz", "readyz", "openapi", "metrics", "receiveAlerts"];
/** Handlers that are not made by handle(): each must ask who calls by itself. */
export const writtenByHand: Readonly<Record<string, string>> = {
  "app/api/stream/route.ts": "actorOfRequest(",
  "app/api/logs/route.ts": "actorOfRequest(",
  "app/grafana/[...path]/route.ts": "actorOfRequest(",
  "app/api/auth/[...nextauth]/route.ts": "answerIdentity(",
};
/** Pages for those who are not signed in. */
export const openPages: readonly string[] = ["app/sign-in/page.tsx"];
/** Actions that ask only who it is. */
export const ownActions: readonly string[] = ["app/_actions/session.ts#signOut"];

interface Part {
  name: string;
  exported: boolean;
  text: string;
}

const withoutComments = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

/** The top-level declarations of a file, as our sources are laid out: each begins in the first column. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  for (const line of withoutComments(text).split("\n")) {
    const begins = /^(export\s+)?(?:default\s+)?(?:async\s+)?(?:function\*?|const|let|class)\s+(\{[^}]*\}|[\w$]+)/.exec(line);
    if (begins !== null) parts.push({ name: begins[2] ?? "", exported: begins[1] !== undefined, text: line });
    else {
      const last = parts.at(-1);
      if (last !== undefined) last.text += `\n${line}`;
    }
  }
  return parts;
}

/** Local name → file and exported name, of values imported from our own files. */
function valuesFrom(file: string, text: string): Map<string, { file: string; name: string }> {
  const found = new Map<string, { file: string; name: string }>();
  for (const statement of withoutComments(text).matchAll(/^\s*import\s+(?!type\b)\{([^}]*)\}\s*from\s*["'][^"']+["']/gm)) {
    const [target] = ownImports(file, statement[0].trimStart());
    if (target === undefined) continue;
    for (const one of (statement[1] ?? "").split(",").map((word) => word.trim()).filter((word) => word !== "" && !word.startsWith("type "))) {
      const [name = "", local = name] = one.split(/\s+as\s+/);
      found.set(local, { file: target.to, name });
    }
  }
  return found;
}

const uses = (text: string, name: string): boolean => new RegExp(`(?<![\\w$.])${name.replaceAll("$", "\\$")}(?![\\w$])`).test(text);

/** Whether a function of a service comes to the question, itself or through what it calls. */
export function asks(sources: Sources, file: string, name: string, seen: ReadonlySet<string> = new Set()): boolean {
  if (asking[file]?.includes(name) === true) return true;
  const key = `${file}#${name}`;
  const text = sources.read(file);
  if (text === undefined || seen.has(key) || !/^lib\/(services|runtime)\//.test(file)) return false;
  const parts = partsOf(text);
  const part = parts.find((one) => one.name === name);
  if (part === undefined) return false;
  const next = new Set([...seen, key]);
  const body = part.text.replace(/^[^\n]*?\b(function\*?|const)\s+[\w$]+/, "");
  for (const [local, target] of valuesFrom(file, text)) if (uses(body, local) && asks(sources, target.file, target.name, next)) return true;
  return parts.some((other) => other.name !== name && uses(body, other.name) && asks(sources, file, other.name, next));
}

/** Services that a file of app names and that ask nobody. */
function unasked(sources: Sources, file: string, text: string): string[] {
  return [...valuesFrom(file, text).values()]
    .filter(({ file: target, name }) => target.startsWith("lib/services/") && !(`${target}#${name}` in needNoQuestion) && !asks(sources, target, name))
    .map(({ file: target, name }) => `${file} calls ${name} of ${target}, which never asks whether the caller may: begin it with authorise()`);
}

const askedIn = (sources: Sources, file: string, text: string, body: string): boolean => [...valuesFrom(file, text)].some(([local, target]) => uses(body, local) && target.file.startsWith("lib/services/") && asks(sources, target.file, target.name));

/** What is wrong with one file of app, in sentences; empty when everything in it that can be called asks. */
export function unauthorised(sources: Sources, file: string): string[] {
  const text = sources.read(file) ?? "";
  const code = withoutComments(text);
  const wrong = unasked(sources, file, text);
  const directive = /^\s*["']use server["']/m.test(code);
  if (directive && !/^app\/_actions\/[\w-]+\.ts$/.test(file)) wrong.push(`${file} has server actions: they belong into app/_actions, where this check looks`);
  if (file.startsWith("app/_actions/") && directive) {
    for (const part of partsOf(text).filter((one) => one.exported)) {
      if (!/^\s*return answer\(/m.test(part.text)) wrong.push(`${file}: ${part.name} does not go through answer(), which asks who it is`);
      else if (!ownActions.includes(`${file}#${part.name}`) && !askedIn(sources, file, text, part.text)) wrong.push(`${file}: ${part.name} calls no service that asks whether they may`);
    }
  }
  if (/(^|\/)route\.ts$/.test(file)) wrong.push(...unauthorisedRoute(sources, file, text, code));
  if (/(^|\/)page\.tsx$/.test(file) && !openPages.includes(file) && !/\bawait requirePageActor\(/.test(partsOf(text).find((part) => part.text.startsWith("export default"))?.text ?? "")) wrong.push(`${file}: the page does not begin with requirePageActor()`);
  return wrong;
}

function unauthorisedRoute(sources: Sources, file: string, text: string, code: string): string[] {
  const question = writtenByHand[file];
  if (question !== undefined) return partsOf(text).filter((part) => part.exported && /function (GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\b/.test(part.text) && !part.text.includes(question)).map((part) => `${file}: ${part.name} does not call ${question}…)`);
  const methods = partsOf(text).filter((part) => part.exported && /\b(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\b/.test(part.name));
  const handlers = methods.find((part) => /=\s*serve\(/.test(part.text));
  if (handlers === undefined || methods.length !== 1) return [/\banswerNowhere\b/.test(code) && !/\bhandle\(/.test(code) ? [] : [`${file}: its handlers are not made by serve({ METHOD: handle(…) }), and it does not stand among those written by hand`]].flat();
  return [...handlers.text.matchAll(/^ {2}(GET|POST|PUT|PATCH|DELETE):([\s\S]*?)(?=^ {2}(?:GET|POST|PUT|PATCH|DELETE):|^\}\);|(?![\s\S]))/gm)].flatMap(([, method, body = ""]) => {
    const open = /^\s*answerPublic\(endpoints\.(\w+)/.exec(body)?.[1];
    if (open !== undefined) return publicEndpoints.includes(open) ? [] : [`${file}: ${method} is answered to everybody, and ${open} does not stand among the public endpoints`];
    if (!/^\s*handle\(\s*endpoints\./.test(body)) return [`${file}: ${method} is not made by handle(), which asks who calls`];
    return askedIn(sources, file, text, `${body}\n${helpersOf(text, handlers)}`) ? [] : [`${file}: ${method} calls no service that asks whether they may`];
  });
}

/** Functions beside the handlers, which they may hand their services to. */
function helpersOf(text: string, handlers: Part): string {
  return partsOf(text).filter((part) => part.text !== handlers.text && !part.exported).map((part) => part.text).join("\n");
}
