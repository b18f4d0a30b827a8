import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { handleIdentity } from "#lib/adapters/identity/handle.ts";
import type { IdentityPortal } from "#lib/adapters/identity/options.ts";
import { PortalBrowser } from "#lib/adapters/identity/test-portal.ts";
import { startTestProvider } from "#lib/adapters/identity/test-provider.ts";
import type { TestProvider } from "#lib/adapters/identity/test-provider.ts";
import { identityProviderConfigSchema } from "#lib/contracts/config.ts";
import type { Person } from "#lib/contracts/person.ts";
import type { SessionBegun } from "#lib/ports/identity.ts";
import { createTestLog, testConfig } from "#lib/services/test-context.ts";
import { TestBrowser } from "#sandbox/identity/test-browser.ts";

/** A real provider whose answers are bent on the way, one rule of OpenID Connect Core 1.0 (3.1.3.7) at a time. */

const portalUrl = "http://127.0.0.1:3999";
const clientSecret = "a secret of this test only, and a long one";
const minute = 60;

let honest: TestProvider;
let other: TestProvider;
let letIn: Person[];
let begun: SessionBegun[];

beforeAll(async () => {
  const client = (id: string) => ({ clientId: "vigie", clientSecret, redirectUri: `${portalUrl}/api/auth/callback/${id}` });
  [honest, other] = await Promise.all([startTestProvider(client("honest")), startTestProvider(client("other"))]);
});
afterAll(() => Promise.all([honest.stop(), other.stop()]));
beforeEach(() => {
  for (const provider of [honest, other]) Object.assign(provider, { idToken: null, userinfo: null, asked: [], exchanges: 0, account: { sub: "ada", name: "Ada", email: "ada@example.org", email_verified: true, groups: ["viewers"] } });
  letIn = [];
  begun = [];
});

function portal(change: Record<string, unknown> = {}): IdentityPortal {
  const provider = (id: string, { issuer }: TestProvider) => identityProviderConfigSchema.parse({ id, kind: "oidc", title: id, issuer, clientId: "vigie", clientSecret: "env:X", ...change });
  return {
    access: { ...testConfig.access, providers: [provider("honest", honest), provider("other", other)] }, url: portalUrl, secret: "s".repeat(32), secretOf: () => clientSecret, clock: { now: () => new Date() }, log: createTestLog(), onRefused: async () => undefined,
    store: {
      signIn: async (_provider, person) => (letIn.push(person), { userId: "u" }),
      left: async () => undefined,
      userOf: async () => (letIn.length === 0 ? null : { id: "u", name: "Ada", email: null, emailVerified: null }),
      createSession: async (_user, _token, session) => (begun.push(session), { expiresAt: new Date(Date.now() + 60_000) }),
      endSession: async () => undefined,
    },
  };
}

interface SignInOptions {
  portal?: IdentityPortal;
  again?: boolean;
  /** With the cookies it has at the provider from before. */
  agent?: TestBrowser;
  change?: (back: URL, browser: PortalBrowser) => void;
}

/** Where it led, and whether there is a session. */
async function signIn({ portal: at = portal(), again = false, agent = new TestBrowser(), change = () => undefined }: SignInOptions = {}): Promise<{ leadsTo: string; session: boolean }> {
  const browser = new PortalBrowser(at);
  const { target } = await browser.begin("honest", "/prod", again);
  const { location } = await agent.follow(await agent.request(target ?? ""), honest.issuer, `${portalUrl}/`);
  const back = new URL(location ?? "");
  change(back, browser);
  const response = await browser.request("GET", back.href);
  return { leadsTo: response.headers.get("location")?.replace(portalUrl, "") ?? `HTTP ${response.status}`, session: browser.cookies.has("vigie-session") };
}

async function expectNobody(options?: SignInOptions): Promise<void> {
  const { leadsTo, session } = await signIn(options);
  expect(leadsTo).toMatch(/^\/sign-in\?error=(provider-refused|expired)\b/);
  expect([session, letIn, begun]).toEqual([false, [], []]);
}

const without = (claims: Record<string, unknown>, name: string) => Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
const nowSeconds = () => Math.floor(Date.now() / 1000);

describe("an ID token", () => {
  test("as it should be lets in: what follows is refused for its own reason", async () => {
    honest.idToken = (claims) => honest.signed(claims);
    expect(await signIn()).toEqual({ leadsTo: "/prod", session: true });
    expect(letIn).toEqual([{ subject: "ada", name: "Ada", email: "ada@example.org", emailVerified: true, groups: ["viewers"] }]);
    expect(Object.fromEntries(honest.asked[0] ?? [])).toMatchObject({ response_type: "code", code_challenge_method: "S256", code_challenge: expect.stringMatching(/^[\w-]{43}$/), state: expect.stringMatching(/^[\w-]{43}$/), nonce: expect.stringMatching(/^[\w-]{43}$/) });
  });

  test.each<[string, (claims: Record<string, unknown>) => Record<string, unknown>]>([
    ["of another issuer", (claims) => ({ ...claims, iss: "https://evil.example" })],
    ["of an issuer that only begins like it", (claims) => ({ ...claims, iss: `${String(claims.iss)}.evil.example` })],
    ["for another audience", (claims) => ({ ...claims, aud: "another-client" })],
    ["for several audiences without saying for whom", (claims) => ({ ...claims, aud: ["vigie", "another-client"] })],
    ["for several audiences, given to another", (claims) => ({ ...claims, aud: ["vigie", "another-client"], azp: "another-client" })],
    ["with another nonce", (claims) => ({ ...claims, nonce: "made-up" })],
    ["without a nonce", (claims) => without(claims, "nonce")],
    ["that expired", (claims) => ({ ...claims, iat: nowSeconds() - 20 * minute, exp: nowSeconds() - minute })],
    ["without an end", (claims) => without(claims, "exp")],
    ["from the future", (claims) => ({ ...claims, iat: nowSeconds() + 5 * minute, exp: nowSeconds() + 10 * minute })],
    ["not valid yet", (claims) => ({ ...claims, nbf: nowSeconds() + 5 * minute })],
    ["of nobody", (claims) => without(claims, "sub")],
  ])("%s is refused", async (_, change) => {
    honest.idToken = (claims) => honest.signed(change(claims));
    await expectNobody();
  });

  test.each<[string, (claims: Record<string, unknown>) => string]>([
    ["without a signature", (claims) => honest.unsigned(claims)],
    ["made with the client's secret (HS256)", (claims) => honest.macOf(claims, "secret")],
    ["made with the public key as if it were a secret (HS256)", (claims) => honest.macOf(claims, "public-key")],
    ["whose signature is another's", (claims) => `${honest.signed(claims).split(".").slice(0, 2).join(".")}.${other.signed({ ...claims, sub: "eve" }).split(".")[2] ?? ""}`],
    ["changed after it was signed", (claims) => honest.signed(claims).replace(/\.[^.]+\./, `.${Buffer.from(JSON.stringify({ ...claims, sub: "root" })).toString("base64url")}.`)],
  ])("%s is refused", async (_, make) => {
    honest.idToken = make;
    await expectNobody();
  });

  test("clocks may differ by some seconds, in either direction", async () => {
    honest.idToken = (claims) => honest.signed({ ...claims, iat: nowSeconds() + 5 });
    expect((await signIn()).session).toBe(true);
    honest.idToken = (claims) => honest.signed({ ...claims, iat: nowSeconds() - 10 * minute, exp: nowSeconds() + 1 });
    expect((await signIn()).session).toBe(true);
  });
});

describe("what comes back with the browser", () => {
  test.each<[string, (back: URL, browser: PortalBrowser) => void]>([
    ["another state", (back) => back.searchParams.set("state", "made-up")],
    ["no state", (back) => back.searchParams.delete("state")],
    ["no verifier (PKCE)", (_, browser) => void browser.cookies.delete("next-auth.pkce.code_verifier")],
    ["another issuer's name (RFC 9207)", (back) => back.searchParams.set("iss", other.issuer)],
    ["no issuer's name where the provider says it sends one (RFC 9207)", (back) => back.searchParams.delete("iss")],
    ["the answer at the other provider's address (mix-up)", (back) => void (back.pathname = "/api/auth/callback/other")],
    ["an error beside a code", (back) => back.searchParams.set("error", "access_denied")],
  ])("%s: nobody is let in, and the code goes nowhere", async (_, change) => {
    await expectNobody({ change });
    expect([honest.exchanges, other.exchanges]).toEqual([0, 0]);
  });

  test("a code is good once, also for whoever has all cookies of the attempt", async () => {
    const browser = new PortalBrowser(portal());
    const { target } = await browser.begin("honest");
    const agent = new TestBrowser();
    const { location } = await agent.follow(await agent.request(target ?? ""), honest.issuer, `${portalUrl}/`);
    const cookies = new Map(browser.cookies);
    expect((await browser.request("GET", location ?? "")).headers.get("location")).toBe(`${portalUrl}/`);
    const thief = new PortalBrowser(portal());
    for (const [name, value] of cookies) thief.cookies.set(name, value);
    expect((await thief.request("GET", location ?? "")).headers.get("location")).toBe(`${portalUrl}/sign-in?error=expired`);
    expect([thief.cookies.has("vigie-session"), begun.length]).toEqual([false, 1]);
  });

  test("a session that was planted before is not taken over: it ends, and the new one has a token of its own", async () => {
    const browser = new PortalBrowser(portal());
    browser.cookies.set("vigie-session", "planted-by-somebody");
    const { target } = await browser.begin("honest");
    const agent = new TestBrowser();
    const { location } = await agent.follow(await agent.request(target ?? ""), honest.issuer, `${portalUrl}/`);
    await browser.request("GET", location ?? "");
    expect(browser.cookies.get("vigie-session")).toMatch(/^[\w-]{43}$/);
    expect(begun).toMatchObject([{ replacesToken: "planted-by-somebody" }]);
  });
});

describe("who it is", () => {
  test("an address that the provider does not vouch for counts for nothing", async () => {
    honest.account = { ...honest.account, email_verified: false };
    await signIn();
    expect(letIn).toMatchObject([{ email: "ada@example.org", emailVerified: false }]);
  });

  test("a userinfo of another subject is refused", async () => {
    honest.userinfo = (claims) => ({ ...claims, sub: "eve", groups: ["admins"] });
    await expectNobody();
  });
});

describe("signing in again", () => {
  test("asks the provider for a new proof, whatever session it has", async () => {
    const agent = new TestBrowser();
    await signIn({ agent });
    expect(honest.asked.at(-1)?.get("max_age")).toBe(String(testConfig.access.sessionMaximumHours * 3600));
    expect((await signIn({ agent, again: true })).leadsTo).toBe("/prod");
    expect(Object.fromEntries(honest.asked.at(-1) ?? [])).toMatchObject({ prompt: "login", max_age: "0" });
    const [first, second] = begun.map((session) => session.authenticatedAt?.getTime() ?? 0);
    expect(second).toBeGreaterThanOrEqual(first ?? Number.NaN);
  });

  test("the session knows when the person proved it there, not when they came back", async () => {
    const provedAt = nowSeconds() - 3 * 60 * minute;
    honest.idToken = (claims) => honest.signed({ ...claims, auth_time: provedAt });
    await signIn();
    expect(begun).toMatchObject([{ authenticatedAt: new Date(provedAt * 1000) }]);
  });

  test.each<[string, unknown, string]>([
    ["an old proof", () => nowSeconds() - 60 * minute, "not-anew"],
    ["no time at all", () => undefined, "no-auth-time"],
    ["a time in words", () => "just now", "no-auth-time"],
    ["milliseconds", () => Date.now(), "no-auth-time"],
  ])("%s is not a new one: told so, and the session of before goes on", async (_, time, refusal) => {
    honest.idToken = (claims) => honest.signed({ ...claims, auth_time: (time as () => unknown)() });
    expect((await signIn({ again: true })).leadsTo).toBe(`/sign-in?error=${refusal}&again=1&callbackUrl=%2Fprod`);
    expect([letIn, begun]).toEqual([[], []]);
  });

  test("a provider that never says it: coming back counts, where the configuration says so", async () => {
    honest.idToken = (claims) => honest.signed(without(claims, "auth_time"));
    const before = Date.now();
    expect((await signIn({ again: true, portal: portal({ authTime: false }) })).leadsTo).toBe("/prod");
    expect(begun[0]?.authenticatedAt?.getTime()).toBeGreaterThanOrEqual(before - 1);
    expect([honest.asked.at(-1)?.get("prompt"), honest.asked.at(-1)?.has("max_age")]).toEqual(["login", false]);
  });

  test("a sign-in begun anew after one that was left does not inherit that it was to be a new proof", async () => {
    const browser = new PortalBrowser(portal());
    await browser.begin("honest", "/", true);
    await browser.begin("honest", "/");
    expect(browser.cookies.has("vigie-again")).toBe(false);
  });

  test("is begun by our own page alone", async () => {
    const request = new Request(`${portalUrl}/api/auth/signin/honest`, { method: "POST", headers: { origin: "https://evil.example" }, body: new URLSearchParams({ again: "1" }) });
    expect((await handleIdentity(request, ["signin", "honest"], portal())).headers.get("location")).toContain("error=foreign-request");
  });
});
