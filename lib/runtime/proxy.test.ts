import { createHash } from "node:crypto";
import { NextRequest } from "next/server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { proxy } from "../../proxy.ts";

beforeEach(() => {
  process.env.NEXTAUTH_URL = "http://127.0.0.1:3000";
});
afterEach(() => {
  delete process.env.NEXTAUTH_URL;
  delete process.env.VIGIE_FRAME_ORIGIN;
});

async function send(path: string, options: { method?: string; headers?: Record<string, string>; signedIn?: boolean; body?: string } = {}) {
  const host = new URL(process.env.NEXTAUTH_URL ?? "").host;
  const cookie: Record<string, string> = options.signedIn ? { cookie: "vigie-session=x" } : {};
  return proxy(new NextRequest(`http://${host}${path}`, { method: options.method ?? "GET", headers: { host, ...cookie, ...options.headers }, ...(options.body !== undefined && { body: options.body }) }));
}
const own = { origin: "http://127.0.0.1:3000", "sec-fetch-site": "same-origin", "next-action": "7f".repeat(21), "content-type": "text/plain;charset=UTF-8", "content-length": "2" };
const passedOn = (response: Response) => response.headers.get("x-middleware-next") === "1";

describe("pages", () => {
  test("carry a policy with a nonce of their own, and are framed by nobody", async () => {
    const [first, second] = await Promise.all([send("/", { signedIn: true }), send("/", { signedIn: true })]);
    const policies = [first, second].map((response) => response.headers.get("content-security-policy") ?? "");
    expect(policies[0]).toMatch(/script-src 'nonce-[\w+/=]{24}' 'strict-dynamic'; style-src 'self' 'nonce-/);
    expect(policies[0]).toContain("frame-ancestors 'none'");
    // By this very attribute React hides a part of an SVG that it sends late; nothing else is let through.
    const hidden = `style-src-attr 'unsafe-hashes' 'sha256-${createHash("sha256").update("display:none").digest("base64")}';`;
    expect(policies[0]).toContain(hidden);
    expect(policies[0]?.replace(hidden, "")).not.toMatch(/unsafe/);
    expect(policies[0]).not.toBe(policies[1]);
    expect(first.headers.get("x-middleware-request-x-nonce")).toBe(/'nonce-([^']+)'/.exec(policies[0] ?? "")?.[1]);
    expect(first.headers.get("x-frame-options")).toBe("DENY");
    expect(first.headers.get("strict-transport-security")).toBeNull();
  });

  test.each<[string, string]>([
    ["", "frame-src 'none'"],
    ["https://grafana.example.org:3000", "frame-src https://grafana.example.org:3000"],
    ["https://grafana.example.org/with/a/path", "frame-src https://grafana.example.org"],
    ["*", "frame-src 'none'"],
    ["https: data:", "frame-src 'none'"],
    ["javascript:alert(1)", "frame-src 'none'"],
    ["https://a.example.org; script-src *", "frame-src 'none'"],
    ["https://*.example.org", "frame-src 'none'"],
  ])("frame Grafana's origin %j and nothing else", async (origin, directive) => {
    process.env.VIGIE_FRAME_ORIGIN = origin;
    const directives = ((await send("/", { signedIn: true })).headers.get("content-security-policy") ?? "").split("; ");
    expect(directives).toContain(directive);
    expect(directives).toHaveLength(12);
    expect(directives).toContain("frame-ancestors 'none'");
  });

  test("lead to sign-in without a session, and back", async () => {
    const response = await send("/releases?environment=prod&_rsc=abc");
    expect(response.status).toBe(307);
    expect(response.headers.get("location")).toBe(`http://127.0.0.1:3000/sign-in?callbackUrl=${encodeURIComponent("/releases?environment=prod")}`);
    expect(passedOn(await send("/sign-in"))).toBe(true);
  });

  test("on loopback have one name, which the cookies of a sign-in belong to", async () => {
    const response = await send("/prod?x=1", { headers: { host: "localhost:3000" } });
    expect([response.status, response.headers.get("location")]).toEqual([307, "http://127.0.0.1:3000/prod?x=1"]);
  });

  test("over TLS tell browsers to stay there", async () => {
    process.env.NEXTAUTH_URL = "https://vigie.example.org";
    expect((await send("/sign-in")).headers.get("strict-transport-security")).toMatch(/^max-age=\d+$/);
  });
});

describe("who may send what", () => {
  test.each<[string, string, Parameters<typeof send>[1], boolean]>([
    ["an action from our own page", "/prod", { method: "POST", signedIn: true, headers: own, body: "[]" }, true],
    ["an action whose browser does not say from which site", "/prod", { method: "POST", signedIn: true, headers: { ...own, "sec-fetch-site": "" }, body: "[]" }, false],
    ["an action without an origin", "/prod", { method: "POST", signedIn: true }, false],
    ["an action from a page without an origin", "/prod", { method: "POST", signedIn: true, headers: { origin: "null" } }, false],
    ["an action from elsewhere", "/prod", { method: "POST", signedIn: true, headers: { origin: "https://evil.example" } }, false],
    ["an action from elsewhere that forges the host", "/prod", { method: "POST", signedIn: true, headers: { origin: "https://evil.example", "x-forwarded-host": "evil.example" } }, false],
    ["an action the browser calls cross-site", "/prod", { method: "POST", signedIn: true, headers: { ...own, "sec-fetch-site": "cross-site" } }, false],
    ["sign-in from elsewhere", "/api/auth/signin/sso", { method: "POST", headers: { origin: "https://evil.example" } }, false],
    ["a program with a token", "/api/v1/plans", { method: "POST", headers: { authorization: "Bearer x" } }, true],
    ["a page elsewhere that uses the session against the API", "/api/v1/plans", { method: "POST", signedIn: true, headers: { origin: "https://evil.example" } }, false],
    ["the API without anything, which answers 401 itself", "/api/v1/state", {}, true],
    ["a panel's picture without a session, which answers 401 itself", "/grafana/render/d-solo/x/_", {}, true],
    ["another host's name for this address", "/api/metrics", { headers: { host: "rebound.evil.example:3000" } }, false],
    ["a probe by address", "/api/readyz", { headers: { host: "10.0.0.7:3000" } }, true],
  ])("%s", async (_, path, options, allowed) => {
    const response = await send(path, options);
    expect(passedOn(response)).toBe(allowed);
    if (!allowed) expect([403, 421]).toContain(response.status);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });
});

test.each<[string, Parameters<typeof send>[1], number]>([
  ["posted to without an action", { method: "POST", headers: { origin: own.origin, "sec-fetch-site": "same-origin" }, body: "a=1" }, 405],
  ["put", { method: "PUT", headers: own, body: "[]" }, 405],
  ["deleted", { method: "DELETE", headers: own }, 405],
  ["called with a form", { method: "POST", headers: { ...own, "content-type": "multipart/form-data; boundary=x" }, body: "[]" }, 415],
  ["called with too much", { method: "POST", headers: { ...own, "content-length": "99999999" }, body: "[]" }, 413],
  ["called with more than it said", { method: "POST", headers: own, body: JSON.stringify(["x".repeat(70_000)]) }, 413],
  ["called with what is no JSON", { method: "POST", headers: own, body: "{" }, 400],
  ["called with an instruction of React's", { method: "POST", headers: own, body: '["$F1"]' }, 400],
])("a page that is %s is refused", async (_, options, status) => {
  const response = await send("/prod", { signedIn: true, ...options });
  expect([response.status, passedOn(response)]).toEqual([status, false]);
  expect(await response.json()).toMatchObject({ error: { code: "invalid", message: expect.stringMatching(/\.$/), reference: expect.any(String) } });
});

test("an address that cannot be decoded is refused before Next trips over it", async () => {
  const response = await send("/api/v1/operations/%ff", { signedIn: true });
  expect([response.status, (await response.json()).error.code]).toEqual([400, "invalid"]);
});
