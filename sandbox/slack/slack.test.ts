import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startSlack, type SandboxSlack } from "#sandbox/slack/server.ts";

let slack: SandboxSlack;
beforeAll(async () => void (slack = await startSlack({ port: 0, host: "127.0.0.1", token: "xoxb-good", channels: ["C1"] })));
beforeEach(() => slack.setFaults({ down: false, limited: false }));
afterAll(() => slack.stop());

interface Reply {
  ok: boolean;
  error?: string;
  ts?: string;
  messages?: { ts: string; metadata?: unknown }[];
}
async function call(method: string, body: object, token = "xoxb-good"): Promise<Reply & { status: number; retryAfter: string | null }> {
  const response = await fetch(`${slack.url}/api/${method}`, { method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${token}` }, body: JSON.stringify(body) });
  return { status: response.status, retryAfter: response.headers.get("retry-after"), ...((await response.json()) as Reply) };
}
const section = (text: string) => ({ type: "section", text: { type: "mrkdwn", text } });

test("a message is posted, changed, read back, and seen on the page", async () => {
  const { ts, ok } = await call("chat.postMessage", { channel: "C1", text: "first", blocks: [section("*Since* &lt;b&gt;"), { type: "header", text: { type: "plain_text", text: "<i>head</i>" } }], metadata: { event_type: "x", event_payload: { incident: "i" } } });
  expect(ok).toBe(true);
  expect(await call("chat.update", { channel: "C1", ts, text: "second", blocks: [section("*Now* &lt;b&gt;")] })).toMatchObject({ ok: true, ts });
  expect(slack.messages()).toMatchObject([{ ts, text: "second", edits: 1 }]);
  expect((await call("conversations.history", { channel: "C1", include_all_metadata: true })).messages).toEqual([{ type: "message", ts, text: "second", metadata: { event_type: "x", event_payload: { incident: "i" } } }]);
  const page = await (await fetch(slack.url)).text();
  expect(page).toContain("<b>Now</b> &lt;b&gt;");
  expect(page).toContain("edited once");
});

test.each([
  ["chat.postMessage", { channel: "C2", text: "x" }, "channel_not_found"],
  ["chat.postMessage", { channel: "C1" }, "no_text"],
  ["chat.postMessage", { text: "x" }, "invalid_arguments"],
  ["chat.postMessage", { channel: "C1", blocks: [section("x".repeat(3_001))] }, "invalid_blocks"],
  ["chat.postMessage", { channel: "C1", blocks: Array.from({ length: 51 }, () => section("x")) }, "invalid_blocks"],
  ["chat.postMessage", { channel: "C1", blocks: [{ type: "header", text: { type: "plain_text", text: "x".repeat(151) } }] }, "invalid_blocks"],
  ["chat.update", { channel: "C1", ts: "1.1", text: "x" }, "message_not_found"],
  ["chat.delete", { channel: "C1" }, "unknown_method"],
])("%s %j is refused as Slack does", async (method, body, error) => expect(await call(method, body)).toMatchObject({ status: 200, ok: false, error }));

test("another token is not good; a fault is what it says", async () => {
  expect(await call("chat.postMessage", { channel: "C1", text: "x" }, "xoxb-bad")).toMatchObject({ ok: false, error: "invalid_auth" });
  slack.setFaults({ limited: true });
  expect(await call("auth.test", {})).toMatchObject({ status: 429, retryAfter: "5" });
  slack.setFaults({ limited: false, down: true });
  expect(await call("auth.test", {})).toMatchObject({ status: 503 });
});
