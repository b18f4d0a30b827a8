import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { handleIdentity } from "#lib/adapters/identity/handle.ts";
import type { IdentityPortal } from "#lib/adapters/identity/options.ts";
import { PortalBrowser } from "#lib/adapters/identity/test-portal.ts";
import { configSchema } from "#lib/contracts/config.ts";
import { hashOfToken } from "#lib/db/repositories/user.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { SignInRefusal } from "#lib/domain/sign-in-refusal.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { readSession } from "#lib/services/session/read.ts";
import { createSignInStore } from "#lib/services/session/sign-in.ts";
import { createTestContext, testConfig } from "#lib/services/test-context.ts";
import { startIdentity } from "#sandbox/identity/server.ts";
import { TestBrowser } from "#sandbox/identity/test-browser.ts";

const portalUrl = "http://127.0.0.1:3999";
const clientSecret = "a secret of this test only";

let database: TestDatabase;
let context: ServiceContext;
let dataDir: string;
let issuer: string;
let stopIdentity: () => Promise<void>;
let refusals: [SignInRefusal, string][];

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = mkdtempSync(join(tmpdir(), "sign-in-"));
  const identity = await startIdentity({ port: 0, host: "127.0.0.1", dataDir, clientId: "vigie", clientSecret, redirectUris: [`${portalUrl}/api/auth/callback/demo`] });
  issuer = identity.issuer;
  stopIdentity = identity.stop;
});
afterAll(async () => {
  await stopIdentity();
  await database.drop();
  rmSync(dataDir, { recursive: true });
});
beforeEach(() => {
  refusals = [];
  const config = configSchema.parse({
    ...testConfig,
    access: {
      ...testConfig.access,
      providers: [{ id: "demo", kind: "oidc", title: "Demo", issuer, clientId: "vigie", clientSecret: "env:X" }, { id: "gone", kind: "oidc", title: "Gone", issuer: "http://127.0.0.1:9", clientId: "vigie", clientSecret: "env:X" }],
      roles: [{ role: "viewer", groups: ["dreamscape-viewers"] }, { role: "admin", users: ["ada@dreamscape.example"] }],
    },
  });
  context = createTestContext(database.db, config);
});
afterEach(() => {
  vi.useRealTimers();
});

function portal(change: Partial<IdentityPortal> = {}): IdentityPortal {
  return {
    access: context.config.access, url: portalUrl, secret: "s".repeat(32), secretOf: () => clientSecret, store: createSignInStore(context), clock: context.clock, log: context.log,
    onRefused: async (refusal, provider) => void refusals.push([refusal, provider]),
    ...change,
  };
}

/** At the provider: chooses an account; the address at the portal that the provider sends the browser back to. */
async function choose(target: string, account: string): Promise<string> {
  const browser = new TestBrowser();
  const { response } = await browser.follow(await browser.request(target), issuer, `${portalUrl}/`);
  const action = new URL(/action="([^"]+)"/.exec(await response.text())?.[1] ?? "", issuer).href;
  const posted = await browser.request(action, { method: "POST", body: new URLSearchParams({ account }), headers: { origin: issuer, "sec-fetch-site": "same-origin" } });
  return (await browser.follow(posted, issuer, `${portalUrl}/`)).location ?? "";
}

async function signIn(browser: PortalBrowser, account: string, callbackUrl?: string): Promise<Response> {
  const { target } = await browser.begin("demo", callbackUrl);
  return browser.request("GET", await choose(target ?? "", account));
}

function leadsTo(response: Response): string {
  return response.headers.get("location")?.replace(portalUrl, "") ?? `HTTP ${response.status}`;
}

async function newestEntry(): Promise<unknown> {
  const row = await context.db.auditEntryRow.findFirst({ orderBy: { sequence: "desc" } });
  return row === null ? null : JSON.parse(row.bytes).body;
}

describe("signing in at an OpenID Connect provider", () => {
  test("lets a person with a role in, back where they wanted to go", async () => {
    const browser = new PortalBrowser(portal());
    const response = await signIn(browser, "demo-vera", "/prod?tab=pods");
    expect([response.status, leadsTo(response)]).toEqual([303, "/prod?tab=pods"]);
    const token = browser.cookies.get("vigie-session") ?? "";
    const signedIn = await readSession(context, token);
    expect(signedIn?.actor).toMatchObject({ kind: "person", name: "Vera, viewer", grants: [{ role: "viewer", environments: "*" }] });
    expect(browser.setCookies.find((line) => line.startsWith("vigie-session="))).toMatch(/; HttpOnly; SameSite=Lax$/);
    expect(await newestEntry()).toMatchObject({ action: "session.sign-in", outcome: "succeeded", actor: { name: "Vera, viewer" }, after: { provider: "demo", roles: ["viewer"] } });
  });

  test("signing in again is one click at the demo's provider, and makes an old proof a new one", async () => {
    const browser = new PortalBrowser(portal());
    await signIn(browser, "demo-vera");
    const first = browser.cookies.get("vigie-session") ?? "";
    await context.db.$executeRaw`UPDATE session SET authenticated_at = now() - interval '3 hours' WHERE token_hash = ${hashOfToken(first)}`;
    const before = await readSession(context, first);
    const { target } = await browser.begin("demo", "/?plan=restart:prod:core", true);
    expect(leadsTo(await browser.request("GET", await choose(target ?? "", "demo-vera")))).toBe("/?plan=restart:prod:core");
    const after = await readSession(context, browser.cookies.get("vigie-session") ?? "");
    expect(after?.actor).toMatchObject({ id: before?.actor.id, session: { provider: "demo" } });
    expect(Date.parse(after?.actor.session?.authenticatedAt ?? "") - Date.parse(before?.actor.session?.authenticatedAt ?? "")).toBeGreaterThan(3 * 3_500_000);
    expect(await readSession(context, first)).toBeNull();
  });

  test("a role may come from a verified e-mail address", async () => {
    const browser = new PortalBrowser(portal());
    await signIn(browser, "demo-ada");
    expect((await readSession(context, browser.cookies.get("vigie-session") ?? ""))?.actor.grants).toEqual([{ role: "admin", environments: "*" }]);
  });

  test("the database holds the hash of the session's token only", async () => {
    const browser = new PortalBrowser(portal());
    await signIn(browser, "demo-vera");
    const token = browser.cookies.get("vigie-session") ?? "";
    const sessions = await context.db.sessionRow.findMany();
    expect(sessions.map((session) => session.tokenHash)).toContain(hashOfToken(token));
    expect(JSON.stringify([sessions, await context.db.accountRow.findMany(), await context.db.userRow.findMany()])).not.toContain(token);
  });

  test("every sign-in is a new session of the same person, and ends the one before in that browser", async () => {
    const browser = new PortalBrowser(portal());
    await signIn(browser, "demo-vera");
    const first = browser.cookies.get("vigie-session") ?? "";
    const before = (await readSession(context, first))?.actor.id;
    await signIn(browser, "demo-vera");
    const second = browser.cookies.get("vigie-session") ?? "";
    expect(second).not.toBe(first);
    expect(await readSession(context, first)).toBeNull();
    expect((await readSession(context, second))?.actor.id).toBe(before);
    await signIn(browser, "demo-ada");
    expect((await readSession(context, browser.cookies.get("vigie-session") ?? ""))?.actor.id).not.toBe(before);
  });

  test("a person without a role is not let in, not stored, and is an entry", async () => {
    const browser = new PortalBrowser(portal());
    const response = await signIn(browser, "demo-rafael");
    expect(leadsTo(response)).toBe("/sign-in?error=no-role");
    expect(browser.cookies.has("vigie-session")).toBe(false);
    expect(await context.db.userRow.count({ where: { email: "rafael@dreamscape.example" } })).toBe(0);
    expect(await newestEntry()).toMatchObject({ action: "session.denied", outcome: "denied", actor: { name: "Rafael, releaser" }, after: { refused: "no-role" } });
  });

  test("a person whose access was ended is not let in", async () => {
    await signIn(new PortalBrowser(portal()), "demo-vera");
    await context.db.userRow.updateMany({ where: { email: "vera@dreamscape.example" }, data: { disabledAt: new Date() } });
    expect(leadsTo(await signIn(new PortalBrowser(portal()), "demo-vera"))).toBe("/sign-in?error=disabled");
    await context.db.userRow.updateMany({ data: { disabledAt: null } });
  });

  test("going back without choosing is no sign-in", async () => {
    const browser = new PortalBrowser(portal());
    expect(leadsTo(await signIn(browser, ""))).toBe("/sign-in?error=provider-refused");
    expect(refusals).toEqual([["provider-refused", "demo"]]);
  });

  test("a provider that cannot be reached is told as that", async () => {
    const { response } = await new PortalBrowser(portal()).begin("gone");
    expect(leadsTo(response)).toBe("/sign-in?error=provider-unreachable");
  });

  test("a second try after a refusal leads where the first one wanted to go", async () => {
    expect(leadsTo(await signIn(new PortalBrowser(portal()), "demo-rafael", "/prod?x=1"))).toBe(`/sign-in?error=no-role&callbackUrl=${encodeURIComponent("/prod?x=1")}`);
    const { response } = await new PortalBrowser(portal()).begin("gone", "/prod");
    expect(leadsTo(response)).toBe(`/sign-in?error=provider-unreachable&callbackUrl=${encodeURIComponent("/prod")}`);
  });

  test("a wrong client secret lets nobody in", async () => {
    const browser = new PortalBrowser(portal({ secretOf: () => "another" }));
    expect(leadsTo(await signIn(browser, "demo-vera"))).toBe("/sign-in?error=provider-refused");
  });
});

describe("what does not fit together is refused", () => {
  async function attempt(change: (browser: PortalBrowser, back: URL) => void | Promise<void>): Promise<PortalBrowser> {
    const browser = new PortalBrowser(portal());
    const { target } = await browser.begin("demo");
    const back = new URL(await choose(target ?? "", "demo-vera"));
    await change(browser, back);
    const response = await browser.request("GET", back.href);
    expect(leadsTo(response)).toBe("/sign-in?error=expired");
    expect(browser.cookies.has("vigie-session")).toBe(false);
    expect(refusals).toEqual([["expired", "demo"]]);
    return browser;
  }

  async function cookieOfAnotherAttempt(name: string): Promise<string> {
    const other = new PortalBrowser(portal());
    await other.begin("demo");
    return other.cookies.get(name) ?? "";
  }

  test("another state", () => attempt((_, back) => back.searchParams.set("state", "made-up")));
  test("no state", () => attempt((_, back) => back.searchParams.delete("state")));
  test("the nonce of another attempt", () => attempt(async (browser) => void browser.cookies.set("next-auth.nonce", await cookieOfAnotherAttempt("next-auth.nonce"))));
  test("the verifier of another attempt", () => attempt(async (browser) => void browser.cookies.set("next-auth.pkce.code_verifier", await cookieOfAnotherAttempt("next-auth.pkce.code_verifier"))));
  test("another browser (the cookies of the attempt are missing)", () => attempt((browser) => browser.cookies.clear()));
  test("another code", () => attempt((_, back) => back.searchParams.set("code", "made-up")));
  test("after a quarter of an hour", () => attempt(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 16 * 60_000 })));

  test("the same answer a second time", async () => {
    const browser = new PortalBrowser(portal());
    const { target } = await browser.begin("demo");
    const back = await choose(target ?? "", "demo-vera");
    const cookies = new Map(browser.cookies);
    expect(leadsTo(await browser.request("GET", back))).toBe("/");
    const thief = new PortalBrowser(portal());
    for (const [name, value] of cookies) thief.cookies.set(name, value);
    expect(leadsTo(await thief.request("GET", back))).toBe("/sign-in?error=expired");
    expect(thief.cookies.has("vigie-session")).toBe(false);
  });
});

describe("the sign-in routes themselves", () => {
  test.each(["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/api/auth/signout", "/\t/evil.example", "https:evil.example", `${portalUrl}@evil.example/`, `${portalUrl}.evil.example/`])("ACCEPTANCE 49: callbackUrl %j leads home instead", async (wish) => {
    expect(leadsTo(await signIn(new PortalBrowser(portal()), "demo-vera", wish))).toBe("/");
  });

  test("ACCEPTANCE 49: a callback address put into the cookie leads home instead", async () => {
    const browser = new PortalBrowser(portal());
    const { target } = await browser.begin("demo");
    const back = await choose(target ?? "", "demo-vera");
    browser.cookies.set("next-auth.callback-url", encodeURIComponent("https://evil.example/x"));
    expect(leadsTo(await browser.request("GET", back))).toBe("/");
  });

  test.each([
    ["no origin", { origin: "" }],
    ["the origin null", { origin: "null" }],
    ["another site", { origin: "https://evil.example" }],
    ["another site that forges the host", { origin: "https://evil.example", "x-forwarded-host": "evil.example", host: "evil.example" }],
    ["another site, says the browser", { "sec-fetch-site": "cross-site" }],
  ])("a POST from %s begins and ends nothing", async (_, headers) => {
    const browser = new PortalBrowser(portal());
    await signIn(browser, "demo-vera");
    const token = browser.cookies.get("vigie-session") ?? "";
    for (const path of ["/api/auth/signin/demo", "/api/auth/signout"]) expect(leadsTo(await browser.request("POST", path, { headers }))).toBe("/sign-in?error=foreign-request");
    expect(await readSession(context, token)).not.toBeNull();
  });

  test("a forged host chooses no callback address", async () => {
    const browser = new PortalBrowser(portal());
    const response = await browser.request("POST", "/api/auth/signin/demo", { headers: { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" } });
    expect(await response.text()).toContain(encodeURIComponent(`${portalUrl}/api/auth/callback/demo`));
  });

  test("parameters in the address change nothing of what is asked of the provider", async () => {
    const browser = new PortalBrowser(portal());
    const response = await browser.request("POST", "/api/auth/signin/demo?scope=openid%20offline_access&redirect_uri=https://evil.example&prompt=none");
    const html = await response.text();
    expect(html).not.toMatch(/evil|offline_access|prompt/);
  });

  test("signing out ends the session on the server and is an entry", async () => {
    const browser = new PortalBrowser(portal());
    await signIn(browser, "demo-vera");
    const token = browser.cookies.get("vigie-session") ?? "";
    expect(leadsTo(await browser.request("POST", "/api/auth/signout"))).toBe("/sign-in");
    expect(browser.cookies.has("vigie-session")).toBe(false);
    expect(await readSession(context, token)).toBeNull();
    expect(await newestEntry()).toMatchObject({ action: "session.sign-out", actor: { name: "Vera, viewer" } });
  });

  test.each([["GET", "session"], ["GET", "csrf"], ["GET", "signout"], ["GET", "signin/demo"], ["GET", "error"], ["GET", "callback/unknown"]] as const)("%s %s only leads to the sign-in page", async (method, path) => {
    expect(leadsTo(await new PortalBrowser(portal()).request(method, `/api/auth/${path}`))).toBe("/sign-in");
  });

  test.each(["_log", "session", "callback/demo", "signin/unknown", "signin/demo/x"])("POST %s does not exist", async (path) => {
    expect((await new PortalBrowser(portal()).request("POST", `/api/auth/${path}`)).status).toBe(404);
  });

  test("an oversized form is not read", async () => {
    const response = await handleIdentity(new Request(`${portalUrl}/api/auth/signin/demo`, { method: "POST", headers: { origin: portalUrl }, body: new URLSearchParams({ callbackUrl: `/${"x".repeat(20_000)}` }) }), ["signin", "demo"], portal());
    expect(response.status).toBe(200);
    expect(response.headers.getSetCookie().join()).not.toContain("xxxx");
  });

  test("over TLS the cookies are secure and bound to the host", async () => {
    const secure = portal({ url: "https://vigie.example.org" });
    const browser = new PortalBrowser(secure);
    await browser.begin("demo");
    expect(browser.setCookies.length).toBeGreaterThan(3);
    for (const line of browser.setCookies) expect(line).toMatch(/^__(Secure|Host)-.*; Secure/);
  });

  test("no code, token, state or secret reaches the log", async () => {
    const browser = new PortalBrowser(portal());
    const { target } = await browser.begin("demo");
    const back = new URL(await choose(target ?? "", "demo-vera"));
    const secrets = [back.searchParams.get("code") ?? "", back.searchParams.get("state") ?? "", ...browser.cookies.values(), clientSecret];
    back.searchParams.set("state", "made-up");
    await browser.request("GET", back.href);
    const written = JSON.stringify((context as ReturnType<typeof createTestContext>).log.lines, (_, value) => (value instanceof Error ? `${value.message} ${value.stack}` : value));
    expect(written).toContain("sign-in failed");
    for (const secret of secrets) expect(written).not.toContain(secret);
  });
});
