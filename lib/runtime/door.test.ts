import { expect, test } from "vitest";
import { parseNetwork } from "#lib/domain/client-address.ts";
import { cleanHeaders } from "#lib/runtime/door.ts";

const trusted = [parseNetwork("10.42.0.0/16")].filter((network) => network !== null);
const proxied = { "x-forwarded-for": "203.0.113.9", "x-forwarded-host": "evil.example", "x-forwarded-proto": "https", forwarded: "host=evil.example", "x-real-ip": "203.0.113.9" };

test.each<[string, Record<string, string>, string | undefined, Record<string, string>]>([
  ["a caller's own forwarded headers go, and who is there is written down", { host: "vigie", ...proxied }, "198.51.100.7", { host: "vigie", "x-vigie-peer": "198.51.100.7", "x-vigie-forwarded": "removed" }],
  ["a trusted proxy's stay", { host: "vigie", ...proxied }, "::ffff:10.42.0.3", { host: "vigie", ...proxied, "x-vigie-peer": "10.42.0.3", "x-vigie-forwarded": "believed" }],
  ["our own names are nobody else's to write", { "x-vigie-peer": "127.0.0.1", "x-vigie-forwarded": "believed" }, "198.51.100.7", { "x-vigie-peer": "198.51.100.7" }],
  ["marks between Next's parts come from nobody, not from a proxy either", { "x-middleware-subrequest": "proxy:proxy", "x-nextjs-data": "1" }, "10.42.0.3", { "x-vigie-peer": "10.42.0.3" }],
  ["a socket that is gone has no address", {}, undefined, { "x-vigie-peer": "" }],
])("%s", (_, headers, peer, expected) => {
  const given = { ...headers };
  cleanHeaders(given, peer, trusted);
  expect(given).toEqual(expected);
});
