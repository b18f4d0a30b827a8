import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { isVigieError } from "#lib/domain/error.ts";
import { parseConfig } from "#lib/runtime/config.ts";

const good = {
  platform: { name: "P" },
  environments: [{ name: "prod", cluster: { kubeconfig: "./k" }, namespace: "p-prod", policy: { windows: [{ name: "w", every: "week", on: ["tuesday"], from: "14:00", to: "17:00", timeZone: "Europe/Paris" }] } }],
  bigPods: [{ name: "core", workload: { name: "core" }, services: [{ name: "auth", container: "auth" }] }],
  egress: { allow: ["status.example.org"] },
  access: { providers: [{ id: "sso", kind: "oidc", title: "SSO", issuer: "https://id.example.org", clientId: "a", clientSecret: "env:X" }], roles: [{ role: "admin", groups: ["a"] }] },
  server: { trustedProxies: ["10.0.0.0/8"], limits: { readsPerMinute: 10 } },
};
type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Every place in the good one, as a path. */
function places(value: unknown, at: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...at, Array.isArray(value) ? Number(key) : key]))];
}
function replaced(value: unknown, [first, ...rest]: (string | number)[], by: unknown): unknown {
  if (first === undefined) return by;
  if (Array.isArray(value)) return value.map((item, index) => (index === first ? replaced(item, rest, by) : item));
  return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, key === first ? replaced(inner, rest, by) : inner]));
}
const odd: fc.Arbitrary<Json> = fc.letrec<{ any: Json }>((tie) => ({
  any: fc.oneof({ depthSize: "small" }, fc.constantFrom<Json>("", "__proto__", "../../x", "0.0.0.0/0", "env:", "file:", "http://", "javascript:alert(1)", "9".repeat(400), "*", "2026-02-30T00:00", "Mars/Olympus", "25:99", -1, 1e308, null), fc.string({ unit: "binary", maxLength: 40 }), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.array(tie("any"), { maxLength: 4 }), fc.dictionary(fc.oneof(fc.constantFrom("name", "__proto__", "constructor", "kind"), fc.string({ maxLength: 8 })), tie("any"), { maxKeys: 4 })),
})).any;

function judged(text: string): void {
  try {
    parseConfig(text, "vigie.yaml", new Date("2026-11-21T12:00:00Z"));
  } catch (error) {
    if (!isVigieError(error)) throw error;
    expect(error.code).toBe("invalid");
    expect(error.message).toMatch(/^The configuration has (a mistake|\d+ mistakes):\n/);
    for (const line of error.message.split("\n  ").slice(1)) expect(line).toMatch(/^vigie\.yaml:\d+: /);
  }
}

test("the good one is good", () => {
  expect(parseConfig(stringify(good), "vigie.yaml", new Date("2026-11-21T12:00:00Z")).server.trustedProxies).toEqual(["10.0.0.0/8"]);
});

test("a configuration with anything at any place is taken, or refused with file, line and what was expected", () => {
  fc.assert(fc.property(fc.constantFrom(...places(good)), odd, (place, value) => judged(stringify(replaced(good, place, value)))), { seed: 20261121, numRuns: 150 });
});

test("so is any text at all", () => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string(), fc.array(fc.constantFrom("a: ", "&a ", "*a ", "[", "]", "{", "}", "- ", "\n", "  ", "!!js/function ", "<<: ", "? ", "| ", "\t", '"', "'", "#", "%YAML 1.1\n", "---\n"), { maxLength: 30 }).map((parts) => parts.join(""))), judged), { seed: 20261121, numRuns: 400 });
});
