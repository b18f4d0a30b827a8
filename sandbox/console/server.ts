import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { closeServer, isLoopbackHostHeader, listenOnLoopback } from "#sandbox/loopback.ts";
import { isSameOriginOrNoBrowser, readBody } from "#sandbox/same-origin.ts";
import { actions, type ConsoleContext } from "#sandbox/console/actions.ts";
import { consolePage } from "#sandbox/console/page.ts";
import { worldHtml } from "#sandbox/console/world-html.ts";
import type { FaultState } from "#sandbox/kube/faults.ts";
import type { GrafanaFaultState } from "#sandbox/grafana/faults.ts";
import type { AlertmanagerFaultState } from "#sandbox/alertmanager/faults.ts";
import type { SlackFaultState } from "#sandbox/slack/server.ts";
import type { PrometheusFaultState } from "#sandbox/prometheus/faults.ts";
import { Refusal } from "#sandbox/refusal.ts";
import type { WorldView } from "#sandbox/world/control.ts";

export interface ConsoleOptions extends Omit<ConsoleContext, "now"> {
  /** 0 takes a free one. */
  port: number;
  host: string;
  now?: () => number;
  /** Watches that are open on the API server right now. */
  watchCount?: () => number;
}

/** What GET /api/state answers. */
export interface ConsoleState {
  world: WorldView;
  apiServer: FaultState;
  registry: { down: boolean };
  prometheus: PrometheusFaultState & { url: string };
  grafana: GrafanaFaultState & { url: string };
  alertmanager: AlertmanagerFaultState & { url: string };
  slack: SlackFaultState & { url: string };
  /** Open watches on the API server; null where nobody counts. */
  watches: number | null;
}

type ServerContext = ConsoleContext & Pick<ConsoleOptions, "watchCount">;

const maxBodyBytes = 16 * 1024;
const statusOf = { invalid: 400, "not-found": 404, denied: 403 } as const;
const assets: Readonly<Record<string, { file: string; type: string }>> = {
  "/console.css": { file: "console.css", type: "text/css; charset=utf-8" },
  "/console.js": { file: "console-browser.js", type: "text/javascript; charset=utf-8" },
};
const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** The page and the control API where one breaks things and puts them right. Loopback only: it asks nobody who they are. */
export async function startConsole({ port, host, control, catalogue, faults, prometheus, grafana, alertmanager, slack, now = Date.now, watchCount }: ConsoleOptions): Promise<{ url: string; stop(): Promise<void> }> {
  const context: ServerContext = { control, catalogue, faults, prometheus, grafana, alertmanager, slack, now, watchCount };
  const server = createServer((request, response) => {
    answer(context, request, response).catch((error: unknown) => {
      if (error instanceof Refusal) return sendError(response, statusOf[error.code], error.code, error.message);
      console.error("The sandbox's console failed:", error);
      sendError(response, 500, "unavailable", error instanceof Error ? error.message : "The sandbox failed.");
    });
  });
  const url = await listenOnLoopback(server, host, port, "The sandbox's console");
  return { url, stop: () => closeServer(server) };
}

async function answer(context: ServerContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isLoopbackHostHeader(request.headers.host)) return sendError(response, 421, "denied", "The console only answers to a loopback address, such as 127.0.0.1.");
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  if (request.method === "POST") return post(context, path, request, response);
  if (request.method !== "GET" && request.method !== "HEAD") return sendError(response, 405, "invalid", "Only GET and POST are possible here.");
  const asset = Object.hasOwn(assets, path) ? assets[path] : undefined;
  if (path === "/") return send(response, 200, "text/html; charset=utf-8", consolePage(worldHtml(stateOf(context))));
  if (path === "/world") return send(response, 200, "text/html; charset=utf-8", worldHtml(stateOf(context)));
  if (path === "/api/state") return send(response, 200, "application/json", JSON.stringify(stateOf(context)));
  if (asset !== undefined) return send(response, 200, asset.type, readFileSync(new URL(asset.file, import.meta.url), "utf8"));
  sendError(response, 404, "not-found", `There is nothing at ${path}.`);
}

async function post(context: ServerContext, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isSameOriginOrNoBrowser(request)) throw new Refusal("denied", "This request came from another site's page. Use the console's own page.");
  const name = path.startsWith("/api/") ? path.slice("/api/".length) : "";
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) throw new Refusal("not-found", `There is no action at ${path}. There are: ${Object.keys(actions).map((key) => `/api/${key}`).join(", ")}.`);
  const text = await readBody(request, maxBodyBytes);
  if (text === undefined) return sendError(response, 413, "invalid", `The body is longer than ${maxBodyBytes} bytes.`);
  const parsed = action.schema.safeParse(parseJson(text));
  if (!parsed.success) throw new Refusal("invalid", `The body does not fit /api/${name}: ${z.prettifyError(parsed.error)}`);
  const message = await action.run(context, parsed.data);
  send(response, 200, "application/json", JSON.stringify({ message, state: stateOf(context) }));
}

function stateOf({ control, faults, catalogue, prometheus, grafana, alertmanager, slack, watchCount }: ServerContext): ConsoleState {
  return { world: control.view(), apiServer: faults.state(), registry: { down: catalogue.registryDown }, prometheus: { ...prometheus.faults(), url: prometheus.url }, grafana: { ...grafana.faults(), url: grafana.url }, alertmanager: { ...alertmanager.faults(), url: alertmanager.url }, slack: { ...slack.faults(), url: slack.url }, watches: watchCount?.() ?? null };
}

function parseJson(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal("invalid", "The body is not JSON.");
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { ...headers, "content-type": type }).end(body);
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  send(response, status, "application/json", JSON.stringify({ error: { code, message } }));
}
