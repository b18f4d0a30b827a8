import { describe, expect, test } from "vitest";
import { checkRequestOrigin, isHostServed, isLoopbackHost, portalOrigins, safeReturnPath } from "#lib/domain/request-origin.ts";
import type { RequestOriginFacts } from "#lib/domain/request-origin.ts";

const own = ["https://vigie.example.org"];
const action: RequestOriginFacts = { method: "POST", path: "/prod", origin: "https://vigie.example.org", secFetchSite: "same-origin", hasSessionCookie: true, hasBearerToken: false };

describe("requests that change something", () => {
  test.each<[string, Partial<RequestOriginFacts>, boolean]>([
    ["from our own page", {}, true],
    ["without Sec-Fetch-Site", { secFetchSite: null }, false],
    ["without Sec-Fetch-Site, behind the proxy that has asked for it", { secFetchSite: null, siteRequired: false }, true],
    ["that the browser calls nobody's (typed, a bookmark)", { secFetchSite: "none" }, false],
    ["that only read", { method: "GET", origin: null, secFetchSite: "cross-site" }, true],
    ["without Origin", { origin: null }, false],
    ["with the origin null", { origin: "null" }, false],
    ["from another site", { origin: "https://evil.example" }, false],
    ["from another port", { origin: "https://vigie.example.org:8443" }, false],
    ["from the same name without TLS", { origin: "http://vigie.example.org" }, false],
    ["from a name that begins alike", { origin: "https://vigie.example.org.evil.example" }, false],
    ["that the browser calls cross-site", { secFetchSite: "cross-site" }, false],
    ["that the browser calls same-site", { secFetchSite: "same-site" }, false],
    ["of the API with a token and no cookie", { path: "/api/v1/plans", origin: null, secFetchSite: null, hasSessionCookie: false, hasBearerToken: true }, true],
    ["of the API with a token and a cookie, from nowhere", { path: "/api/v1/plans", origin: null, hasBearerToken: true }, false],
    ["of sign-in, without a session yet, from another site", { path: "/api/auth/signin/sso", origin: "https://evil.example", hasSessionCookie: false }, false],
    ["of a webhook, by a program", { path: "/api/webhooks/alertmanager", origin: null, secFetchSite: null, hasSessionCookie: false }, true],
    ["of a webhook, by a browser that is signed in", { path: "/api/webhooks/alertmanager", origin: "https://evil.example" }, false],
    ["beside the webhooks", { path: "/api/webhooksx", origin: null, hasSessionCookie: false }, false],
    ["beside the API", { path: "/api/v1x", origin: null, hasSessionCookie: false }, false],
    ["with a method in small letters", { method: "post", origin: null }, false],
  ])("%s", (_, change, allowed) => {
    expect(checkRequestOrigin({ ...action, ...change }, own).allowed).toBe(allowed);
  });
});

test("a portal on loopback has three names, elsewhere one", () => {
  expect(portalOrigins("http://127.0.0.1:3000")).toEqual(["http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000"]);
  expect(portalOrigins("https://vigie.example.org/x")).toEqual(["https://vigie.example.org"]);
});

test.each([["localhost", true], ["127.8.9.1", true], ["[::1]", true], ["vigie.localhost", true], ["0.0.0.0", false], ["127.0.0.1.evil.example", false], ["localhost.evil.example", false], ["10.0.0.1", false]])("loopback: %s is %s", (host, loopback) => {
  expect(isLoopbackHost(host)).toBe(loopback);
});

test("a portal on loopback answers to loopback names only", () => {
  expect(isHostServed("127.0.0.1:3000", "http://127.0.0.1:3000")).toBe(true);
  expect(isHostServed("rebound.evil.example:3000", "http://127.0.0.1:3000")).toBe(false);
  expect(isHostServed(null, "http://127.0.0.1:3000")).toBe(false);
  expect(isHostServed("10.1.2.3:3000", "https://vigie.example.org")).toBe(true);
});

test.each([
  ["/prod?tab=pods#x", "/prod?tab=pods#x"],
  ["https://vigie.example.org/operations/1", "/operations/1"],
  ["https://evil.example/", "/"],
  ["//evil.example/", "/"],
  ["/\\evil.example", "/"],
  ["https://vigie.example.org//evil.example", "/"],
  ["javascript:alert(1)", "/"],
  ["/sign-in?callbackUrl=/sign-in", "/"],
  ["/api/auth/signout", "/"],
  ["", "/"],
  [null, "/"],
])("after sign-in %s leads to %s", (wish, path) => {
  expect(safeReturnPath(wish, "https://vigie.example.org")).toBe(path);
});
