import type { RequestListener } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { ask, configuredAddress } from "#lib/adapters/egress/outgoing.ts";
import { startTestDns } from "#lib/adapters/egress/test-dns.ts";
import type { TestDns } from "#lib/adapters/egress/test-dns.ts";
import { serve } from "#lib/adapters/egress/test-server.ts";
import { createUrlProbe } from "#lib/adapters/egress/url-probe.ts";
import { createWebhookChannel } from "#lib/adapters/notify/webhook.ts";

/** The service inside that nobody may reach: it remembers who did. */
const inner: RequestListener = (_, response) => void response.end('{"secret":"inside"}');
async function dns(zone: Record<string, string[]>): Promise<TestDns> {
  const server = await startTestDns(zone);
  onTestFinished(() => server.stop());
  return server;
}
const get = (url: string, server: TestDns, reach: "configured" | "public" = "configured") => ask({ method: "GET", url: new URL(url), headers: {}, timeoutMs: 10_000, maximumBytes: 1_000, reach, resolver: server.lookup });

describe("ACCEPTANCE 48: a request that is to lead inside", () => {
  test.each<[string, string[]]>([
    ["this machine", ["127.0.0.1"]],
    ["this machine over IPv6", ["::1"]],
    ["this machine, IPv4 as IPv6", ["::ffff:127.0.0.1"]],
    ["a private network", ["10.0.0.7"]],
    ["a cloud's metadata", ["169.254.169.254"]],
    ["a cloud's metadata, IPv4 as IPv6", ["::ffff:169.254.169.254"]],
    ["a cloud's metadata through NAT64", ["64:ff9b::a9fe:a9fe"]],
    ["Oracle's metadata over IPv6", ["fd00:c1::a9fe:a9fe"]],
    ["nowhere (0.0.0.0)", ["0.0.0.0"]],
  ])("a name that an allowed pattern covers and that leads to %s is stopped when connecting", async (_, addresses) => {
    const names = await dns({ "status.lab.test": addresses });
    const inside = await serve(inner);
    await expect(createUrlProbe(["*.lab.test", `*.lab.test:${inside.port}`], names.lookup)(`http://status.lab.test:${inside.port}/`, 10_000)).rejects.toMatchObject({ code: "denied" });
    expect(names.asked).toContain(addresses[0]?.includes(":") ? "status.lab.test AAAA" : "status.lab.test A");
    expect(inside.asked).toEqual([]);
  });

  test("rebinding: a name that is outside when it is looked at and inside when it is connected to gains nothing", async () => {
    const inside = await serve(inner);
    // 192.0.2.1 is reserved for documentation and reaches nobody; a public one would be asked for real.
    const names = await dns({ "rebind.lab.test": ["127.0.0.1", "169.254.169.254"] });
    const probe = createUrlProbe([`rebind.lab.test:${inside.port}`], names.lookup);
    expect(await probe(`http://rebind.lab.test:${inside.port}/first`, 10_000)).toMatchObject({ status: 200 });
    // One look-up per connection: what was judged is what is connected to, there is no second answer in between.
    expect(names.asked.filter((one) => one === "rebind.lab.test A")).toHaveLength(1);
    await expect(probe(`http://rebind.lab.test:${inside.port}/second`, 10_000)).rejects.toMatchObject({ code: "denied", message: expect.stringContaining("169.254.169.254") });
    expect(inside.asked).toEqual([`GET rebind.lab.test:${inside.port}/first`]);
  });

  test("a redirect to the inside is an answer, not a way", async () => {
    const inside = await serve(inner);
    const outside = await serve((_, response) => void response.writeHead(302, { location: `http://127.0.0.1:${inside.port}/latest/meta-data/` }).end());
    const names = await dns({});
    expect(await get(`http://127.0.0.1:${outside.port}/`, names)).toMatchObject({ status: 302 });
    expect(inside.asked).toEqual([]);
  });

  test("configured addresses lead to private networks, but never to metadata", async () => {
    const inside = await serve(inner);
    const names = await dns({ "prometheus.monitoring.test": ["127.0.0.1"], "rebound.monitoring.test": ["169.254.169.254"], "six.monitoring.test": ["fd00:ec2::254"] });
    expect(await get(`http://prometheus.monitoring.test:${inside.port}/api`, names)).toMatchObject({ status: 200 });
    await expect(get("http://rebound.monitoring.test/", names)).rejects.toThrow(/169\.254\.169\.254, a link-local address/);
    await expect(get("http://six.monitoring.test/", names)).rejects.toThrow(/link-local address/);
    await expect(configuredAddress("rebound.monitoring.test", names.lookup)).rejects.toThrow(/link-local address/);
    expect(await configuredAddress("prometheus.monitoring.test", names.lookup)).toBe("127.0.0.1");
  });

  test("hosts that somebody else named are asked over TLS at public addresses only", async () => {
    const inside = await serve(inner);
    const names = await dns({ "evil.test": ["127.0.0.1"], "mapped.test": ["::ffff:10.1.2.3"] });
    await expect(get(`https://evil.test:${inside.port}/`, names, "public")).rejects.toThrow(/no public address/);
    await expect(get("https://mapped.test/", names, "public")).rejects.toThrow(/no public address/);
    await expect(get("https://[::ffff:7f00:1]/", names, "public")).rejects.toThrow(/not a public address/);
    await expect(get("http://evil.test/", names, "public")).rejects.toThrow(/without TLS/);
    expect(inside.asked).toEqual([]);
  });

  test("a notification's webhook is held to egress.allow", async () => {
    const inside = await serve(inner);
    const names = await dns({ "hooks.lab.test": ["127.0.0.1"] });
    const announcement = { id: "n1", kind: "opened" as const, at: new Date(), platform: "P", incidentId: null, incident: null, link: null, attempt: 1 };
    const channel = createWebhookChannel({ url: `http://hooks.lab.test:${inside.port}/`, secret: "s", allow: [`*.lab.test:${inside.port}`], resolver: names.lookup });
    // The shape of the announcement does not matter here: it never leaves.
    await expect(channel.send(announcement as unknown as Parameters<typeof channel.send>[0], null, AbortSignal.timeout(10_000))).rejects.toThrow(/this machine/);
    expect(inside.asked).toEqual([]);
  });

  test("an answer that is too long, and one that never ends, end", async () => {
    const names = await dns({});
    const long = await serve((_, response) => void response.end(Buffer.alloc(5_000)));
    await expect(get(`http://127.0.0.1:${long.port}/`, names)).rejects.toThrow(/an answer of more than 1000 bytes/);
    const silent = await serve(() => undefined);
    await expect(ask({ method: "GET", url: new URL(`http://127.0.0.1:${silent.port}/`), headers: {}, timeoutMs: 200, maximumBytes: 1_000, reach: "configured" })).rejects.toThrow(/no answer within 0\.2 s/);
  });
});
