import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createGrafana } from "#lib/adapters/grafana/grafana.ts";
import { configSchema } from "#lib/contracts/config.ts";
import { panelsSchema } from "#lib/contracts/grafana.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { withView } from "#lib/domain/grafana-panel.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { listPanels, readPicture } from "#lib/services/grafana/panels.ts";
import { actorWith, createTestContext, nothingOutside, testConfig } from "#lib/services/test-context.ts";
import { createClock } from "#sandbox/controllers/clock.ts";
import { startGrafana } from "#sandbox/grafana/server.ts";
import type { SandboxGrafana } from "#sandbox/grafana/server.ts";
import { startPrometheus } from "#sandbox/prometheus/server.ts";
import type { SandboxPrometheus } from "#sandbox/prometheus/server.ts";

const token = "glsa_of_this_test";
const portal = "https://vigie.example.org";
const clock = createClock();
let database: TestDatabase;
let prometheus: SandboxPrometheus;
let grafana: SandboxGrafana;
let now = new Date("2026-11-21T14:00:00Z");

beforeAll(async () => {
  database = await createTestDatabase();
  prometheus = await startPrometheus({ targets: () => [], clock, port: 0, host: "127.0.0.1", rules: [] });
});
beforeEach(async () => void (grafana = await startGrafana({ prometheusUrl: prometheus.url, token, port: 0, host: "127.0.0.1" })));
afterEach(() => grafana.stop());
afterAll(async () => {
  await prometheus.stop();
  clock.stop();
  await database.drop();
});

function contextFor(more: object = {}): ServiceContext {
  const panels = [{ title: "Requests", dashboard: "dreamscape-big-pods", panel: 1, variables: { namespace: "$namespace", bigpod: "$bigPod" } }, { title: "Other", dashboard: "no-such-board", panel: 2, bigPods: ["core"] }];
  const config = configSchema.parse({ ...testConfig, bigPods: [...testConfig.bigPods, { name: "shop", workload: { name: "shop" }, services: [{ name: "app", container: "app" }] }], grafana: { url: grafana.url, token: "env:NONE", panels, ...more } });
  const api = createGrafana({ url: grafana.url, token });
  return { ...createTestContext(database.db, config), clock: { now: () => now }, outside: { ...nothingOutside, grafana: () => api } };
}
const viewer = actorWith("viewer");
const place = { environment: "prod", bigPod: "core" };
const view = { from: "now-1h", to: "now", theme: "dark" as const };

describe("panels", () => {
  it("stand at Grafana's address with the variables of the place, and the way to it", async () => {
    const listed = await listPanels(contextFor({ publicUrl: "https://grafana.example.org/sub/" }), viewer, place, portal);
    expect(panelsSchema.parse(listed)).toEqual(listed);
    expect(listed).toMatchObject({ embed: "direct", panels: [{ title: "Requests", state: "ok", sentence: null, src: "https://grafana.example.org/sub/d-solo/dreamscape-big-pods/_?orgId=1&panelId=1&var-namespace=test-prod&var-bigpod=core", open: expect.stringContaining("https://grafana.example.org/sub/d/dreamscape-big-pods/_?orgId=1&viewPanel=1&var-") }, { title: "Other", state: "missing" }] });
    expect((await listPanels(contextFor(), viewer, { ...place, bigPod: "shop" }, portal)).panels.map(({ title }) => title)).toEqual(["Requests"]);
  });

  it.each<[string, Parameters<SandboxGrafana["setFaults"]>[0], string]>([["down", { down: true }, "down"], ["forbidding frames", { forbidFraming: true }, "forbidden"], ["wanting a login", { login: true }, "login"]])("of a Grafana that is %s say so", async (_what, faults, state) => {
    await grafana.setFaults(faults);
    expect((await listPanels(contextFor(), viewer, place, portal)).panels[0]).toMatchObject({ state, sentence: expect.stringMatching(/^Grafana at 127\.0\.0\.1/) });
  });

  it("of a Grafana under the portal's own origin are not framed", async () => {
    expect((await listPanels(contextFor({ publicUrl: `${portal}/monitoring` }), viewer, place, portal)).panels[0]).toMatchObject({ state: "forbidden", sentence: expect.stringContaining("another host name") });
  });

  it("are judged again after a while, not for everybody who looks", async () => {
    const context = contextFor();
    expect((await listPanels(context, viewer, place, portal)).panels[0]?.state).toBe("ok");
    await grafana.setFaults({ down: true });
    expect((await listPanels(context, viewer, place, portal)).panels[0]?.state).toBe("ok");
    now = new Date(now.getTime() + 11_000);
    expect((await listPanels(context, viewer, place, portal)).panels[0]?.state).toBe("down");
  });

  it("are for whoever may see the environment", async () => {
    await expect(listPanels(contextFor(), actorWith("viewer", ["dev"]), place, portal)).rejects.toMatchObject({ code: "not-found" });
    await expect(listPanels(contextFor(), viewer, { ...place, bigPod: "nothing" }, portal)).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("pictures of panels", () => {
  const asked = async (context: ServiceContext) => {
    const src = (await listPanels(context, viewer, place, portal)).panels[0]?.src ?? "";
    expect(src).toMatch(/^\/grafana\/render\/d-solo\//);
    return { path: src.replace("/grafana/render", ""), ...view, width: 300, height: 200 };
  };

  it("come with the token where the portal fetches them, whatever browsers may see", async () => {
    const context = contextFor({ embed: "proxy" });
    await grafana.setFaults({ login: true, forbidFraming: true });
    const picture = await readPicture(context, viewer, await asked(context));
    expect([picture.contentType, Buffer.from(picture.body).readUInt32BE(16)]).toEqual(["image/png", 300]);
  });

  it("are those of the configuration alone: no other path, panel or value", async () => {
    const context = contextFor({ embed: "proxy" });
    const good = await asked(context);
    for (const path of ["/d-solo/../api/admin/users?x", good.path.replace("panelId=1", "panelId=3"), good.path.replace("test-prod", "kube-system"), `${good.path}&var-x=1`, good.path.replace("/_?", "/other?")]) await expect(readPicture(context, viewer, { ...good, path })).rejects.toMatchObject({ code: "not-found" });
    await expect(readPicture(contextFor({ embed: "direct" }), viewer, good)).rejects.toMatchObject({ code: "not-found" });
  });

  it("are refused for an environment that the role does not show", async () => {
    const context = contextFor({ embed: "proxy" });
    await expect(readPicture(context, actorWith("viewer", ["dev"]), await asked(context))).rejects.toMatchObject({ code: "not-found" });
  });
});

it("a time and a theme are added to what the address has already", () => {
  expect(withView("/d-solo/x/_?orgId=1", { ...view, refreshSeconds: 30 })).toBe("/d-solo/x/_?orgId=1&from=now-1h&to=now&theme=dark&timezone=browser&refresh=30s");
});
