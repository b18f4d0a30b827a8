import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createAlertmanager } from "#lib/adapters/alertmanager/alertmanager.ts";
import { createAlertmanagerByEnvironment } from "#lib/adapters/alertmanager/by-environment.ts";
import type { AlertsApi } from "#lib/ports/alerts.ts";

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

interface Seen {
  method: string | undefined;
  url: string | undefined;
  authorization: string | undefined;
}

/** Something that answers the same to everything; null: it takes the request and never answers. */
async function answering(answer: { status?: number; body?: string; type?: string } | null, options: { timeoutMs?: number; maximumBytes?: number; authorization?: string; path?: string } = {}): Promise<{ api: AlertsApi; seen: Seen[]; url: string }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    seen.push({ method: request.method, url: request.url, authorization: request.headers.authorization });
    if (answer === null) return;
    response.writeHead(answer.status ?? 200, { "content-type": answer.type ?? "application/json" }).end(answer.body ?? "[]");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${options.path ?? ""}`; // a TCP server that listens
  return { api: createAlertmanager({ url, authorization: options.authorization ?? null, ...options }), seen, url };
}

test.each([
  ["a page of a proxy", { body: "<html>", type: "text/html" }, "answered something that is not its API: it is not JSON but text/html"],
  ["the API of version 1", { body: '{"status":"success","data":[]}' }, "answered something that is not its API"],
  ["an alert without a start", { body: '[{"fingerprint":"a","labels":{},"annotations":{}}]' }, "0.startsAt"],
  ["labels that are numbers", { body: '[{"fingerprint":"a","labels":{"a":1},"annotations":{},"startsAt":"2026-11-21T08:00:00Z","endsAt":"2026-11-21T08:00:00Z","updatedAt":"2026-11-21T08:00:00Z","status":{"state":"active","silencedBy":[],"inhibitedBy":[]}}]' }, "0.labels.a"],
  ["that it fails", { status: 500, body: '"storage is broken"' }, "it answers HTTP 500: storage is broken"],
  ["that it starts", { status: 503, body: "" }, "it answers HTTP 503"],
  ["that a login is missing", { status: 401, body: "" }, "it refuses Vigie's credentials (HTTP 401)"],
  ["a redirect", { status: 302, body: "" }, "it redirects (HTTP 302)"],
  ["more than it may", { body: `[${" ".repeat(2_000)}]` }, "more than 1000 bytes"],
])("an answer of %s is told with its place, and is never an empty list", async (_what, answer, words) => {
  const { api, url } = await answering(answer, { maximumBytes: 1_000 });
  await expect(api.alerts()).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining(words) });
  await expect(api.alerts()).rejects.toThrow(`Alertmanager at ${new URL(url).host} `);
});

test("who does not answer is given up in time, who is not there at once", async () => {
  const { api } = await answering(null, { timeoutMs: 200 });
  await expect(api.silences()).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("no answer within 0.2 s") });
  const { api: gone } = await answering({});
  for (const stop of stops.splice(0)) stop();
  await expect(gone.alerts()).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("the connection is refused") });
});

test("a path in front of the API and credentials are kept", async () => {
  const { api, seen } = await answering({ body: "[]" }, { path: "/alertmanager/", authorization: "Bearer abc" });
  expect(await api.alerts()).toEqual([]);
  await api.expire("../../status");
  expect(seen).toEqual([{ method: "GET", url: "/alertmanager/api/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=true", authorization: "Bearer abc" }, { method: "DELETE", url: "/alertmanager/api/v2/silence/..%2F..%2Fstatus", authorization: "Bearer abc" }]);
});

test("each environment has the one that names it, else the one for all, and those of one entry share it", () => {
  const alertsOf = createAlertmanagerByEnvironment({ alertmanager: [{ url: "http://prod.example:9093", environments: ["prod"], bearerToken: "env:TOKEN" }, { url: "http://all.example:9093" }] }, () => "token");
  expect(alertsOf("dev")).toBe(alertsOf("staging"));
  expect(alertsOf("prod")).not.toBe(alertsOf("dev"));
  expect(createAlertmanagerByEnvironment({ alertmanager: [{ url: "http://prod.example:9093", environments: ["prod"] }] }, () => "")("dev")).toBeNull();
  expect(() => createAlertmanagerByEnvironment({ alertmanager: [{ url: "http://a.example", bearerToken: "env:TOKEN" }] }, () => "a\nb")("dev")).toThrow("for Alertmanager at a.example has characters");
});
