import { describe, expect, test } from "vitest";
import { callerAddress, limitPlace, networkMistake, parseNetwork } from "#lib/domain/client-address.ts";

const networks = (...texts: string[]) => texts.map(parseNetwork).filter((network) => network !== null);

describe("where a request came from", () => {
  test.each<[string, string | null, string | null, string[], string | null]>([
    ["the socket's address, whatever the header says", "198.51.100.7", "10.0.0.1, 127.0.0.1", [], "198.51.100.7"],
    ["IPv4 written as IPv6 is IPv4", "::ffff:198.51.100.7", null, [], "198.51.100.7"],
    ["what a trusted proxy saw", "10.42.0.3", "203.0.113.9", ["10.42.0.0/16"], "203.0.113.9"],
    ["what a trusted proxy saw, not what the caller wrote in front of it", "10.42.0.3", "127.0.0.1, 10.42.0.9, 203.0.113.9", ["10.42.0.0/16"], "203.0.113.9"],
    ["through two trusted proxies", "::ffff:10.42.0.3", "6.6.6.6, 203.0.113.9, 192.0.2.80", ["10.42.0.0/16", "192.0.2.80"], "203.0.113.9"],
    ["all trusted: the outermost of them", "10.42.0.3", "10.42.0.7", ["10.42.0.0/16"], "10.42.0.7"],
    ["a header that is no address ends the walk", "10.42.0.3", "203.0.113.9, unknown", ["10.42.0.0/16"], "10.42.0.3"],
    ["a port and brackets are no part of it", "fd00::1", '"[2001:db8::5]:4711"', ["fd00::/8"], "2001:db8::5"],
    ["IPv4 with a port", "fd00::1", "203.0.113.9:4711", ["fd00::/8"], "203.0.113.9"],
    ["a number is no address", "10.42.0.3", "2130706433", ["10.42.0.0/16"], "10.42.0.3"],
    ["no socket, no address", null, "203.0.113.9", ["0.0.0.0/1"], null],
  ])("%s", (_, peer, header, trusted, expected) => {
    expect(callerAddress(peer, header, networks(...trusted))).toBe(expected);
  });
});

test.each<[string, boolean]>([["10.42.0.0/16", true], ["192.0.2.80", true], ["fd00::/8", true], ["::1", true], ["0.0.0.0/0", false], ["::/0", false], ["proxy.example.org", false], ["10.42.0.0/33", false], ["10.42", false], ["", false]])("server.trustedProxies %j is taken: %s", (text, taken) => {
  expect(networkMistake(text) === null).toBe(taken);
});

test("one caller's IPv6 addresses count as one, others' do not", () => {
  expect(limitPlace("2001:db8:1:2:3::4")).toBe(limitPlace("2001:db8:1:2:ffff::1"));
  expect(limitPlace("2001:db8:1:2::1")).not.toBe(limitPlace("2001:db8:1:3::1"));
  expect(limitPlace("203.0.113.9")).toBe("203.0.113.9");
});
