import { expect, test } from "vitest";
import { egressMistake, isAllowed, parseEgress, refusedAddress } from "#lib/domain/egress.ts";

const allowed = (entry: string, url: string) => isAllowed(parseEgress([entry]), new URL(url));

test.each([
  ["status.example.org", "https://status.example.org/health", true],
  ["status.example.org", "https://STATUS.example.org./health", true],
  ["status.example.org", "https://status.example.org:8443/", false],
  ["status.example.org:8443", "https://status.example.org:8443/", true],
  ["status.example.org:443", "https://status.example.org/", true],
  ["status.example.org", "https://evil-status.example.org/", false],
  ["status.example.org", "https://status.example.org.evil.net/", false],
  ["status.example.org", "https://status.example.org@evil.net/", false],
  ["*.example.org", "https://a.b.example.org/", true],
  ["*.example.org", "https://example.org/", false],
  ["*.example.org", "https://evilexample.org/", false],
  ["10.0.3.7:8080", "http://10.0.3.7:8080/", true],
  ["10.0.3.7", "http://167772935/", true], // the same address, written as a number
  ["[::1]:9000", "http://[0:0::1]:9000/", true],
  ["status.example.org", "ftp://status.example.org/", false],
])("%s lets %s through: %s", (entry, url, expected) => expect(allowed(entry, url)).toBe(expected));

const refused = (entry: string, url: string, address: string) => refusedAddress(parseEgress([entry]), new URL(url), address);
test.each([
  ["a public address", "status.example.org", "https://status.example.org/", "93.184.216.34", null],
  ["a public IPv6 address", "status.example.org", "https://status.example.org/", "2606:2800:220:1::1", null],
  ["a private address", "status.example.org", "https://status.example.org/", "10.0.0.5", /a private address; name "status\.example\.org:443"/],
  ["a private address of a host named with its port", "status.example.org:443", "https://status.example.org/", "10.0.0.5", null],
  ["a private address behind a wildcard", "*.example.org:443", "https://status.example.org/", "10.0.0.5", /a private address/],
  ["this machine", "status.example.org", "http://status.example.org/", "127.0.0.1", /this machine/],
  ["this machine over IPv6", "status.example.org", "http://status.example.org/", "::1", /this machine/],
  ["this machine, IPv4 written as IPv6", "status.example.org", "http://status.example.org/", "::ffff:127.0.0.1", /this machine/],
  ["this machine, IPv4 written as IPv6 in hex", "status.example.org", "http://status.example.org/", "::ffff:7f00:1", /this machine/],
  ["a cloud's metadata", "status.example.org", "http://status.example.org/", "169.254.169.254", /link-local address \(machines' metadata\)/],
  ["a cloud's metadata, although the host is named with its port", "status.example.org:80", "http://status.example.org/", "169.254.169.254", /link-local/],
  ["a cloud's metadata, IPv4 written as IPv6", "status.example.org:80", "http://status.example.org/", "::ffff:169.254.169.254", /link-local/],
  ["Azure's metadata, which looks public", "status.example.org", "http://status.example.org/", "168.63.129.16", /link-local/],
  ["Oracle's metadata over IPv6, although the host is named with its port", "status.example.org:80", "http://status.example.org/", "fd00:c1::a9fe:a9fe", /link-local/],
  ["an address that is named", "169.254.169.254", "http://169.254.169.254/", "169.254.169.254", null],
  ["the unspecified address", "status.example.org:80", "http://status.example.org/", "0.0.0.0", /reserved/],
  ["NAT64 of a private address", "status.example.org", "http://status.example.org/", "64:ff9b::a00:5", /reserved/],
  ["a unique local address", "status.example.org", "http://status.example.org/", "fd00::5", /a private address/],
  ["multicast", "status.example.org:80", "http://status.example.org/", "224.0.0.1", /reserved/],
  ["no address", "status.example.org", "http://status.example.org/", "example", /is no address/],
])("%s", (_, entry, url, address, expected) => {
  const refusal = refused(entry, url, address);
  if (expected === null) expect(refusal).toBeNull();
  else expect(refusal).toMatch(expected);
});

test.each([["status.example.org", true], ["*.example.org", true], ["10.0.3.7:8080", true], ["[2001:db8::1]:80", true], ["2001:db8::1", true], ["localhost:9090", true], ["https://x.org", false], ["x.org/path", false], ["x.org:0", false], ["x.org:99999", false], ["*", false], ["*.org", false], ["127.1", false], ["a b", false]])("egress entry %s can be read: %s", (entry, expected) =>
  expect(egressMistake(entry) === null).toBe(expected));
