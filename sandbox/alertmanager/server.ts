import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { stringify } from "yaml";
import { createAlertStore } from "#sandbox/alertmanager/alerts.ts";
import { endpoints, type ApiContext } from "#sandbox/alertmanager/api.ts";
import { parseBody } from "#sandbox/alertmanager/bodies.ts";
import { createDispatcher, type RouteOptions } from "#sandbox/alertmanager/dispatcher.ts";
import { noAlertmanagerFaults, type AlertmanagerFaultState } from "#sandbox/alertmanager/faults.ts";
import type { WebhookReceiver } from "#sandbox/alertmanager/receivers.ts";
import { ApiRefusal } from "#sandbox/alertmanager/refusal.ts";
import { createSilenceStore } from "#sandbox/alertmanager/silences.ts";
import type { Clock } from "#sandbox/controllers/clock.ts";
import { closeServer, isLoopbackHostHeader, listenOnLoopback } from "#sandbox/loopback.ts";
import { readBody } from "#sandbox/same-origin.ts";

export interface AlertmanagerOptions {
  clock: Clock;
  /** 0 takes a free one. */
  port: number;
  host: string;
  /** Every alert goes to each of them. */
  receivers?: readonly WebhookReceiver[];
  route?: Partial<RouteOptions>;
  resolveTimeoutMs?: number;
}

export interface SandboxAlertmanager {
  url: string;
  faults(): AlertmanagerFaultState;
  /** Those left out stay. Rejects when it cannot listen on its port again. */
  setFaults(change: Partial<AlertmanagerFaultState>): Promise<void>;
  /** Ends and begins again at the same address: it knows no alert until they are sent again; silences it still has. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const maxBodyBytes = 4 * 1024 * 1024;
/** Short waits, so that a demonstration does not have to wait half a minute for the first message of a group. */
const defaultRoute: RouteOptions = { groupBy: ["alertname", "environment", "bigpod"], groupWaitMs: 1_000, groupIntervalMs: 5_000, repeatIntervalMs: 4 * 3_600_000 };

/** Alertmanager's HTTP API v2 with what is behind it: alerts with ends, silences, groups, webhooks. */
export async function startAlertmanager({ clock, port, host, receivers = [], route: given = {}, resolveTimeoutMs = 300_000 }: AlertmanagerOptions): Promise<SandboxAlertmanager> {
  const route = { ...defaultRoute, ...given };
  const alerts = createAlertStore({ resolveTimeoutMs });
  const silences = createSilenceStore();
  let url = "";
  const dispatcher = createDispatcher({ clock, route, receivers, externalURL: () => url, muted: (alert) => silences.of(alert.labels, clock.now()).length > 0, ended: (fingerprint) => forgetEnded(fingerprint) });
  let faults = noAlertmanagerFaults;
  let server: Server | undefined;
  let startedAtMs = clock.now();

  function forgetEnded(fingerprint: string): void {
    const alert = alerts.get(fingerprint);
    if (alert !== undefined && alert.endsAtMs <= clock.now()) alerts.forget(fingerprint);
  }

  const config = stringify({
    route: { receiver: receivers[0]?.name ?? "none", group_by: route.groupBy, group_wait: `${route.groupWaitMs}ms`, group_interval: `${route.groupIntervalMs}ms`, repeat_interval: `${route.repeatIntervalMs}ms` },
    receivers: receivers.length === 0 ? [{ name: "none" }] : receivers.map(({ name, url: target, sendResolved = true, maxAlerts = 0 }) => ({ name, webhook_configs: [{ url: target, send_resolved: sendResolved, max_alerts: maxAlerts }] })),
  });
  const context = (): ApiContext => ({ alerts, silences, dispatcher, receivers: receivers.length === 0 ? ["none"] : receivers.map((receiver) => receiver.name), config, startedAtMs, now: clock.now });

  async function begin(onPort: number): Promise<string> {
    const made = createServer((request, response) => {
      answer(context(), faults, request, response).catch((error: unknown) => {
        console.error("The sandbox's Alertmanager failed:", error);
        response.destroy();
      });
    });
    const listening = await listenOnLoopback(made, host, onPort, "The sandbox's Alertmanager");
    server = made;
    startedAtMs = clock.now();
    return listening;
  }

  async function end(): Promise<void> {
    dispatcher.clear();
    alerts.clear();
    const closing = server;
    server = undefined;
    if (closing) await closeServer(closing);
  }

  url = await begin(port);
  const again = (): Promise<string> => begin(Number(new URL(url).port));
  return {
    url,
    faults: () => faults,
    async setFaults(change) {
      const before = faults.down;
      faults = { ...faults, ...change };
      if (!before && faults.down) await end();
      if (before && !faults.down) await again();
    },
    async restart() {
      await end();
      faults = { ...faults, down: false };
      await again();
    },
    async stop() {
      await end();
      dispatcher.stop();
    },
  };
}

async function answer(context: ApiContext, faults: AlertmanagerFaultState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isLoopbackHostHeader(request.headers.host)) return send(response, 421, "text/plain", "Only a loopback address is answered here.\n");
  const url = URL.parse(request.url ?? "/", "http://sandbox");
  if (url === null) return send(response, 400, "text/plain", "Bad Request");
  if (faults.latencyMs > 0) await delay(faults.latencyMs);
  const { pathname } = url;
  if (pathname === "/-/ready" || pathname === "/-/healthy") return send(response, 200, "text/plain; charset=utf-8", "OK");
  const path = pathname.startsWith("/api/v2/") ? pathname.slice("/api/v2/".length) : "";
  const id = /^silence\/([^/]+)$/.exec(path)?.[1];
  const name = id === undefined ? path : "silence/";
  const methods = Object.hasOwn(endpoints, name) && path !== "silence/" ? endpoints[name] : undefined;
  if (methods === undefined) return json(response, 404, { code: 404, message: `path ${pathname} was not found` });
  const method = request.method ?? "GET";
  const handle = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (handle === undefined) {
    response.setHeader("allow", Object.keys(methods).join(","));
    return json(response, 405, { code: 405, message: `method ${method} is not allowed, but [${Object.keys(methods).join(",")}] are` });
  }
  try {
    const body = method === "POST" ? await bodyOf(request) : undefined;
    const data = handle(context, url.searchParams, body, id === undefined ? "" : decodeURIComponent(id));
    if (data === undefined) send(response, 200, "", "");
    else json(response, 200, data);
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error;
    if (error.message === "") return send(response, error.status, "", "");
    json(response, error.status, error.code === undefined ? error.message : { code: error.code, message: error.message });
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const type = request.headers["content-type"] ?? "application/octet-stream";
  if (!type.startsWith("application/json")) throw new ApiRefusal(415, `unsupported media type ${JSON.stringify(type)}, only [application/json] are allowed`, 415);
  const text = await readBody(request, maxBodyBytes);
  if (text === undefined) throw new ApiRefusal(413, "http: request body too large", 413);
  return parseBody(text);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, "application/json", `${JSON.stringify(body)}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...(type !== "" && { "content-type": type }), "content-length": String(Buffer.byteLength(body)) }).end(body);
}
