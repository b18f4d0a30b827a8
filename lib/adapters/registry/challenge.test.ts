import { describe, expect, test } from "vitest";
import { publicRefusal } from "#lib/domain/egress.ts";
import { parseChallenge } from "#lib/adapters/registry/challenge.ts";

describe("parseChallenge", () => {
  test.each([
    [undefined, null],
    ["", null],
    ["Digest realm=\"x\"", null],
    ['Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull"', { scheme: "bearer", parameters: { realm: "https://ghcr.io/token", service: "ghcr.io", scope: "repository:a/b:pull" } }],
    ['bearer realm="https://a/t?x=1,2", service=plain', { scheme: "bearer", parameters: { realm: "https://a/t?x=1,2", service: "plain" } }],
    ['Basic realm="a", Bearer realm="https://b/t"', { scheme: "bearer", parameters: { realm: "https://b/t" } }],
    ['Basic realm="say \\"hi\\""', { scheme: "basic", parameters: { realm: 'say "hi"' } }],
  ])("%s", (header, expected) => {
    expect(parseChallenge(header)).toEqual(expected);
  });

  test("a hostile header costs no time", () => {
    const started = performance.now();
    parseChallenge(`Bearer ${"a=".repeat(2_000)}`);
    parseChallenge(`Bearer realm="${"\\".repeat(4_000)}`);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

test.each([
  ["8.8.8.8", true], ["2606:4700::1111", true],
  ["127.0.0.1", false], ["10.1.2.3", false], ["172.31.0.1", false], ["192.168.1.1", false], ["169.254.169.254", false], ["100.64.0.1", false], ["0.0.0.0", false], ["224.0.0.1", false],
  ["::1", false], ["::", false], ["fe80::1", false], ["fd00::1", false], ["::ffff:127.0.0.1", false], ["::ffff:7f00:1", false], ["::ffff:8.8.8.8", true], ["not an address", false],
])("%s public: %s", (address, expected) => {
  expect(publicRefusal(address) === null).toBe(expected);
});
