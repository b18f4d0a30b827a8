import { afterAll, beforeAll, expect, test } from "vitest";
import { createSlackChannel } from "#lib/adapters/notify/slack.ts";
import { hostileTitle, testAnnouncement } from "#lib/adapters/notify/test-announcement.ts";
import { startSlack, type SandboxSlack } from "#sandbox/slack/server.ts";

let slack: SandboxSlack;
beforeAll(async () => void (slack = await startSlack({ port: 0, host: "127.0.0.1", token: "xoxb-good", channels: ["C1"] })));
afterAll(() => slack.stop());

const never = new AbortController().signal;
const channel = (token = "xoxb-good") => createSlackChannel({ url: `${slack.url}/api`, token, to: "C1" });

test("the sandbox's Slack takes what Vigie sends: posted, found again, updated", async () => {
  const { thread } = await channel().send(testAnnouncement({}, { title: hostileTitle.repeat(20) }), null, never);
  expect(await channel().send(testAnnouncement({ at: new Date(), attempt: 2 }), null, never)).toEqual({ thread });
  expect(await channel().send(testAnnouncement({ kind: "acknowledged" }, { status: "acknowledged", acknowledged: { by: { id: "u", name: "Ada" }, at: "2026-11-21T03:14:00.000Z" } }), thread, never)).toEqual({ thread });
  expect(slack.messages()).toHaveLength(1);
  expect(slack.messages()[0]).toMatchObject({ edits: 2 });
  expect(await (await fetch(slack.url)).text()).toContain("acknowledged 2026-11-21 03:14 UTC by Ada");
});

test("its refusals are told as Slack's", async () => {
  await expect(channel("xoxb-bad").send(testAnnouncement(), null, never)).rejects.toMatchObject({ permanent: true, message: expect.stringContaining("the token is not valid") });
  slack.setFaults({ limited: true });
  await expect(channel().send(testAnnouncement(), null, never)).rejects.toMatchObject({ retryAfterMs: 5_000 });
  slack.setFaults({ limited: false });
});
