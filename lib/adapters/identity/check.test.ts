import { describe, expect, test } from "vitest";
import { checkIdentity } from "#lib/adapters/identity/check.ts";
import { configSchema } from "#lib/contracts/config.ts";
import { testConfig } from "#lib/services/test-context.ts";

function config(issuer: string, url?: string) {
  return configSchema.parse({ ...testConfig, server: url === undefined ? {} : { url }, access: { ...testConfig.access, providers: [{ id: "sso", kind: "oidc", title: "SSO", issuer, clientId: "vigie", clientSecret: "env:X" }] } });
}

describe("where people may sign in", () => {
  test.each([
    ["the demo: everything on loopback", "http://127.0.0.1:4000", undefined, "127.0.0.1"],
    ["the demo by name", "http://localhost:4000", "http://localhost:3000", "::1"],
    ["a real service, tried on loopback", "https://id.example.org", undefined, "127.0.0.1"],
    ["a real portal", "https://id.example.org", "https://vigie.example.org", "0.0.0.0"],
    ["a real portal behind a proxy on the same machine", "https://id.example.org", "https://vigie.example.org", "127.0.0.1"],
  ])("allowed: %s", (_, issuer, url, host) => {
    expect(() => checkIdentity(config(issuer, url), host)).not.toThrow();
  });

  test.each([
    ["the demo's accounts on a portal for others", "http://127.0.0.1:4000", "https://vigie.example.org", "0.0.0.0", /only while the portal itself listens on loopback/],
    ["the demo's accounts behind a proxy", "http://127.0.0.1:4000", "https://vigie.example.org", "127.0.0.1", /only while the portal itself listens on loopback/],
    ["the demo's accounts on all addresses", "http://127.0.0.1:4000", "http://127.0.0.1:3000", "0.0.0.0", /only while/],
    ["a service elsewhere without TLS", "http://id.example.org", undefined, "127.0.0.1", /plain http \(http:\/\/id\.example\.org\)/],
    ["a portal elsewhere without TLS", "https://id.example.org", "http://vigie.example.org", "0.0.0.0", /in the clear/],
    ["a portal that does not know its address", "https://id.example.org", undefined, "0.0.0.0", /server\.url is missing/],
    ["a host that only begins like loopback", "http://127.0.0.1.evil.example", undefined, "127.0.0.1", /plain http/],
  ])("refused: %s", (_, issuer, url, host, sentence) => {
    expect(() => checkIdentity(config(issuer, url), host)).toThrow(sentence);
  });
});
