import { expect, test } from "vitest";
import { configSchema } from "#lib/contracts/config.ts";
import { checkpointOrigin, checkpointPlaces, describePlace } from "#lib/domain/checkpoint-places.ts";
import { checkConfig } from "#lib/domain/config-rules.ts";
import { testConfig } from "#lib/services/test-context.ts";

const now = new Date("2026-11-21T00:00:00Z");
const file = { kind: "file", name: "disk", path: "/var/lib/vigie/checkpoints.jsonl" };
const bucket = { kind: "s3", name: "r2", url: "https://account.r2.cloudflarestorage.com", bucket: "vigie-audit", prefix: "checkpoints/", accessKeyId: "env:ID", secretAccessKey: "env:SECRET" };
const webhook = { kind: "webhook", name: "hook", url: "https://audit.example.org/checkpoints", secret: "env:HOOK" };
const allow = { egress: { allow: ["account.r2.cloudflarestorage.com", "audit.example.org"] } };

function parsed(places: object[], more: Record<string, unknown> = {}) {
  return configSchema.parse({ ...testConfig, audit: { checkpoints: { places } }, ...more });
}
const mistakes = (places: object[], more?: Record<string, unknown>): string[] => checkConfig(parsed(places, more), now).map(({ path, expected }) => `${path.join(".")}: ${expected}`);

test("places of all kinds are fine as the documentation has them, and described without their secrets", () => {
  expect(mistakes([file, bucket, webhook], allow)).toEqual([]);
  const { places, inHome } = checkpointPlaces(parsed([file, bucket, webhook], allow));
  expect(places.map((place) => describePlace(place, inHome))).toEqual(["/var/lib/vigie/checkpoints.jsonl", "vigie-audit/checkpoints/ at account.r2.cloudflarestorage.com", "audit.example.org"]);
});

test("without any, a file in the home folder; the log is called after the platform", () => {
  const { places, inHome } = checkpointPlaces(parsed([]));
  expect([places.map(({ name, kind }) => `${name} ${kind}`), inHome]).toEqual([["home file"], true]);
  expect(checkpointOrigin(parsed([]))).toBe("vigie/testing");
  expect(checkpointOrigin(configSchema.parse({ ...testConfig, platform: { name: "Été & Co." } }))).toMatch(/^vigie\/[a-z0-9-]+$/);
});

test.each<[object[], Record<string, unknown>, string]>([
  [[file, { ...file, path: "other" }], {}, 'audit.checkpoints.places.1.name: another name: "disk" stands above'],
  [[file, { ...file, name: "two" }], {}, "audit.checkpoints.places.1.path: another file: a place above writes into this one"],
  [[bucket], {}, 'audit.checkpoints.places.0.url: a host that stands in egress.allow: "account.r2.cloudflarestorage.com" does not (nothing does)'],
  [[{ ...bucket, url: "https://account.r2.cloudflarestorage.com/vigie-audit" }], allow, "audit.checkpoints.places.0.url: the endpoint alone, such as https://<account>.r2.cloudflarestorage.com; the bucket stands beside it"],
  [[{ ...webhook, url: "https://me:secret@audit.example.org/" }], allow, "audit.checkpoints.places.0.url: an address without a name or password in it"],
])("%j is a mistake", (places, more, expected) => expect(mistakes(places, more)).toEqual([expected]));

test.each([{ ...bucket, prefix: "../" }, { ...bucket, prefix: "no-slash" }, { ...bucket, bucket: "UPPER" }, { ...bucket, accessKeyId: "AKIA…" }, { ...file, path: "" }])("%j is refused by the schema", (place) => {
  expect(() => parsed([place])).toThrow();
});
