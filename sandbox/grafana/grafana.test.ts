import { afterAll, beforeAll, expect, test } from "vitest";
import { createClock } from "#sandbox/controllers/clock.ts";
import { startGrafana, type SandboxGrafana } from "#sandbox/grafana/server.ts";
import { makeHistory } from "#sandbox/prometheus/history.test-support.ts";
import { startPrometheus, type SandboxPrometheus } from "#sandbox/prometheus/server.ts";

const token = "glsa_of_this_test";
const history = makeHistory();
const clock = createClock();
let prometheus: SandboxPrometheus;
let grafana: SandboxGrafana;

beforeAll(async () => {
  prometheus = await startPrometheus({ targets: () => [], clock, port: 0, host: "127.0.0.1", store: history.store, rules: [] });
  grafana = await startGrafana({ prometheusUrl: prometheus.url, token, port: 0, host: "127.0.0.1", now: () => history.endMs });
});
afterAll(async () => {
  await grafana.stop();
  await prometheus.stop();
  clock.stop();
});

const ask = (path: string, { method = "GET", body, bearer }: { method?: string; body?: unknown; bearer?: string } = {}) =>
  fetch(grafana.url + path, { method, redirect: "manual", headers: { "content-type": "application/json", ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
const panel = (more = "") => `/d-solo/dreamscape-big-pods/big-pods?orgId=1&panelId=1&from=${history.startMs}&to=${history.endMs}&var-namespace=dreamscape-prod&var-bigpod=experience${more}`;

test("draws a panel in the theme that is asked for, with the variables' values and nothing of their markup", async () => {
  const light = await (await ask(panel("&theme=light"))).text();
  expect(light).toContain('data-theme="light"');
  expect(light).toContain("bigpod experience");
  expect(light).toMatch(/<polyline[^>]+points="[\d.]+,[\d.]+ /);
  expect(await (await ask(panel("&theme=dark"))).text()).toContain('data-theme="dark"');
  const evil = await (await ask(`/d-solo/dreamscape-big-pods/x?panelId=1&var-bigpod=${encodeURIComponent('"><script>alert(1)</script>')}`)).text();
  expect(evil).not.toContain("<script");
});

test("makes a picture of a panel, as large and in the theme as it is asked for", async () => {
  const picture = Buffer.from(await (await ask(`/render${panel("&theme=light&width=200&height=100")}`)).arrayBuffer());
  expect([picture.subarray(1, 4).toString(), picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual(["PNG", 200, 100]);
  const dark = Buffer.from(await (await ask(`/render${panel("&theme=dark&width=200&height=100")}`)).arrayBuffer());
  expect(dark.equals(picture)).toBe(false);
});

test("lets a service account write annotations, and nobody else", async () => {
  const body = { time: history.startMs, timeEnd: history.endMs, tags: ["vigie", "prod"], text: "Promote R-1 to prod" };
  expect((await ask("/api/annotations", { method: "POST", body })).status).toBe(403);
  expect((await ask("/api/annotations", { method: "POST", body, bearer: "glsa_wrong" })).status).toBe(401);
  expect((await ask("/api/annotations", { method: "POST", body: { ...body, text: "" }, bearer: token })).status).toBe(400);
  const made = await (await ask("/api/annotations", { method: "POST", body, bearer: token })).json();
  expect(made).toEqual({ message: "Annotation added", id: expect.any(Number) });
  expect((await ask(`/api/annotations/${made.id}`, { method: "PATCH", body: { timeEnd: history.endMs - 1, tags: ["vigie", "done"] }, bearer: token })).status).toBe(200);
  expect(await (await ask(`/api/annotations?tags=vigie&tags=done&from=${history.startMs}`)).json()).toMatchObject([{ id: made.id, time: history.startMs, timeEnd: history.endMs - 1, text: body.text, tags: ["vigie", "done"] }]);
  expect(await (await ask("/api/annotations?tags=vigie&tags=absent")).json()).toEqual([]);
  expect((await ask("/api/annotations/999999", { method: "PATCH", body: {}, bearer: token })).status).toBe(404);
  expect(await (await ask(panel())).text()).toContain("<title>Promote R-1 to prod</title>");
});

test("forbids framing, wants a login and is gone when it is told to", async () => {
  expect((await ask(panel())).headers.get("x-frame-options")).toBeNull();
  await grafana.setFaults({ forbidFraming: true });
  expect((await ask(panel())).headers.get("x-frame-options")).toBe("deny");
  await grafana.setFaults({ login: true });
  const led = await ask(panel());
  expect([led.status, led.headers.get("location")]).toEqual([302, "/login"]);
  expect((await ask("/api/annotations")).status).toBe(401);
  expect((await ask(panel(), { bearer: token })).status).toBe(200);
  await grafana.setFaults({ down: true });
  await expect(ask("/api/health")).rejects.toThrow();
  await grafana.setFaults({ down: false, forbidFraming: false, login: false });
  expect(await (await ask("/api/health")).json()).toMatchObject({ database: "ok" });
});
