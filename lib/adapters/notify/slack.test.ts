import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { slackMessage } from "#lib/adapters/notify/slack-blocks.ts";
import { createSlackChannel } from "#lib/adapters/notify/slack.ts";
import { hostileTitle, testAnnouncement } from "#lib/adapters/notify/test-announcement.ts";
import { notificationText } from "#lib/domain/notification-text.ts";
import { NotifyError } from "#lib/ports/notify.ts";

interface Asked {
  method: string;
  authorization: string | undefined;
  body: Record<string, unknown>;
}
type Answer = { status?: number; headers?: Record<string, string>; body: unknown } | "drop";

let server: Server | undefined;
afterEach(() => void (server?.closeAllConnections(), server?.close()));

async function slackAnswering(answer: (asked: Asked) => Answer): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  server = createServer((request, response) => {
    void read(request).then((text) => {
      const form = request.headers["content-type"] === "application/x-www-form-urlencoded";
      const one = { method: (request.url ?? "").slice("/api/".length), authorization: request.headers.authorization, body: form ? Object.fromEntries(new URLSearchParams(text)) : (JSON.parse(text) as Record<string, unknown>) };
      asked.push(one);
      const reply = answer(one);
      if (reply === "drop") return request.socket.destroy();
      response.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers }).end(typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body));
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server?.once("listening", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`, asked };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

const never = new AbortController().signal;
const posted = { body: { ok: true, ts: "17.000100", channel: "C9" } };

async function failure(answer: (asked: Asked) => Answer): Promise<NotifyError> {
  const { url } = await slackAnswering(answer);
  const error = await createSlackChannel({ url, token: "xoxb-secret-secret", to: "C9" }).send(testAnnouncement(), null, never).then(() => null, (thrown: unknown) => thrown);
  if (!(error instanceof NotifyError)) throw new Error("it did not fail");
  expect(error.message).not.toContain("xoxb");
  return error;
}

describe("one message per incident", () => {
  test("posted once with the token, then updated where it stands", async () => {
    const { url, asked } = await slackAnswering(() => posted);
    const slack = createSlackChannel({ url, token: "xoxb-secret-secret", to: "C9" });
    const { thread } = await slack.send(testAnnouncement(), null, never);
    expect(thread).toBe("C9:17.000100");
    await slack.send(testAnnouncement({ kind: "resolved" }, { status: "resolved", resolved: { at: "2026-11-21T03:20:00.000Z", by: "Vigie" } }), thread, never);
    expect(asked.map(({ method, authorization, body }) => [method, authorization, body.channel, body.ts])).toEqual([["chat.postMessage", "Bearer xoxb-secret-secret", "C9", undefined], ["chat.update", "Bearer xoxb-secret-secret", "C9", "17.000100"]]);
    expect(JSON.stringify(asked[1]?.body.blocks)).toContain("resolved 2026-11-21 03:20 UTC by Vigie");
  });

  test("a message that was deleted is posted anew", async () => {
    const { url, asked } = await slackAnswering(({ method }) => (method === "chat.update" ? { body: { ok: false, error: "message_not_found" } } : posted));
    expect(await createSlackChannel({ url, token: "t", to: "C9" }).send(testAnnouncement(), "C9:1.1", never)).toEqual({ thread: "C9:17.000100" });
    expect(asked.map(({ method }) => method)).toEqual(["chat.update", "chat.postMessage"]);
  });

  test("a post whose answer was lost is found again and updated, not posted twice", async () => {
    const { url, asked } = await slackAnswering(({ method }) => (method === "conversations.history" ? { body: { ok: true, messages: [{ ts: "5.5" }, { ts: "17.000100", metadata: { event_type: "vigie_incident", event_payload: { incident: "i-1" } } }] } } : posted));
    expect(await createSlackChannel({ url, token: "t", to: "C9" }).send(testAnnouncement({ attempt: 2 }), null, never)).toEqual({ thread: "C9:17.000100" });
    expect(asked.map(({ method }) => method)).toEqual(["conversations.history", "chat.update"]);
    expect(asked[0]?.body).toMatchObject({ channel: "C9", include_all_metadata: "true" });
  });

  test("without the right to look, it is posted", async () => {
    const { url, asked } = await slackAnswering(({ method }) => (method === "conversations.history" ? { body: { ok: false, error: "missing_scope" } } : posted));
    await createSlackChannel({ url, token: "t", to: "C9" }).send(testAnnouncement({ attempt: 2 }), null, never);
    expect(asked.map(({ method }) => method)).toEqual(["conversations.history", "chat.postMessage"]);
  });

  test("a test of the channel is of no incident", async () => {
    const { url, asked } = await slackAnswering(() => posted);
    expect(await createSlackChannel({ url, token: "t", to: "C9" }).send(testAnnouncement({ kind: "test", incidentId: null, incident: null, by: "Ada" }), null, never)).toEqual({ thread: null });
    expect(JSON.stringify(asked[0]?.body)).toContain("Ada");
  });
});

describe("what fails", () => {
  test("429 is told with how long to wait, and nothing else", async () => {
    expect(await failure(() => ({ status: 429, headers: { "retry-after": "27" }, body: "" }))).toMatchObject({ retryAfterMs: 27_000, permanent: false });
  });
  test.each([["invalid_auth", true], ["channel_not_found", true], ["invalid_blocks", true], ["internal_error", false], ["service_unavailable", false]])("%s: for good? %s", async (error, permanent) => {
    const failed = await failure(() => ({ body: { ok: false, error } }));
    expect(failed).toMatchObject({ permanent, retryAfterMs: null, message: expect.stringContaining(error) });
  });
  test("500, a page instead of JSON, a redirect, a dropped connection, nobody there", async () => {
    expect((await failure(() => ({ status: 500, body: "" }))).message).toContain("HTTP 500");
    expect((await failure(() => ({ body: "<html>" }))).message).toContain("does not speak Slack's Web API");
    expect((await failure(() => ({ body: { fine: 1 } }))).message).toContain("does not speak Slack's Web API");
    expect((await failure(() => ({ status: 302, headers: { location: "http://127.0.0.1:1/" }, body: "" }))).message).toContain("not followed");
    expect((await failure(() => "drop")).message).toContain("cannot be reached");
  });
});

describe("Block Kit", () => {
  const long = "&<>é😀".repeat(2_000);
  test("limits are kept, whatever is told", () => {
    const message = slackMessage({ subject: long, cause: long, facts: Array.from({ length: 30 }, () => ({ name: long, value: long })), link: `https://vigie.example.org/${"x".repeat(4_000)}` });
    expect(message.blocks.length).toBeLessThanOrEqual(50);
    const [header, section, facts] = message.blocks as [{ text: { text: string } }, { text: { text: string } }, { fields: { text: string }[] }];
    expect(header.text.text.length).toBeLessThanOrEqual(150);
    expect(section.text.text.length).toBeLessThanOrEqual(3_000);
    expect(facts.fields.length).toBeLessThanOrEqual(10);
    for (const field of facts.fields) expect(field.text).toSatisfy((text: string) => text.length <= 2_000 && !/&[a-z]*…$/.test(text) && text.isWellFormed());
    expect(message.text.length).toBeLessThanOrEqual(3_000);
    expect(JSON.stringify(message.blocks)).not.toContain("button");
  });

  test("no mention, no link, no secret comes out of a text; what is to be known is in it", () => {
    const text = notificationText(testAnnouncement({}, { title: hostileTitle, assignee: { id: "u", name: "<@U123>" }, suspect: { changeId: "c", summary: "<!here> v2", release: 214, verdict: "worse" } }));
    const message = slackMessage(text);
    const marked = JSON.stringify([message.text, message.blocks.flatMap((block) => (block.fields as { text: string }[] | undefined)?.map((field) => field.text) ?? [])]);
    expect(marked).not.toMatch(/[<>]/);
    expect(marked).not.toContain("hunter2");
    for (const words of ["*Since*", "2026-11-21 03:12 UTC", "critical", "core in prod", "&lt;@U123&gt;", "R-214", "worse"]) expect(marked).toContain(words);
    expect(message.blocks.at(-1)).toMatchObject({ elements: [{ url: "https://vigie.example.org/incidents/12" }] });
  });
});
