import { expect, test } from "vitest";
import type { NotificationsResponse } from "#lib/contracts/notification.ts";
import { fixtureNow } from "#components/query/fixtures.ts";
import { Notifications } from "#components/settings/notifications.tsx";
import { renderHtml, renderText } from "#components/test-render.tsx";

const at = (minutes: number): string => new Date(Date.parse(fixtureNow) - minutes * 60_000).toISOString();
const channel = { name: "ops", kind: "slack" as const, to: "C0123456789", from: "warning" as const, environments: null, lastSentAt: null, failing: null, notBefore: null, waiting: 0, dead: 0 };
const never = () => Promise.reject(new Error("nothing is pressed in a first HTML"));
const show = (initial: NotificationsResponse, grants?: Parameters<typeof renderText>[1]) => renderText(<Notifications initial={initial} sendTest={never} sendAgain={never} />, grants);

test("says of each channel whether it works, since when it does not, and with which words", () => {
  const text = show({
    channels: [channel, { ...channel, name: "mail", kind: "email", to: "oncall@example.org", from: "critical", environments: ["prod"], lastSentAt: at(3) }, { ...channel, name: "hook", kind: "webhook", to: "hooks.example.org", from: "info", waiting: 2, failing: { since: at(12), at: at(1), sentence: "hooks.example.org answered with HTTP 500." } }],
    dead: [{ id: "n", channel: "hook", kind: "opened", incident: { number: 12, title: "<b>voyage</b> fails", environment: "prod" }, createdAt: at(90), deadAt: at(20), attempts: 12, sentence: "hooks.example.org answered with HTTP 500." }],
  });
  for (const words of [
    "never used ops Slack to C0123456789, warning and worse Nothing was sent yet", "works mail e-mail to oncall@example.org, critical only, of prod Last sent 3 min ago",
    "failing hook webhook to hooks.example.org, all severities Since 12 min ago : hooks.example.org answered with HTTP 500.", "2 waiting",
    "Could not be told hook #12 opened: <b>voyage</b> fails hooks.example.org answered with HTTP 500. Given up 20 min ago , after 12 attempts. Send again",
  ]) expect(text).toContain(words);
});

test("who may not send sees why the button does nothing", () => {
  const html = renderHtml(<Notifications initial={{ channels: [channel], dead: [] }} sendTest={never} sendAgain={never} />, { grants: [{ role: "viewer", environments: "*" }] });
  expect(html).toMatch(/aria-disabled="true"[^>]*title="Sending a test takes the role [^"]+"|title="Sending a test takes the role [^"]+"[^>]*aria-disabled="true"/);
});

test("without a channel it says that nobody is told", () => expect(show({ channels: [], dead: [] })).toContain("Nobody is told of incidents"));
