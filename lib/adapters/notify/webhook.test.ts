import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { testAnnouncement } from "#lib/adapters/notify/test-announcement.ts";
import { createWebhookChannel } from "#lib/adapters/notify/webhook.ts";
import { NotifyError } from "#lib/ports/notify.ts";

let server: Server | undefined;
afterEach(() => void (server?.closeAllConnections(), server?.close()));

async function receiver(status = 204, headers: Record<string, string> = {}): Promise<{ port: number; got: { headers: IncomingHttpHeaders; body: string; path: string }[] }> {
  const got: { headers: IncomingHttpHeaders; body: string; path: string }[] = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      got.push({ headers: request.headers, body: Buffer.concat(chunks).toString("utf8"), path: request.url ?? "" });
      response.writeHead(status, headers).end();
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server?.once("listening", resolve));
  return { port: (server.address() as AddressInfo).port, got };
}

const never = new AbortController().signal;
const nowMs = 1_795_000_000_000;
const channel = (port: number, allow: readonly string[] = [`127.0.0.1:${port}`], host = "127.0.0.1") => createWebhookChannel({ url: `http://${host}:${port}/hook?x=1`, secret: "key", allow, now: () => nowMs });

async function failure(sent: Promise<unknown>): Promise<NotifyError> {
  const error = await sent.then(() => null, (thrown: unknown) => thrown);
  if (!(error instanceof NotifyError)) throw new Error("it did not fail");
  return error;
}

test("delivers JSON that its receiver can check: key, time and exact bytes", async () => {
  const { port, got } = await receiver();
  await channel(port).send(testAnnouncement({}, { title: "it failed with token=hunter2" }), null, never);
  const [{ headers, body, path } = { headers: {}, body: "", path: "" }] = got;
  expect(path).toBe("/hook?x=1");
  const timestamp = String(headers["vigie-timestamp"]);
  expect(timestamp).toBe(String(nowMs / 1_000));
  expect(headers["vigie-signature"]).toBe(`v1=${createHmac("sha256", "key").update(`${timestamp}.${body}`).digest("hex")}`);
  expect(headers["vigie-delivery"]).toBe("n-1");
  expect(JSON.parse(body)).toMatchObject({ version: 1, delivery: "n-1", kind: "opened", at: "2026-11-21T03:13:00.000Z", platform: "Testing", url: "https://vigie.example.org/incidents/12", incident: { number: 12, severity: "critical", title: "it failed with token=[removed]" } });
});

test.each([
  [500, {}, false, null],
  [404, {}, false, null],
  [410, {}, true, null],
  [302, { location: "http://169.254.169.254/" }, true, null],
  [429, { "retry-after": "90" }, false, 90_000],
  [503, { "retry-after": new Date(nowMs + 60_000).toUTCString() }, false, 60_000],
  [503, {}, false, null],
])("HTTP %i is no arrival", async (status, headers, permanent, retryAfterMs) => {
  const { port, got } = await receiver(status, headers);
  expect(await failure(channel(port).send(testAnnouncement(), null, never))).toMatchObject({ permanent, retryAfterMs, message: expect.stringContaining(String(status)) });
  expect(got).toHaveLength(1);
});

test("nothing is sent where egress.allow does not lead: by name, by address, or by what a name resolves to", async () => {
  const { port, got } = await receiver();
  expect(await failure(channel(port, []).send(testAnnouncement(), null, never))).toMatchObject({ permanent: true, message: expect.stringContaining("egress.allow") });
  expect(await failure(channel(port, ["127.0.0.1"]).send(testAnnouncement(), null, never))).toMatchObject({ permanent: true });
  const inside = createWebhookChannel({ url: `http://hooks.example.org:${port}/`, secret: "key", allow: ["*.example.org"], resolver: (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]) });
  expect(await failure(inside.send(testAnnouncement(), null, never))).toMatchObject({ permanent: true });
  const metadata = createWebhookChannel({ url: `http://hooks.example.org:${port}/`, secret: "key", allow: [`hooks.example.org:${port}`], resolver: (_name, _options, done) => done(null, [{ address: "169.254.169.254", family: 4 }]) });
  expect(await failure(metadata.send(testAnnouncement(), null, never))).toMatchObject({ permanent: true, message: expect.stringContaining("link-local") });
  expect(got).toEqual([]);
});

test("nobody there is a failure that passes", async () => {
  const { port } = await receiver();
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
  expect(await failure(channel(port).send(testAnnouncement(), null, never))).toMatchObject({ permanent: false, message: expect.stringContaining("cannot be reached") });
});
