import { createPublicKey, verify } from "node:crypto";
import { request as httpRequest } from "node:http";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startIdentity, type IdentityOptions } from "#sandbox/identity/server.ts";
import { authorizationRequest, TestBrowser } from "#sandbox/identity/test-browser.ts";

const redirectUri = "http://127.0.0.1:3999/api/auth/callback/demo";
const credentials = { clientId: "vigie", clientSecret: "a secret of this test only" };

interface Discovery {
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  userinfo_endpoint: string;
  jwks_uri: string;
}

describe("the demo's sign-in service", () => {
  let dataDir: string;
  let stops: (() => Promise<void>)[];
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), "identity-"));
    stops = [];
  });
  afterEach(async () => {
    await Promise.all(stops.map((stop) => stop()));
    rmSync(dataDir, { recursive: true });
  });

  async function start(options: Partial<IdentityOptions> = {}): Promise<Discovery> {
    const identity = await startIdentity({ port: 0, host: "127.0.0.1", dataDir, redirectUris: [redirectUri], ...credentials, ...options });
    stops.push(identity.stop);
    // The provider's own discovery document: shapes are asserted by using them below.
    return (await (await fetch(`${identity.issuer}/.well-known/openid-configuration`)).json()) as Discovery;
  }

  function authorization(discovery: Discovery, parameters: Record<string, string> = {}) {
    return authorizationRequest(discovery.authorization_endpoint, { client_id: credentials.clientId, redirect_uri: redirectUri, ...parameters });
  }

  async function openSignIn(browser: TestBrowser, discovery: Discovery, url: string) {
    const { response } = await browser.follow(await browser.request(url), discovery.issuer, redirectUri);
    const html = await response.text();
    const action = /action="([^"]+)"/.exec(html)?.[1];
    return { response, html, action: new URL(action ?? "", discovery.issuer).href };
  }

  async function choose(browser: TestBrowser, discovery: Discovery, action: string, account: string): Promise<URLSearchParams> {
    const posted = await browser.request(action, { method: "POST", body: new URLSearchParams({ account }), headers: { origin: discovery.issuer, "sec-fetch-site": "same-origin" } });
    const { location } = await browser.follow(posted, discovery.issuer, redirectUri);
    return new URL(location ?? "").searchParams;
  }

  async function exchange(discovery: Discovery, code: string, verifier: string) {
    return fetch(discovery.token_endpoint, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`${credentials.clientId}:${encodeURIComponent(credentials.clientSecret)}`).toString("base64")}` },
      body: new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier }),
    });
  }

  async function claimsOf(discovery: Discovery, idToken: string): Promise<Record<string, unknown>> {
    const [head = "", body = "", signature = ""] = idToken.split(".");
    const { keys } = (await (await fetch(discovery.jwks_uri)).json()) as { keys: { kid: string; n: string; e: string; kty: string }[] };
    const { kid } = JSON.parse(Buffer.from(head, "base64url").toString()) as { kid: string };
    const jwk = keys.find((key) => key.kid === kid);
    if (jwk === undefined) throw new Error(`no key ${kid}`);
    expect(verify("RSA-SHA256", Buffer.from(`${head}.${body}`), createPublicKey({ key: jwk, format: "jwk" }), Buffer.from(signature, "base64url"))).toBe(true);
    return JSON.parse(Buffer.from(body, "base64url").toString()) as Record<string, unknown>;
  }

  it.each([
    ["demo-vera", "Continue as Vera (viewer)", { sub: "demo-vera", name: "Vera, viewer", email: "vera@dreamscape.example", email_verified: true, groups: ["dreamscape-viewers"] }],
    ["demo-rafael", "Continue as Rafael (releaser)", { sub: "demo-rafael", name: "Rafael, releaser", email: "rafael@dreamscape.example", email_verified: true, groups: ["dreamscape-releasers"] }],
    ["demo-ada", "Continue as Ada (admin)", { sub: "demo-ada", name: "Ada, admin", email: "ada@dreamscape.example", email_verified: true, groups: ["dreamscape-admins"] }],
  ])("signs %s in with one click, without a consent screen", async (account, button, expected) => {
    const discovery = await start();
    const browser = new TestBrowser();
    const { url, verifier, state, nonce } = authorization(discovery);
    const page = await openSignIn(browser, discovery, url);
    expect(page.html).toContain(`value="${account}"`);
    expect(page.html).toContain(`>${button}</button>`);
    const result = await choose(browser, discovery, page.action, account);
    expect(result.get("state")).toBe(state);
    const tokens = (await (await exchange(discovery, result.get("code") ?? "", verifier)).json()) as { id_token: string; access_token: string };
    expect(await claimsOf(discovery, tokens.id_token)).toMatchObject({ ...expected, iss: discovery.issuer, aud: credentials.clientId, nonce });
    const userinfo = await fetch(discovery.userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    expect(await userinfo.json()).toEqual(expected);
  });

  it("asks again at the next sign-in, so that one can be somebody else", async () => {
    const discovery = await start();
    const browser = new TestBrowser();
    const first = await openSignIn(browser, discovery, authorization(discovery).url);
    await choose(browser, discovery, first.action, "demo-vera");
    const { url, verifier } = authorization(discovery);
    const second = await openSignIn(browser, discovery, url);
    const result = await choose(browser, discovery, second.action, "demo-ada");
    const tokens = (await (await exchange(discovery, result.get("code") ?? "", verifier)).json()) as { id_token: string };
    expect(await claimsOf(discovery, tokens.id_token)).toMatchObject({ sub: "demo-ada" });
  });

  it("refuses a code request without PKCE, and a code without its verifier", async () => {
    const discovery = await start();
    const browser = new TestBrowser();
    const query = new URLSearchParams({ response_type: "code", client_id: "vigie", redirect_uri: redirectUri, scope: "openid" });
    const plain = await browser.request(`${discovery.authorization_endpoint}?${query}`);
    expect(new URL(plain.headers.get("location") ?? "").searchParams.get("error")).toBe("invalid_request");
    const page = await openSignIn(browser, discovery, authorization(discovery).url);
    const result = await choose(browser, discovery, page.action, "demo-vera");
    const response = await exchange(discovery, result.get("code") ?? "", "x".repeat(43));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "invalid_grant" });
  });

  it("shows a page, and redirects nowhere, for a foreign redirect URI", async () => {
    const discovery = await start();
    const response = await new TestBrowser().request(authorization(discovery, { redirect_uri: "http://127.0.0.1:4000/elsewhere" }).url);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    expect(await response.text()).toContain("redirect_uri");
  });

  it("goes back with access_denied when nobody is chosen", async () => {
    const discovery = await start();
    const browser = new TestBrowser();
    const page = await openSignIn(browser, discovery, authorization(discovery).url);
    expect((await choose(browser, discovery, page.action, "")).get("error")).toBe("access_denied");
  });

  it("takes no choice from another site, none for an unknown account, none without its cookie", async () => {
    const discovery = await start();
    const browser = new TestBrowser();
    const { action } = await openSignIn(browser, discovery, authorization(discovery).url);
    const post = (who: TestBrowser, account: string, headers: Record<string, string>) => who.request(action, { method: "POST", body: new URLSearchParams({ account }), headers });
    expect((await post(browser, "demo-ada", { origin: "http://evil.example" })).status).toBe(403);
    expect((await post(browser, "demo-ada", { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await post(browser, "root", {})).status).toBe(400);
    expect((await post(new TestBrowser(), "demo-ada", {})).status).toBe(400);
  });

  it("sends pages that carry no script and cannot be framed", async () => {
    const discovery = await start();
    const { response, html } = await openSignIn(new TestBrowser(), discovery, authorization(discovery).url);
    const policy = response.headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self' http://127.0.0.1:3999;");
    expect(html).not.toMatch(/<script|style=|https?:\/\//);
    expect((await fetch(`${discovery.issuer}/sign-in.css`)).headers.get("content-type")).toMatch(/^text\/css/);
  });

  it("answers to loopback names only", async () => {
    const { issuer } = await start();
    const status = await new Promise((resolve) => httpRequest(issuer, { headers: { host: "rebound.example" } }, (response) => resolve(response.resume().statusCode)).end());
    expect(status).toBe(421);
  });

  it("keeps its keys over a restart, readable by their owner only", async () => {
    const kidOf = async (discovery: Discovery) => ((await (await fetch(discovery.jwks_uri)).json()) as { keys: { kid: string }[] }).keys.map((key) => key.kid);
    const before = await kidOf(await start());
    expect(before.length).toBe(1);
    expect(await kidOf(await start())).toEqual(before);
    expect(statSync(join(dataDir, "identity-keys.json")).mode & 0o777).toBe(0o600);
  });

  it("refuses to exist where others could reach it", async () => {
    await expect(start({ host: "0.0.0.0" })).rejects.toThrow("only listens on loopback");
    await expect(start({ redirectUris: [redirectUri, "http://vigie.example.com/callback"] })).rejects.toThrow("only exist for a portal on loopback");
    await expect(start({ redirectUris: ["nonsense"] })).rejects.toThrow("nonsense");
  });
});
