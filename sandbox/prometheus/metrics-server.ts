import { createServer, type ServerResponse } from "node:http";
import { closeServer, isLoopbackHostHeader, listenOnLoopback } from "#sandbox/loopback.ts";
import type { Target } from "#sandbox/prometheus/targets.ts";
import { renderFamilies } from "#sandbox/world/process-metrics.ts";

export interface MetricsServerOptions {
  targets(): readonly Target[];
  /** 0 takes a free one. */
  port: number;
  host: string;
  now?: () => number;
}

/**
 * The pods' metrics at addresses that a real Prometheus on this machine can reach: /pods/<namespace>/<pod>/<process>/metrics,
 * and all of them for http_sd at /sd (https://prometheus.io/docs/prometheus/latest/http_sd/), each with the labels it would have in a cluster.
 */
export async function startMetricsServer({ targets, port, host, now = Date.now }: MetricsServerOptions): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (!isLoopbackHostHeader(request.headers.host)) return send(response, 421, "text/plain", "Only a loopback address is answered here.\n");
    if (request.method !== "GET" && request.method !== "HEAD") return send(response, 405, "text/plain", "Only GET is possible here.\n");
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    if (path === "/sd") return send(response, 200, "application/json", JSON.stringify(discovery(targets(), request.headers.host ?? "")));
    const target = targets().find((candidate) => candidate.path === path);
    if (target === undefined) return send(response, 404, "text/plain", `There is nothing to scrape at ${path}; /sd lists what there is.\n`);
    const families = target.scrape(now());
    // Nothing listens: to a scraper the same as a refused connection, which a shared port cannot give.
    if (families === undefined) return send(response, 503, "text/plain", "Nothing listens there now.\n");
    send(response, 200, "text/plain; version=0.0.4; charset=utf-8", renderFamilies(families));
  });
  const url = await listenOnLoopback(server, host, port, "The sandbox's metrics");
  return { url, stop: () => closeServer(server) };
}

function discovery(targets: readonly Target[], address: string) {
  return targets.map(({ path, labels }) => ({ targets: [address], labels: { ...labels, __metrics_path__: path } }));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}
