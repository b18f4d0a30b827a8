import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createPrometheusByEnvironment } from "#lib/adapters/prometheus/by-environment.ts";
import { createPrometheus } from "#lib/adapters/prometheus/prometheus.ts";
import { alertmanagerBinary, missingNote, prometheusBinary, startRealAlertmanager, startRealPrometheus } from "#lib/adapters/prometheus/test-server.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A server that answers as the test says; for what a well-behaved Prometheus seldom does. */
async function faulty(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  // A TCP server that listens always has an AddressInfo.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const at = (url: string, timeoutMs = 3_000) => createPrometheus({ url, authorization: null, timeoutMs, maximumBytes: 100_000 });
const vector = (result: unknown, more: object = {}) => JSON.stringify({ status: "success", data: { resultType: "vector", result }, ...more });

describe("troubles", () => {
  test.each([
    [503, "Service Unavailable", "upstream", "answers 503"],
    [503, JSON.stringify({ status: "error", errorType: "timeout", error: "query timed out in expression evaluation" }), "upstream", "answers 503: query timed out"],
    [500, "{", "upstream", "answers 500"],
    [401, "Unauthorized", "upstream", "bearerToken"],
    [403, "", "upstream", "bearerToken"],
    [404, "404 page not found", "upstream", "nothing at /api/v1"],
    [302, "", "upstream", "sign-in"],
    [400, "Bad Request", "upstream", "answers 400"],
    [400, JSON.stringify({ status: "error", errorType: "bad_data", error: "no" }), "invalid", "refuses the query: no"],
    [422, JSON.stringify({ status: "error", errorType: "execution", error: "too many" }), "invalid", "refuses the query: too many"],
    [200, "<html>", "upstream", "not JSON"],
    [200, "[]", "upstream", "not its API"],
    [200, JSON.stringify({ status: "success", data: { resultType: "vector", result: [{ metric: { a: 1 }, value: [1, "1"] }] } }), "upstream", "metric.a"],
    [200, vector([{ metric: {}, value: [1, "many"] }]), "upstream", "a number"],
    [200, vector([{ metric: {}, value: [1e300, "1"] }]), "upstream", "a time"],
  ])("%i %s", async (status, body, code, words) => {
    const url = await faulty((_request, response) => response.writeHead(status, status === 302 ? { location: "http://127.0.0.1:1/login" } : {}).end(body));
    await expect(at(url).instant("up")).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  });

  test("a server that never answers is given up", async () => {
    const url = await faulty(() => undefined);
    await expect(at(url, 150).instant("up")).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("no answer within 0.15 s") });
  });

  test("one that stops in the middle of its answer too", async () => {
    const url = await faulty((_request, response) => response.write('{"status":"success",'));
    await expect(at(url, 150).alerts()).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("no answer within") });
    const cut = await faulty((_request, response) => void response.write('{"status":"suc', () => response.destroy()));
    await expect(at(cut).alerts()).rejects.toMatchObject({ code: "upstream" });
  });

  test("an answer without end is cut off", async () => {
    const url = await faulty((_request, response) => {
      const write = (): void => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
        if (!response.destroyed) response.once("drain", write);
      };
      write();
    });
    await expect(at(url).instant("up")).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("100000 bytes") });
  });

  test("nobody there", async () => {
    const url = await faulty(() => undefined);
    await stops.pop()?.();
    await expect(at(url).instant("up")).rejects.toMatchObject({ code: "upstream", message: expect.stringMatching(/^Prometheus at 127\.0\.0\.1:\d+ cannot be asked: the connection is refused\.$/) });
  });

  test("warnings are kept, and native histograms left out with one", async () => {
    const body = vector([{ metric: { a: "b" }, value: [1.5, "+Inf"] }, { metric: {}, histogram: [1.5, {}] }], { warnings: ["partial"], infos: ["more"] });
    const url = await faulty((_request, response) => response.end(body));
    expect(await at(url).instant("up")).toEqual({ samples: [{ labels: { a: "b" }, value: Number.POSITIVE_INFINITY, at: new Date(1500) }], warnings: ["partial", expect.stringContaining("1 series of native histograms")] });
  });

  test("labels named as parts of an object stay labels", async () => {
    const url = await faulty((_request, response) => response.end('{"status":"success","data":{"resultType":"vector","result":[{"metric":{"constructor":"x"},"value":[1,"1"]}]}}'));
    expect((await at(url).instant("up")).samples[0]?.labels).toEqual({ constructor: "x" });
  });

  test("a query that is far too long is not sent", async () => {
    let asked = 0;
    const url = await faulty((_request, response) => {
      asked += 1;
      response.end(vector([]));
    });
    await expect(at(url).instant("x".repeat(10_001))).rejects.toMatchObject({ code: "invalid" });
    expect(asked).toBe(0);
  });

  test("alerts in a state that is neither pending nor firing are no alerts", async () => {
    const alert = { labels: { alertname: "A" }, annotations: {}, activeAt: "2026-11-21T08:00:00.123456789Z", value: "1e+00" };
    const url = await faulty((_request, response) => response.end(JSON.stringify({ status: "success", data: { alerts: [{ ...alert, state: "pending" }, { ...alert, state: "inactive" }, { labels: {}, state: "firing" }] } })));
    expect(await at(url).alerts()).toEqual([{ name: "A", labels: { alertname: "A" }, annotations: {}, state: "pending", activeAt: new Date("2026-11-21T08:00:00.123Z") }]);
  });
});

describe("the Prometheus of an environment", () => {
  /** Answers with the header it was asked with. */
  const echo = () => faulty((request, response) => response.end(vector([{ metric: { path: request.url ?? "", authorization: request.headers.authorization ?? "" }, value: [1, "1"] }])));
  const asked = async (api: ReturnType<ReturnType<typeof createPrometheusByEnvironment>>) => (await api?.instant("up"))?.samples[0]?.labels;
  const secrets = (reference: string) => ({ "env:TOKEN": "t0ken", "env:PASSWORD": "open:sesame", "env:BAD": "a\nb" })[reference] ?? "";

  test("is the one that names it, else the one for all, else none", async () => {
    const [prod, all] = [await echo(), await echo()];
    const byEnvironment = createPrometheusByEnvironment({ prometheus: [{ url: `${all}/all/` }, { url: `${prod}/only`, environments: ["prod"], bearerToken: "env:TOKEN" }] }, secrets);
    expect(await asked(byEnvironment("prod"))).toEqual({ path: "/only/api/v1/query", authorization: "Bearer t0ken" });
    expect(await asked(byEnvironment("dev"))).toEqual({ path: "/all/api/v1/query", authorization: "" });
    expect(byEnvironment("dev")).toBe(byEnvironment("staging"));
    expect(createPrometheusByEnvironment({ prometheus: [{ url: prod, environments: ["prod"] }] }, secrets)("dev")).toBeNull();
  });

  test("is asked with user and password", async () => {
    const byEnvironment = createPrometheusByEnvironment({ prometheus: [{ url: await echo(), username: "vigie", password: "env:PASSWORD" }] }, secrets);
    expect(await asked(byEnvironment("prod"))).toMatchObject({ authorization: `Basic ${Buffer.from("vigie:open:sesame").toString("base64")}` });
  });

  test("is not asked with a secret that no header can carry, and the secret is not said", () => {
    const byEnvironment = createPrometheusByEnvironment({ prometheus: [{ url: "http://127.0.0.1:1", bearerToken: "env:BAD" }] }, secrets);
    expect(() => byEnvironment("prod")).toThrow(expect.objectContaining({ code: "invalid", message: expect.not.stringContaining("a\nb") }));
  });
});

test.skipIf(prometheusBinary === undefined)(`the real Prometheus with a password lets in who knows it${missingNote(prometheusBinary, "prometheus")}`, async () => {
  // The hash of "open sesame".
  const real = await startRealPrometheus({ basicAuth: { vigie: "$2b$04$E.JyR32GGzRbtbfsYatVpeA.L/3B8.vZ6msker.XN4irhxHXmjGCe" } });
  stops.push(real.stop);
  const knowing = (password: string) => createPrometheusByEnvironment({ prometheus: [{ url: real.url, username: "vigie", password: "env:P" }] }, () => password)("prod");
  expect((await knowing("open sesame")?.instant("1"))?.samples).toMatchObject([{ value: 1 }]);
  await expect(knowing("another")?.instant("1")).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("refuses Vigie (401)") });
});

test.skipIf(prometheusBinary === undefined || alertmanagerBinary === undefined)(`the real Prometheus sends its alerts to the real Alertmanager${missingNote(alertmanagerBinary, "prometheus-alertmanager")}`, async () => {
  const alertmanager = await startRealAlertmanager();
  stops.push(alertmanager.stop);
  const rules = "groups: [{name: g, rules: [{alert: Watchdog, expr: vector(1), labels: {severity: none}}]}]";
  const real = await startRealPrometheus({ rules, alertmanagers: [alertmanager.url] });
  stops.push(real.stop);
  const names = async () => ((await (await fetch(`${alertmanager.url}/api/v2/alerts`)).json()) as { labels: { alertname: string } }[]).map((alert) => alert.labels.alertname);
  await expect.poll(names, { timeout: 60_000 }).toEqual(["Watchdog"]);
});
