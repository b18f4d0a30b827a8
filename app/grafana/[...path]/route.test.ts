import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GET } from "#app/grafana/[...path]/route.ts";
import { installRuntime } from "#app/api/test-portal.ts";
import { createGrafana } from "#lib/adapters/grafana/grafana.ts";
import { configSchema } from "#lib/contracts/config.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { testConfig } from "#lib/services/test-context.ts";
import { createClock } from "#sandbox/controllers/clock.ts";
import { startGrafana } from "#sandbox/grafana/server.ts";
import type { SandboxGrafana } from "#sandbox/grafana/server.ts";
import { startPrometheus } from "#sandbox/prometheus/server.ts";
import type { SandboxPrometheus } from "#sandbox/prometheus/server.ts";

const bootstrap = `bootstrap-${"b".repeat(32)}`;
const clock = createClock();
let database: TestDatabase;
let prometheus: SandboxPrometheus;
let grafana: SandboxGrafana;

beforeAll(async () => {
  process.env.VIGIE_BOOTSTRAP_TOKEN = bootstrap;
  database = await createTestDatabase();
  prometheus = await startPrometheus({ targets: () => [], clock, port: 0, host: "127.0.0.1", rules: [] });
  grafana = await startGrafana({ prometheusUrl: prometheus.url, token: "glsa_test", port: 0, host: "127.0.0.1" });
  const config = configSchema.parse({ ...testConfig, grafana: { url: grafana.url, token: "env:NONE", embed: "proxy", panels: [{ title: "Requests", dashboard: "dreamscape-big-pods", panel: 1, variables: { bigpod: "$bigPod" } }] } });
  const { context } = installRuntime(database, config);
  const api = createGrafana({ url: grafana.url, token: "glsa_test" });
  context.outside = { ...context.outside, grafana: () => api };
});
afterAll(async () => {
  await grafana.stop();
  await prometheus.stop();
  clock.stop();
  await database.drop();
  delete process.env.VIGIE_BOOTSTRAP_TOKEN;
});

const panel = "/grafana/render/d-solo/dreamscape-big-pods/_?orgId=1&panelId=1&var-bigpod=core";
const get = (path: string, headers: Record<string, string> = { authorization: `Bearer ${bootstrap}` }) => GET(new Request(new URL(path, "http://127.0.0.1:3000"), { headers }));

describe("a panel's picture under the portal's address", () => {
  it("is a picture that can do nothing, without a header of Grafana's", async () => {
    const response = await get(`${panel}&from=now-1h&to=now&theme=light&timezone=browser&width=200&height=100&round=7`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({ "content-type": "image/png", "cache-control": "private, no-store", "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "x-content-type-options": "nosniff" });
    expect(Buffer.from(await response.arrayBuffer()).readUInt32BE(16)).toBe(200);
  });

  it.each<[string, string, Record<string, string> | undefined, number]>([
    ["nobody", panel, {}, 401],
    ["a token that is none", panel, { authorization: "Bearer vgt_x" }, 401],
    ["a page of Grafana's", "/grafana/d-solo/dreamscape-big-pods/_?panelId=1", undefined, 404],
    ["its API", "/grafana/api/annotations", undefined, 404],
    ["another path in disguise", "/grafana/render/d-solo/..%2f..%2fapi%2fusers/_?orgId=1&panelId=1", undefined, 404],
    ["a panel that is not configured", panel.replace("panelId=1", "panelId=2"), undefined, 404],
    ["another value of a variable", panel.replace("bigpod=core", "bigpod=.*"), undefined, 404],
    ["one more variable", `${panel}&var-x=y`, undefined, 404],
    ["a time that is none", `${panel}&from=yesterday`, undefined, 400],
    ["a huge picture", `${panel}&width=9999`, undefined, 400],
  ])("%s gets none", async (_what, path, headers, status) => {
    const response = headers === undefined ? await get(path) : await get(path, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toContain("application/json");
  });

  it("that Grafana cannot make is an error with a reference", async () => {
    await grafana.setFaults({ down: true });
    const response = await get(panel);
    expect([response.status, (await response.json()).error]).toEqual([502, expect.objectContaining({ code: "upstream", message: expect.stringContaining("the connection is refused"), reference: expect.any(String) })]);
  });
});
