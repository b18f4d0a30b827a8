import type { RequestListener } from "node:http";
import type { LookupFunction } from "node:net";
import { expect, test } from "vitest";
import { serve } from "#lib/adapters/egress/test-server.ts";
import { createUrlProbe } from "#lib/adapters/egress/url-probe.ts";

const ok: RequestListener = (_, response) => void response.end('{"status":"ok"}');
/** A resolver that gives each of these answers in turn, the last one for ever. */
const resolving = (...answers: string[][]): LookupFunction => {
  let at = 0;
  return (_, options, callback) => {
    const addresses = (answers[Math.min(at, answers.length - 1)] ?? []).map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    at += 1;
    const [first] = addresses;
    if (options.all === true || first === undefined) callback(null, addresses);
    else callback(null, first.address, first.family);
  };
};

test("an allowed address answers, with its status, body and time", async () => {
  const { port, asked } = await serve(ok);
  const probe = createUrlProbe([`127.0.0.1:${port}`]);
  const answer = await probe(`http://127.0.0.1:${port}/health?deep=1`, 2_000);
  expect(answer).toMatchObject({ status: 200, body: '{"status":"ok"}' });
  expect(answer.elapsedMs).toBeGreaterThan(0);
  expect(asked).toEqual([`GET 127.0.0.1:${port}/health?deep=1`]);
});

test("a name that is allowed with its port may lead to this machine; the connection goes to the address that was judged", async () => {
  const { port, asked } = await serve(ok);
  const probe = createUrlProbe([`status.test:${port}`], resolving(["127.0.0.1"], ["192.0.2.1"]));
  expect((await probe(`http://status.test:${port}/`, 2_000)).status).toBe(200);
  expect(asked).toEqual([`GET status.test:${port}/`]);
});

test.each([
  ["a host that is not allowed", ["other.test"], "http://status.test/", ["127.0.0.1"], /status\.test does not stand in egress\.allow/],
  ["a port that is not allowed", ["status.test"], "http://status.test:8080/", ["127.0.0.1"], /status\.test:8080 does not stand/],
  ["a name that leads to this machine", ["status.test"], "http://status.test/", ["127.0.0.1"], /is at 127\.0\.0\.1, this machine; name "status\.test:80" in egress\.allow/],
  ["a name that leads to this machine over IPv6", ["status.test"], "http://status.test/", ["::1"], /this machine/],
  ["a name that leads to this machine, IPv4 as IPv6", ["status.test"], "http://status.test/", ["::ffff:127.0.0.1"], /this machine/],
  ["a name that leads to a private network", ["*.lab.test"], "http://status.lab.test/", ["10.1.2.3"], /a private address/],
  ["a name that leads to a cloud's metadata", ["status.test:80"], "http://status.test/", ["169.254.169.254"], /link-local address/],
  ["the metadata address itself", ["*.lab.test"], "http://169.254.169.254/latest/", [], /does not stand/],
  ["an address as a number", ["status.test"], "http://2130706433/", [], /127\.0\.0\.1 does not stand/],
  ["a password in the address", ["status.test"], "http://me:secret@status.test/", ["127.0.0.1"], /not asked with a name or password/],
  ["another protocol", ["status.test"], "file:///etc/passwd", [], /does not stand/],
  ["no address", ["status.test"], "not a url", [], /is not an address/],
])("%s is refused and never asked", async (_, allow, url, addresses, sentence) => {
  await expect(createUrlProbe(allow, resolving(addresses))(url, 1_000)).rejects.toMatchObject({ code: "denied", message: expect.stringMatching(sentence) });
});

test("a name that changes its address gains nothing: it is asked for once, and the connection goes to what was judged", async () => {
  const { port, asked } = await serve(ok);
  let looks = 0;
  const first = resolving(["127.0.0.1"], ["169.254.169.254"]);
  const probe = createUrlProbe([`rebind.lab.test:${port}`, `*.lab.test:${port}`], (name, options, callback) => {
    looks += 1;
    first(name, options, callback);
  });
  expect((await probe(`http://rebind.lab.test:${port}/`, 1_000)).status).toBe(200);
  expect(looks).toBe(1);
  await expect(probe(`http://rebind.lab.test:${port}/`, 1_000)).rejects.toMatchObject({ code: "denied", message: expect.stringMatching(/169\.254\.169\.254/) });
  expect(asked).toHaveLength(1);
});

test("a redirect is the answer, and is not followed", async () => {
  const inside = await serve(ok);
  const { port } = await serve((_, response) => void response.writeHead(302, { location: `http://127.0.0.1:${inside.port}/secret` }).end());
  expect(await createUrlProbe([`127.0.0.1:${port}`])(`http://127.0.0.1:${port}/`, 1_000)).toMatchObject({ status: 302 });
  expect(inside.asked).toEqual([]);
});

test("an answer that is too large is none", async () => {
  const { port } = await serve((_, response) => void response.end(Buffer.alloc(300 * 1024)));
  await expect(createUrlProbe([`127.0.0.1:${port}`])(`http://127.0.0.1:${port}/`, 2_000)).rejects.toMatchObject({ code: "upstream", message: expect.stringMatching(/an answer of more than 256 KiB/) });
});

test.each([
  ["that never begins", ((): void => undefined) as RequestListener],
  ["that trickles", ((_, response) => {
    const timer = setInterval(() => response.write("x"), 20);
    response.on("close", () => clearInterval(timer));
  }) as RequestListener],
])("an answer %s ends with its time", async (_, answer) => {
  const { port } = await serve(answer);
  await expect(createUrlProbe([`127.0.0.1:${port}`])(`http://127.0.0.1:${port}/`, 150)).rejects.toMatchObject({ code: "upstream", message: expect.stringMatching(/no answer within 0\.15 s/) });
});

test("nobody listens", async () => {
  const { port } = await serve(ok);
  const free = port === 65_535 ? port - 1 : port + 1;
  await expect(createUrlProbe([`127.0.0.1:${free}`])(`http://127.0.0.1:${free}/`, 1_000)).rejects.toMatchObject({ code: "upstream" });
});

test("the caller's signal ends it with its own reason", async () => {
  const { port } = await serve(() => undefined);
  const stop = new AbortController();
  const asked = createUrlProbe([`127.0.0.1:${port}`])(`http://127.0.0.1:${port}/`, 5_000, stop.signal);
  stop.abort(new Error("shutting down"));
  await expect(asked).rejects.toThrow("shutting down");
});
