import fc from "fast-check";
import { expect, test } from "vitest";
import { safeReturnPath } from "#lib/domain/request-origin.ts";

const portals = ["https://vigie.example.org", "http://127.0.0.1:3000"];

/** Where a browser lands that is sent this Location by a page of the portal. */
function landsAt(path: string, portal: string): URL {
  return new URL(`${portal}${path}`, portal);
}

const pieces = [
  "/", "//", "///", "\\", "/\\", "\\/", "\t", "\n", "\r", "\0", " ", "%00", "%09", "%0a", "%2f", "%2F%2f", "%5c", "%252f", ".", "..", "/.", "/..", "/./", "@", ":", ";", "?", "#", "&", "=",
  "http:", "https:", "HTTPS:", "javascript:", "data:text/html,", "vbscript:", "file:", "blob:", "ftp:", "evil.example", "evil.example:443", "vigie.example.org", "vigie.example.org.evil.example", "127.0.0.1:3000", "127.0.0.1", "localhost:3000", "[::1]:3000",
  "vigie.example.org@evil.example", "user:pass@", "prod", "sign-in", "api/auth/signout", "\u2044", "\u3002", "\uff0f", "\u200b", "\ufeff", "\ud800", "xn--", "０", "ⓔvil.example",
];

test("ACCEPTANCE 49: whatever callbackUrl says, sign-in leads to a page of this portal", () => {
  const wish = fc.oneof(fc.array(fc.constantFrom(...pieces), { maxLength: 9 }).map((parts) => parts.join("")), fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string({ unit: "binary", maxLength: 30 }));
  fc.assert(
    fc.property(wish, fc.constantFrom(...portals), (callbackUrl, portal) => {
      const path = safeReturnPath(callbackUrl, portal);
      expect(path).toMatch(/^\/(?![/\\])[^\s\\?#]*([?#]\S*)?$/);
      expect(landsAt(path, portal).origin).toBe(portal);
      // As a relative Location, from any page, it leads to the same place.
      expect(new URL(path, `${portal}/operations/1?x=1`).href).toBe(landsAt(path, portal).href);
      expect(path.startsWith("/api/")).toBe(false);
      // What came out once comes out again.
      expect(safeReturnPath(path, portal)).toBe(path);
    }),
    { numRuns: 4_000, seed: 49 },
  );
});

test.each([
  "https://evil.example", "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/\r\n/evil.example",
  "https:evil.example", "https:/evil.example", "https:\\\\evil.example", "HTTPS://EVIL.EXAMPLE", "http://vigie.example.org", "https://vigie.example.org:8443/", "https://vigie.example.org.evil.example/", "https://vigie.example.org@evil.example/",
  "https://vigie.example.org\\@evil.example/", "https://evil.example#@vigie.example.org/", "https://evil.example\\.vigie.example.org/", "https://evil。example/", "javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "//vigie.example.org@evil.example",
  "https://vigie.example.org//evil.example", "/.//evil.example", "/..//evil.example", "/a/..//evil.example", "/a/../\\evil.example", "/%2e%2e//evil.example", "https://vigie.example.org/.//evil.example",
])("ACCEPTANCE 49: %j leads home", (callbackUrl) => {
  expect(safeReturnPath(callbackUrl, "https://vigie.example.org")).toBe("/");
});

test.each([["/prod?tab=pods#x", "/prod?tab=pods#x"], ["/?plan=promotion:staging:prod&incident=12", "/?plan=promotion:staging:prod&incident=12"], ["https://vigie.example.org/operations/1", "/operations/1"], ["/operations?next=https://evil.example", "/operations?next=https://evil.example"], ["/audit?text=a\\b", "/audit?text=a\\b"]])("%s stays where it was meant to lead", (callbackUrl, path) => {
  expect(safeReturnPath(callbackUrl, "https://vigie.example.org")).toBe(path);
});
