import { expect, test } from "vitest";
import { framePermission } from "#lib/domain/frame-permission.ts";

const grafana = "https://grafana.example.org";
const portal = "https://vigie.example.org";

test.each<[string, Parameters<typeof framePermission>[0], string, boolean]>([
  ["nothing said", {}, portal, true],
  ["deny, as Grafana does by default", { "x-frame-options": "deny" }, portal, false],
  ["SAMEORIGIN for another origin", { "x-frame-options": "SAMEORIGIN" }, portal, false],
  ["SAMEORIGIN for its own", { "x-frame-options": "SAMEORIGIN" }, grafana, true],
  ["two values that differ", { "x-frame-options": "sameorigin, deny" }, grafana, false],
  ["a value that no browser knows", { "x-frame-options": "ALLOW-FROM https://elsewhere.example" }, portal, true],
  ["frame-ancestors before X-Frame-Options", { "x-frame-options": "deny", "content-security-policy": `frame-ancestors ${portal}` }, portal, true],
  ["'none'", { "content-security-policy": "default-src *; frame-ancestors 'none'" }, portal, false],
  ["an empty list", { "content-security-policy": "frame-ancestors" }, portal, false],
  ["'self'", { "content-security-policy": "frame-ancestors 'self'" }, portal, false],
  ["a wildcard of hosts", { "content-security-policy": "frame-ancestors *.example.org" }, portal, true],
  ["the wildcard's own name", { "content-security-policy": "frame-ancestors *.example.org" }, "https://example.org", false],
  ["another port", { "content-security-policy": "frame-ancestors vigie.example.org:8443" }, portal, false],
  ["a scheme alone", { "content-security-policy": "frame-ancestors https:" }, portal, true],
  ["http that became https", { "content-security-policy": "frame-ancestors http://vigie.example.org:*" }, portal, true],
  ["two policies, one of which refuses", { "content-security-policy": `frame-ancestors ${portal}, frame-ancestors 'self'` }, portal, false],
  ["a policy about other things", { "content-security-policy": "script-src 'self'" }, portal, true],
])("%s", (_what, headers, origin, allowed) => {
  expect(framePermission(headers, grafana, origin).allowed).toBe(allowed);
});
