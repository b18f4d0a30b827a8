import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NotAMember, personOfGithub } from "#lib/adapters/identity/github.ts";
import type { IdentityPortal } from "#lib/adapters/identity/options.ts";
import { PortalBrowser } from "#lib/adapters/identity/test-portal.ts";
import { identityProviderConfigSchema } from "#lib/contracts/config.ts";
import type { Person } from "#lib/contracts/person.ts";
import { createTestLog, testConfig } from "#lib/services/test-context.ts";

/** GitHub's answers as its REST documentation shows them, shortened to what is read. */
let answers: Record<string, { status?: number; body: unknown; link?: string }>;
let exchanged: URLSearchParams;
let asked: { path: string; authorization: string | undefined }[];
let server: Server;
let url: string;

beforeEach(async () => {
  asked = [];
  answers = {
    "/user": { body: { id: 583231, login: "octocat", name: null } },
    "/user/emails?per_page=100": { body: [{ email: "old@example.org", primary: false, verified: true }, { email: "Octo@Example.org", primary: true, verified: true }] },
    "/user/memberships/orgs?state=active&per_page=100": { body: [{ state: "active", organization: { login: "Acme" } }] },
    "/user/teams?per_page=100": { body: [{ slug: "ops", organization: { login: "Acme" } }, { slug: "ops", organization: { login: "elsewhere" } }] },
  };
  server = createServer((request, response) => {
    const path = (request.url ?? "").replace("/api/v3", "");
    if (path === "/login/oauth/access_token") {
      let form = "";
      request.on("data", (chunk: Buffer) => (form += chunk.toString()));
      request.on("end", () => {
        exchanged = new URLSearchParams(form);
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ access_token: "gho_token", token_type: "bearer", scope: "read:user" }));
      });
      return;
    }
    asked.push({ path, authorization: request.headers.authorization });
    const answer = answers[path] ?? { status: 404, body: {} };
    response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...(answer.link === undefined ? {} : { link: answer.link }) }).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

function ask(organisations: string[] = []) {
  const config = identityProviderConfigSchema.parse({ id: "gh", kind: "github", title: "GitHub", clientId: "x", clientSecret: "env:X", url, organisations });
  if (config.kind !== "github") throw new Error("not GitHub");
  return personOfGithub(config, "gho_token");
}

describe("a person at GitHub", () => {
  test("is the numeric id, the verified primary address and the teams", async () => {
    expect(await ask()).toEqual({ subject: "583231", name: "octocat", email: "octo@example.org", emailVerified: true, groups: ["Acme/ops", "elsewhere/ops"] });
    expect(new Set(asked.map((request) => request.authorization))).toEqual(new Set(["Bearer gho_token"]));
  });

  test("has no address when the primary one is not verified", async () => {
    answers["/user/emails?per_page=100"] = { body: [{ email: "octo@example.org", primary: true, verified: false }] };
    expect(await ask()).toMatchObject({ email: null, emailVerified: false });
  });

  test("counts teams of the allowed organisations only, whatever their case", async () => {
    expect((await ask(["acme"])).groups).toEqual(["Acme/ops"]);
  });

  test("outside the allowed organisations, or only invited, is not let in", async () => {
    await expect(ask(["other"])).rejects.toBeInstanceOf(NotAMember);
    answers["/user/memberships/orgs?state=active&per_page=100"] = { body: [{ state: "pending", organization: { login: "acme" } }] };
    await expect(ask(["acme"])).rejects.toBeInstanceOf(NotAMember);
    answers["/user/memberships/orgs?state=active&per_page=100"] = { status: 403, body: {} };
    await expect(ask(["acme"])).rejects.toBeInstanceOf(NotAMember);
  });

  test("reads every page, but none on another host", async () => {
    answers["/user/teams?per_page=100"] = { body: [{ slug: "a", organization: { login: "acme" } }], link: `<${url}/api/v3/user/teams?per_page=100&page=2>; rel="next"` };
    answers["/user/teams?per_page=100&page=2"] = { body: [{ slug: "b", organization: { login: "acme" } }] };
    expect((await ask()).groups).toEqual(["acme/a", "acme/b"]);
    answers["/user/teams?per_page=100"] = { body: [], link: `<http://127.0.0.2:1/x>; rel="next"` };
    await expect(ask()).rejects.toMatchObject({ code: "upstream" });
  });

  test.each([["an error", { status: 500, body: {} }], ["another shape", { body: { id: "583231" } }]])("%s is no person", async (_, answer) => {
    answers["/user"] = answer;
    await expect(ask()).rejects.toThrow();
  });
});

describe("signing in at GitHub", () => {
  const portalUrl = "http://127.0.0.1:3999";
  let seen: Person[];
  let left: string[];

  function portal(organisations: string[]): IdentityPortal {
    seen = [];
    left = [];
    const provider = identityProviderConfigSchema.parse({ id: "gh", kind: "github", title: "GitHub", clientId: "client", clientSecret: "env:X", url, organisations });
    return {
      access: { ...testConfig.access, providers: [provider] }, url: portalUrl, secret: "s".repeat(32), secretOf: () => "the secret", clock: { now: () => new Date() }, log: createTestLog(), onRefused: async () => undefined,
      store: {
        signIn: async (_provider, person) => (seen.push(person), { userId: "u" }),
        userOf: async () => (seen.length === 0 ? null : { id: "u", name: "octocat", email: null, emailVerified: null }),
        createSession: async () => ({ expiresAt: new Date(Date.now() + 60_000) }),
        endSession: async () => undefined,
        left: async (_provider, subject) => void left.push(subject),
      },
    };
  }

  async function signIn(organisations: string[], change: (back: URL) => void = () => undefined) {
    const browser = new PortalBrowser(portal(organisations));
    const target = new URL((await browser.begin("gh", "/prod")).target ?? "");
    const back = new URL(`${portalUrl}/api/auth/callback/gh?code=a-code&state=${target.searchParams.get("state")}`);
    change(back);
    const response = await browser.request("GET", back.href);
    return { target, browser, location: response.headers.get("location")?.replace(portalUrl, "") };
  }

  test("asks for read:org with state and PKCE, and lets a member in", async () => {
    const { target, browser, location } = await signIn(["acme"]);
    expect(`${target.origin}${target.pathname}`).toBe(`${url}/login/oauth/authorize`);
    expect(Object.fromEntries(target.searchParams)).toMatchObject({ client_id: "client", scope: "read:user user:email read:org", response_type: "code", redirect_uri: `${portalUrl}/api/auth/callback/gh`, code_challenge_method: "S256" });
    expect(createHash("sha256").update(exchanged.get("code_verifier") ?? "").digest("base64url")).toBe(target.searchParams.get("code_challenge"));
    expect(seen).toMatchObject([{ subject: "583231", groups: ["Acme/ops"] }]);
    expect(location).toBe("/prod");
    expect(browser.cookies.has("vigie-session")).toBe(true);
  });

  test("whoever left the organisation is refused at the next sign-in, and what they held elsewhere is taken away, by the numeric id", async () => {
    expect((await signIn(["acme"])).location).toBe("/prod");
    answers["/user/memberships/orgs?state=active&per_page=100"] = { body: [] };
    expect((await signIn(["acme"])).location).toBe("/sign-in?error=not-a-member&callbackUrl=%2Fprod");
    expect([seen, left]).toEqual([[], ["583231"]]);
  });

  test("whoever left a team comes without it; a login that changed is the same person, one that was taken over is another", async () => {
    answers["/user/teams?per_page=100"] = { body: [] };
    answers["/user"] = { body: { id: 583231, login: "renamed", name: null } };
    await signIn(["acme"]);
    expect(seen).toMatchObject([{ subject: "583231", name: "renamed", groups: [] }]);
    answers["/user"] = { body: { id: 999, login: "octocat", name: null } };
    await signIn(["acme"]);
    expect(seen).toMatchObject([{ subject: "999", name: "octocat" }]);
  });

  test.each([["an address that is not verified", [{ email: "boss@example.org", primary: true, verified: false }]], ["a verified one that is not the primary", [{ email: "boss@example.org", primary: false, verified: true }]]])("%s gives nobody a role", async (_, emails) => {
    answers["/user/emails?per_page=100"] = { body: emails };
    await signIn(["acme"]);
    expect(seen).toMatchObject([{ email: null, emailVerified: false }]);
  });

  test("is asked which account it is when somebody proves anew who they are, and coming back is the proof", async () => {
    const browser = new PortalBrowser(portal([]));
    expect(new URL((await browser.begin("gh", "/", true)).target ?? "").searchParams.get("prompt")).toBe("select_account");
    expect(new URL((await browser.begin("gh", "/")).target ?? "").searchParams.has("prompt")).toBe(false);
  });

  test("tells somebody outside the organisations why", async () => {
    const { browser, location } = await signIn(["other"]);
    expect(location).toBe("/sign-in?error=not-a-member&callbackUrl=%2Fprod");
    expect([seen, browser.cookies.has("vigie-session")]).toEqual([[], false]);
  });

  test("refuses another state", async () => {
    expect((await signIn([], (back) => back.searchParams.set("state", "made-up"))).location).toBe("/sign-in?error=expired&callbackUrl=%2Fprod");
  });
});
