import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { timingSafeEqual } from "node:crypto";
import { createAnnotationStore, type Annotation, type AnnotationStore } from "#sandbox/grafana/annotations.ts";
import { dashboards } from "#sandbox/grafana/dashboards.ts";
import { noGrafanaFaults, type GrafanaFaultState } from "#sandbox/grafana/faults.ts";
import { loginPage, panelPage, type PanelView } from "#sandbox/grafana/panel-page.ts";
import { momentOf, queryPanel, variablesOf, type PanelSeries } from "#sandbox/grafana/panel-query.ts";
import { panelPicture } from "#sandbox/grafana/picture.ts";
import { closeServer, isLoopbackHostHeader, listenOnLoopback } from "#sandbox/loopback.ts";
import { readBody } from "#sandbox/same-origin.ts";

export interface GrafanaOptions {
  /** 0 takes a free one. */
  port: number;
  host: string;
  prometheusUrl: string;
  /** Of the one service account, role Editor. */
  token: string;
  now?: () => number;
}

export interface SandboxGrafana {
  url: string;
  faults(): GrafanaFaultState;
  /** Those left out stay. Rejects when it cannot listen on its port again. */
  setFaults(change: Partial<GrafanaFaultState>): Promise<void>;
  annotations(): Annotation[];
  stop(): Promise<void>;
}

interface Asked {
  options: Required<GrafanaOptions>;
  store: AnnotationStore;
  faults: GrafanaFaultState;
  url: URL;
  request: IncomingMessage;
  response: ServerResponse;
}

const maxBodyBytes = 64 * 1024;

/**
 * The parts of Grafana that a portal uses: health, single panels, annotations, service account tokens; anonymous visitors are viewers.
 * Source: https://grafana.com/docs/grafana/v10.4/developers/http_api/ and its [security] allow_embedding, [auth.anonymous].
 */
export async function startGrafana(given: GrafanaOptions): Promise<SandboxGrafana> {
  const options = { now: Date.now, ...given };
  const store = createAnnotationStore();
  let faults = noGrafanaFaults;
  let server: Server | undefined;

  async function begin(port: number): Promise<string> {
    const made = createServer((request, response) => {
      const url = URL.parse(request.url ?? "/", "http://sandbox");
      if (!isLoopbackHostHeader(request.headers.host) || url === null) return void response.writeHead(421).end();
      answer({ options, store, faults, url, request, response }).catch((error: unknown) => {
        console.error("The sandbox's Grafana failed:", error);
        response.destroy();
      });
    });
    const listening = await listenOnLoopback(made, options.host, port, "The sandbox's Grafana");
    server = made;
    return listening;
  }

  async function end(): Promise<void> {
    const closing = server;
    server = undefined;
    if (closing) await closeServer(closing);
  }

  const url = await begin(options.port);
  return {
    url,
    faults: () => faults,
    async setFaults(change) {
      const before = faults.down;
      faults = { ...faults, ...change };
      if (!before && faults.down) await end();
      if (before && !faults.down) await begin(Number(new URL(url).port));
    },
    annotations: () => store.find({ tags: [], matchAny: false, limit: Number.MAX_SAFE_INTEGER }),
    stop: end,
  };
}

async function answer(asked: Asked): Promise<void> {
  const { url, faults, request } = asked;
  if (url.pathname === "/api/health") return json(asked, 200, { commit: "sandbox", database: "ok", version: "10.4.2" });
  if (url.pathname === "/login") return html(asked, 200, loginPage());
  const caller = whoAsks(asked);
  const api = url.pathname.startsWith("/api/");
  if (caller === "wrong") return json(asked, 401, { message: "Invalid API key" });
  if (caller === "nobody" && faults.login) {
    if (api) return json(asked, 401, { message: "Unauthorized" });
    asked.response.writeHead(302, { location: "/login", "set-cookie": `redirect_to=${encodeURIComponent(request.url ?? "/")}; Path=/; HttpOnly; SameSite=Lax`, ...framing(faults) }).end();
    return;
  }
  const solo = /^(\/render)?\/d-solo\/([A-Za-z0-9_-]+)(\/[^/]*)?$/.exec(url.pathname);
  if (solo !== null && request.method === "GET") return panel(asked, solo[2] ?? "", solo[1] !== undefined);
  const board = /^\/api\/dashboards\/uid\/([A-Za-z0-9_-]+)$/.exec(url.pathname);
  if (board !== null && request.method === "GET") {
    const found = dashboards.find(({ uid }) => uid === board[1]);
    return found === undefined ? json(asked, 404, { message: "Dashboard not found" }) : json(asked, 200, { meta: { slug: "big-pods", canSave: false }, dashboard: { uid: found.uid, title: found.title, panels: found.panels.map(({ id, title }) => ({ id, title, type: "timeseries" })) } });
  }
  const annotation = /^\/api\/annotations(?:\/(\d{1,15}))?$/.exec(url.pathname);
  if (annotation !== null) return annotations(asked, caller === "editor", annotation[1] === undefined ? null : Number(annotation[1]));
  if (api) return json(asked, 404, { message: "Not found" });
  html(asked, 404, "<!doctype html><title>Grafana</title><h1>Page not found</h1>");
}

async function annotations(asked: Asked, mayWrite: boolean, id: number | null): Promise<void> {
  const { request, store, url, options } = asked;
  const method = request.method ?? "GET";
  if (method === "GET" && id === null) {
    const number = (name: string) => (/^\d{1,16}$/.test(url.searchParams.get(name) ?? "") ? { [name]: Number(url.searchParams.get(name)) } : {});
    const found = store.find({ ...number("from"), ...number("to"), tags: url.searchParams.getAll("tags"), matchAny: url.searchParams.get("matchAny") === "true", limit: Number(url.searchParams.get("limit") ?? 100) || 100 });
    return json(asked, 200, found.map(shown));
  }
  if (method === "GET" && id !== null) {
    const found = store.get(id);
    return found === undefined ? json(asked, 404, { message: "Annotation not found" }) : json(asked, 200, shown(found));
  }
  if (!mayWrite) return json(asked, 403, { accessErrorId: "ACE0000000001", message: "You'll need additional permissions to perform this action. Permissions needed: annotations:write", title: "Access denied" });
  if (method === "DELETE" && id !== null) return store.remove(id) ? json(asked, 200, { message: "Annotation deleted" }) : json(asked, 404, { message: "Could not find annotation to delete" });
  const body = parseJson(await readBody(request, maxBodyBytes));
  if (body === undefined) return json(asked, 400, { message: "bad request data" });
  if (method === "POST" && id === null) {
    const made = store.add(body, options.now());
    return "refused" in made ? json(asked, 400, { message: made.refused }) : json(asked, 200, { message: "Annotation added", id: made.id });
  }
  if ((method === "PATCH" || method === "PUT") && id !== null) {
    const done = store.change(id, body, options.now());
    if (done === "missing") return json(asked, 404, { message: "Annotation not found" });
    return done === "changed" ? json(asked, 200, { message: method === "PATCH" ? "Annotation patched" : "Annotation updated" }) : json(asked, 400, { message: done.refused });
  }
  json(asked, 405, { message: "Method not allowed" });
}

async function panel(asked: Asked, uid: string, asPicture: boolean): Promise<void> {
  const { url, options, store } = asked;
  const dashboard = dashboards.find((one) => one.uid === uid);
  const found = dashboard?.panels.find(({ id }) => String(id) === url.searchParams.get("panelId"));
  // Grafana answers 200 and lets its own script say that there is no such dashboard.
  if (dashboard === undefined || found === undefined) return html(asked, 200, `<!doctype html><title>Grafana</title><p role="alert">${dashboard === undefined ? "Dashboard not found" : "Panel not found"}</p>`);
  const now = options.now();
  const toMs = momentOf(url.searchParams.get("to"), now) ?? now;
  const fromMs = Math.min(toMs, momentOf(url.searchParams.get("from"), now) ?? toMs - 6 * 3_600_000);
  const variables = variablesOf(dashboard, url.searchParams);
  let series: PanelSeries[] = [];
  let error: string | null = null;
  try {
    series = await queryPanel(options.prometheusUrl, found, variables, fromMs, toMs);
  } catch (cause) {
    error = `An error occurred within the plugin: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
  const theme = url.searchParams.get("theme") === "light" ? "light" : "dark";
  if (asPicture) {
    const size = (name: string, usual: number) => Math.min(3_000, Math.max(10, Number(url.searchParams.get(name)) || usual));
    asked.response.writeHead(200, { "content-type": "image/png", "cache-control": "private" }).end(panelPicture({ width: size("width", 800), height: size("height", 400), theme, fromMs, toMs, series }));
    return;
  }
  const refresh = /^(\d{1,4})s$/.exec(url.searchParams.get("refresh") ?? "");
  const view: Omit<PanelView, "annotations"> = { dashboard, panel: found, theme, fromMs, toMs, refreshSeconds: refresh === null ? null : Math.max(5, Number(refresh[1])), variables, series, error };
  html(asked, 200, panelPage({ ...view, annotations: store.find({ from: fromMs, to: toMs, tags: [], matchAny: false, limit: 100 }) }));
}

function whoAsks({ request, options }: Asked): "nobody" | "editor" | "wrong" {
  const header = request.headers.authorization;
  if (header === undefined) return "nobody";
  const [given, known] = [Buffer.from(header), Buffer.from(`Bearer ${options.token}`)];
  return given.length === known.length && timingSafeEqual(given, known) ? "editor" : "wrong";
}

function shown(one: Annotation): object {
  return { ...one, alertId: 0, alertName: "", dashboardId: 0, dashboardUID: null, panelId: 0, userId: 0, login: "sa-vigie", email: "", avatarUrl: "", newState: "", prevState: "", data: {} };
}

function framing(faults: GrafanaFaultState): Record<string, string> {
  return faults.forbidFraming ? { "x-frame-options": "deny" } : {};
}

function html({ response, faults }: Asked, status: number, page: string): void {
  response.writeHead(status, { "content-type": "text/html; charset=UTF-8", "cache-control": "no-store", "x-content-type-options": "nosniff", "x-xss-protection": "1; mode=block", ...framing(faults) }).end(page);
}

function json({ response, faults }: Asked, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json; charset=UTF-8", "cache-control": "no-store", "x-content-type-options": "nosniff", ...framing(faults) }).end(JSON.stringify(body));
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
