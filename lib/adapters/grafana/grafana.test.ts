import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createConfiguredGrafana } from "#lib/adapters/grafana/configured.ts";
import { createGrafana } from "#lib/adapters/grafana/grafana.ts";
import { configSchema } from "#lib/contracts/config.ts";
import { testConfig } from "#lib/services/test-context.ts";
import { startGrafana } from "#sandbox/grafana/server.ts";
import type { SandboxGrafana } from "#sandbox/grafana/server.ts";

const token = "glsa_of_this_test";
const portal = "https://vigie.example.org";
const panel = "/d-solo/dreamscape-big-pods/_?orgId=1&panelId=1";

describe("the sandbox's Grafana", () => {
  let grafana: SandboxGrafana;
  beforeAll(async () => void (grafana = await startGrafana({ prometheusUrl: "http://127.0.0.1:1", token, port: 0, host: "127.0.0.1" })));
  afterEach(() => grafana.setFaults({ down: false, forbidFraming: false, login: false }));
  afterAll(() => grafana.stop());
  const api = (given: string | null = token) => createGrafana({ url: grafana.url, token: given });

  it("is asked for its health", async () => {
    expect(await api().health()).toEqual({ database: "ok", version: "10.4.2" });
  });

  it("says whether a panel may be framed, and why not", async () => {
    expect(await api().framing(panel, portal)).toEqual({ allowed: true });
    expect(await api().framing("/d-solo/no-such-board/_?panelId=1", portal)).toMatchObject({ allowed: false, why: "missing", sentence: expect.stringContaining("no dashboard no-such-board") });
    await grafana.setFaults({ forbidFraming: true });
    expect(await api().framing(panel, portal)).toMatchObject({ allowed: false, why: "forbidden", sentence: expect.stringContaining("allow_embedding") });
    // The browser has no token, so it does not help that we have one.
    await grafana.setFaults({ forbidFraming: false, login: true });
    expect(await api().framing(panel, portal)).toMatchObject({ allowed: false, why: "login" });
    await grafana.setFaults({ down: true });
    await expect(api().framing(panel, portal)).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("the connection is refused") });
  });

  it("keeps annotations, finds them by tag and changes them", async () => {
    const at = { from: new Date("2026-11-21T14:00:00Z"), to: null, text: "Promote R-7 to prod", tags: ["vigie", "vigie:op-1"] };
    expect(await api().find("vigie:op-1")).toBeNull();
    const id = await api().annotate(at);
    expect(await api().find("vigie:op-1")).toBe(id);
    await api().finish(id, { ...at, to: new Date("2026-11-21T14:05:00Z"), text: "done" });
    expect(grafana.annotations().find((one) => one.id === id)).toMatchObject({ time: at.from.getTime(), timeEnd: at.from.getTime() + 300_000, text: "done" });
    await expect(api().finish(999_999, at)).rejects.toMatchObject({ code: "not-found" });
    await expect(api().annotate({ ...at, text: "" })).rejects.toMatchObject({ code: "invalid" });
  });

  it("lets nobody write without the right token", async () => {
    const at = { from: new Date(), to: null, text: "x", tags: [] };
    await expect(api(null).annotate(at)).rejects.toMatchObject({ code: "denied", message: expect.stringContaining("role Editor") });
    await expect(api("glsa_other").annotate(at)).rejects.toMatchObject({ code: "denied", message: expect.stringContaining("refuses the token") });
    await grafana.setFaults({ login: true });
    await expect(api(null).find("vigie")).rejects.toMatchObject({ code: "denied", message: expect.stringContaining("wants a login") });
  });
});

describe("what is no Grafana, or not as it should be", () => {
  async function serving(answer: (response: ServerResponse) => void): Promise<{ url: string; stop(): void }> {
    const server = createServer((_request, response) => answer(response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // A TCP server that listens always has an AddressInfo.
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => (server.closeAllConnections(), void server.close()) };
  }

  it.each<[string, (response: ServerResponse) => void, string]>([
    ["an error", (response) => response.writeHead(503).end("no"), "answers 503"],
    ["another page", (response) => response.writeHead(200).end("<html>"), "not that of Grafana's API"],
    ["an endless answer", (response) => void response.writeHead(200).end(Buffer.alloc(2 * 1024 * 1024)), "more than 1024 KiB"],
    ["silence", () => undefined, "no answer within 0.2 s"],
  ])("%s is said to be one", async (_what, answer, words) => {
    const { url, stop } = await serving(answer);
    await expect(createGrafana({ url, token: null, timeoutMs: 200 }).health()).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining(words) });
    stop();
  });

  it("a picture that is none is not passed on", async () => {
    const { url, stop } = await serving((response) => response.writeHead(200, { "content-type": "image/png" }).end("<script>alert(1)</script>"));
    await expect(createGrafana({ url, token }).picture("/render/d-solo/x/_?panelId=1")).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("grafana-image-renderer") });
    stop();
  });

  it("a token that no header can carry is a mistake of the configuration", () => {
    const config = configSchema.parse({ ...testConfig, grafana: { url: "http://127.0.0.1:1", token: "env:TOKEN" } });
    expect(() => createConfiguredGrafana(config, () => "glsa_\nx: y")()).toThrow(/env:TOKEN/);
    expect(createConfiguredGrafana(testConfig, () => "")()).toBeNull();
  });
});
