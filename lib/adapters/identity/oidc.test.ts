import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { discover, scopeFor, signatureFor } from "#lib/adapters/identity/discovery.ts";
import { personOfClaims } from "#lib/adapters/identity/oidc.ts";

describe("claims", () => {
  test.each([
    ["groups of a claim by any name", { sub: "1", "https://id.example/groups": ["a", "b"] }, "https://id.example/groups", { groups: ["a", "b"] }],
    ["one group as a string", { sub: "1", groups: "a" }, "groups", { groups: ["a"] }],
    ["no groups", { sub: "1" }, "groups", { groups: [], name: null, email: null, emailVerified: false }],
    ["groups of odd types left out", { sub: "1", groups: [1, null, "a", { x: 1 }] }, "groups", { groups: ["a"] }],
    ["an address nobody vouches for", { sub: "1", email: "A@Example.org" }, "groups", { email: "a@example.org", emailVerified: false }],
    ["an address vouched for in words", { sub: "1", email: "a@example.org", email_verified: "true" }, "groups", { emailVerified: true }],
    ["no valid address", { sub: "1", email: "x", email_verified: true }, "groups", { email: null }],
    ["a name with what the database cannot hold", { sub: "1", name: `A${String.fromCharCode(0)}\ud800` }, "groups", { name: "A\u2400\ufffd" }],
    ["a user name where no name is", { sub: "1", preferred_username: "ada" }, "groups", { name: "ada" }],
  ])("%s", (_, claims, groupsClaim, expected) => {
    expect(personOfClaims(claims, groupsClaim)).toMatchObject(expected);
  });

  test.each([{}, { sub: 1 }, { sub: "" }, { sub: "x".repeat(300) }, null])("%o is nobody", (claims) => {
    expect(() => personOfClaims(claims, "groups")).toThrow();
  });
});

describe("discovery", () => {
  async function withDocument<T>(change: (issuer: string) => Record<string, unknown>, use: (issuer: string) => Promise<T>): Promise<T> {
    const server = createServer((request, response) => response.writeHead(200, { "content-type": "application/json" }).end(request.url === "/.well-known/openid-configuration" ? JSON.stringify({ issuer, authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t`, jwks_uri: `${issuer}/j`, ...change(issuer) }) : "{}"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      return await use(issuer);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  }

  test("asks for groups only where they exist, and takes a signature the service makes", async () => {
    await withDocument(() => ({ scopes_supported: ["openid", "groups"], id_token_signing_alg_values_supported: ["HS256", "ES256"] }), async (issuer) => {
      const discovery = await discover(issuer, 0);
      expect([scopeFor(discovery), signatureFor(discovery)]).toEqual(["openid profile email groups", "ES256"]);
    });
    await withDocument(() => ({}), async (issuer) => {
      const discovery = await discover(issuer, 0);
      expect([scopeFor(discovery), signatureFor(discovery)]).toEqual(["openid profile email", "RS256"]);
    });
  });

  test.each([
    ["another issuer", () => ({ issuer: "https://evil.example" })],
    ["an endpoint elsewhere without TLS", () => ({ token_endpoint: "http://evil.example/token" })],
    ["no token endpoint", () => ({ token_endpoint: undefined })],
  ])("%s is refused", async (_, change) => {
    await withDocument(change, async (issuer) => expect(discover(issuer, 0)).rejects.toMatchObject({ code: "upstream" }));
  });
});
