import { expect, test } from "vitest";
import { configSchema } from "#lib/contracts/config.ts";
import { checkConfig } from "#lib/domain/config-rules.ts";
import { testConfig } from "#lib/services/test-context.ts";

const now = new Date("2026-11-21T00:00:00Z");
const slack = { kind: "slack", name: "ops", token: "env:SLACK", to: "C0123456789" };
const email = { kind: "email", name: "mail", host: "smtp.example.org", sender: "vigie@example.org", to: ["oncall@example.org"] };
const webhook = { kind: "webhook", name: "hook", url: "https://hooks.example.org/x", secret: "env:HOOK" };

function mistakes(given: Record<string, unknown>): string[] {
  return checkConfig(configSchema.parse({ ...testConfig, ...given }), now).map(({ path, expected }) => `${path.join(".")}: ${expected}`);
}

test("channels of all kinds, and runbooks of both forms, are fine as the documentation has them", () => {
  expect(mistakes({ notifications: [slack, { ...email, username: "vigie", password: "env:SMTP", environments: ["prod"], from: "critical" }, webhook], egress: { allow: ["hooks.example.org"] }, runbooks: { folder: "./runbooks", url: "https://wiki.example.org/$runbook?alert=$alert", allow: ["wiki.example.org"] } })).toEqual([]);
});

test.each([
  [{ notifications: [slack, { ...email, name: "ops" }] }, 'notifications.1.name: another name: "ops" stands above'],
  [{ notifications: [{ ...slack, environments: ["prod", "mars"] }] }, "notifications.0.environments.1: one of the environments: dev, staging, prod"],
  [{ notifications: [{ ...email, username: "vigie" }] }, "notifications.0: username and password together, or neither"],
  [{ notifications: [{ ...email, host: "smtp://smtp.example.org" }] }, "notifications.0.host: the host of a mail server, without protocol or port"],
  [{ notifications: [webhook] }, 'notifications.0.url: a host that stands in egress.allow: "hooks.example.org" does not (nothing does)'],
  [{ notifications: [{ ...webhook, url: "https://a:b@hooks.example.org/" }], egress: { allow: ["hooks.example.org"] } }, "notifications.0.url: an address without a name or password in it"],
  [{ runbooks: { allow: ["https://wiki.example.org"] } }, 'runbooks.allow.0: a host such as status.example.org, *.example.org or 10.0.3.7:8080 (no protocol, no path), not "https://wiki.example.org"'],
  [{ runbooks: { url: "https://wiki.example.org/$name", allow: ["wiki.example.org"] } }, "runbooks.url: only the variables $alert and $runbook, not $name"],
  [{ runbooks: { url: "javascript:alert($alert)", allow: [] } }, 'runbooks.url: an http or https address whose host stands in runbooks.allow: "javascript:alert(alert)" is no address of a web page.'],
  [{ runbooks: { url: "https://wiki.example.org/$alert", allow: ["example.org"] } }, "runbooks.url: an http or https address whose host stands in runbooks.allow: https://wiki.example.org/alert is not linked: wiki.example.org does not stand in runbooks.allow (vigie.yaml)."],
])("%j is a mistake", (given, expected) => expect(mistakes(given)).toEqual([expected]));
