import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { finish, type Clock } from "#sandbox/controllers/clock.ts";
import { closeServer, isLoopbackHostHeader, listenOnLoopback } from "#sandbox/loopback.ts";
import { readBody } from "#sandbox/same-origin.ts";
import { ApiError, endpoints, labelValues, type ApiContext } from "#sandbox/prometheus/api.ts";
import { noPrometheusFaults, type PrometheusFaultState } from "#sandbox/prometheus/faults.ts";
import { PromqlError } from "#sandbox/prometheus/promql/error.ts";
import { createNotifier } from "#sandbox/prometheus/notifier.ts";
import { platformGroup, platformRules } from "#sandbox/prometheus/platform-rules.ts";
import { createRuleGroup, type AlertRule } from "#sandbox/prometheus/rules.ts";
import { createSampler } from "#sandbox/prometheus/sampler.ts";
import { createSeriesStore, type SeriesStore } from "#sandbox/prometheus/store.ts";
import type { Target } from "#sandbox/prometheus/targets.ts";

export interface PrometheusOptions {
  targets(): readonly Target[];
  clock: Clock;
  /** 0 takes a free one. */
  port: number;
  host: string;
  rules?: readonly AlertRule[];
  /** Real milliseconds between scrapes; by default five seconds, less where time runs faster. */
  sampleEveryMs?: number;
  store?: SeriesStore;
  /** Base URLs of the Alertmanagers that firing alerts are sent to. */
  alertmanagers?: readonly string[];
  /** Real milliseconds after which a firing alert is sent again. */
  resendMs?: number;
}

export interface SandboxPrometheus {
  url: string;
  store: SeriesStore;
  faults(): PrometheusFaultState;
  /** Those left out stay. Rejects when it cannot listen on its port again. */
  setFaults(change: Partial<PrometheusFaultState>): Promise<void>;
  /** Scrapes and evaluates the rules now, beside the timer. */
  sample(): void;
  stop(): Promise<void>;
}

const maxBodyBytes = 256 * 1024;
/** Of sampling, before other work gets its turn. */
const sliceMs = 5;
const partial = "the sandbox was told to warn: the answer may be partial";

/**
 * Prometheus' HTTP API v1 over the world's series, scraped into a bounded memory and queried with PromQL.
 * Source: https://prometheus.io/docs/prometheus/2.42/querying/api/
 */
export async function startPrometheus({ targets, clock, port, host, rules = platformRules, sampleEveryMs, store = createSeriesStore(), alertmanagers = [], resendMs = 60_000 }: PrometheusOptions): Promise<SandboxPrometheus> {
  const everyMs = sampleEveryMs ?? Math.max(1_000, 5_000 / clock.speed);
  const sampler = createSampler(store);
  let faults = noPrometheusFaults;
  let url = "";
  const group = createRuleGroup({ name: platformGroup, rules, store, speed: clock.speed, muted: (alert) => alert === "Watchdog" && faults.watchdogStopped });
  const notifier = createNotifier({ group, alertmanagers, address: () => url, resendMs });
  let cancel: (() => void) | undefined;
  let server: Server | undefined;
  let turn = 0;
  let startedAtMs = clock.now();

  function* sampling(): Generator<void, void> {
    const atMs = clock.now();
    yield* sampler.scrape(targets(), atMs);
    yield* group.evaluate(atMs);
    notifier.notify(atMs);
    turn += 1;
    if (turn % 60 === 0) store.prune(atMs);
  }

  function sample(): void {
    finish(sampling());
  }

  /** In slices: elsewhere Prometheus is a process of its own, and holds no API server up. */
  function keepSampling(steps = sampling()): void {
    const untilMs = performance.now() + sliceMs;
    while (performance.now() < untilMs) if (steps.next().done === true) return rest();
    cancel = clock.soon(() => keepSampling(steps));
  }

  function rest(): void {
    // Sandbox time may run faster; the interval is a real one.
    cancel = clock.after(everyMs * clock.speed, () => keepSampling());
  }

  const context = (): ApiContext => ({ store, rules: group, metadata: sampler.metadata, now: clock.now, startedAtMs, intervalSeconds: everyMs / 1000, speed: clock.speed, nan: faults.nan });

  async function begin(onPort: number): Promise<string> {
    const made = createServer((request, response) => {
      answer(context, () => faults, request, response).catch((error: unknown) => {
        console.error("The sandbox's Prometheus failed:", error);
        response.destroy();
      });
    });
    const listening = await listenOnLoopback(made, host, onPort, "The sandbox's Prometheus");
    server = made;
    startedAtMs = clock.now();
    sample();
    rest();
    return listening;
  }

  async function end(): Promise<void> {
    cancel?.();
    const closing = server;
    server = undefined;
    if (closing) await closeServer(closing);
  }

  url = await begin(port);
  return {
    url,
    store,
    faults: () => faults,
    async setFaults(change) {
      const before = faults.down;
      faults = { ...faults, ...change };
      if (!before && faults.down) await end();
      if (before && !faults.down) await begin(Number(new URL(url).port));
    },
    sample,
    async stop() {
      notifier.stop();
      await end();
    },
  };
}

async function answer(context: () => ApiContext, faults: () => PrometheusFaultState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isLoopbackHostHeader(request.headers.host)) return text(response, 421, "Only a loopback address is answered here.\n");
  const url = URL.parse(request.url ?? "/", "http://sandbox");
  if (url === null) return text(response, 400, "Bad Request");
  if (faults().latencyMs > 0) await delay(faults().latencyMs);
  const { pathname } = url;
  if (pathname === "/-/healthy") return text(response, 200, "Prometheus Server is Healthy.\n");
  if (faults().unavailable) return text(response, 503, "Service Unavailable");
  if (pathname === "/-/ready") return text(response, 200, "Prometheus Server is Ready.\n");
  const label = /^\/api\/v1\/label\/([^/]+)\/values$/.exec(pathname)?.[1];
  const path = pathname.startsWith("/api/v1/") ? pathname.slice("/api/v1/".length) : "";
  const endpoint = Object.hasOwn(endpoints, path) ? endpoints[path] : undefined;
  if (label === undefined && endpoint === undefined) return text(response, 404, "404 page not found\n");
  const method = request.method ?? "GET";
  if (method !== "GET" && !(method === "POST" && endpoint?.post === true)) return text(response, 405, "Method Not Allowed\n");
  try {
    const given = await parameters(url, request);
    const data = label === undefined ? endpoint?.handle(context(), given, path) : labelValues(context(), given, label);
    json(response, 200, { status: "success", data, ...(faults().warning && { warnings: [partial] }) });
  } catch (error) {
    const refused = refusal(error);
    json(response, refused.status, { status: "error", errorType: refused.errorType, error: refused.message });
  }
}

function refusal(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof PromqlError) return new ApiError(error.errorType === "bad_data" ? 400 : 422, error.errorType, error.message);
  console.error("The sandbox's Prometheus failed:", error);
  return new ApiError(500, "internal", "the sandbox's Prometheus failed");
}

/** Of the address and, with POST, of the form; the form comes first, as in Go. */
async function parameters(url: URL, request: IncomingMessage): Promise<URLSearchParams> {
  if (request.method !== "POST") return url.searchParams;
  const type = request.headers["content-type"] ?? "";
  const body = await readBody(request, maxBodyBytes);
  if (body === undefined) throw new ApiError(400, "bad_data", "error parsing form values: http: request body too large");
  return new URLSearchParams([...(type.startsWith("application/x-www-form-urlencoded") ? new URLSearchParams(body) : []), ...url.searchParams]);
}

function json(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" }).end(body);
}
