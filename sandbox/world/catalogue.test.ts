import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { renderImage, sha256 } from "#sandbox/registry/image-documents.ts";
import { createCatalogue } from "#sandbox/world/catalogue.ts";
import { parseImageReference } from "#sandbox/world/image-reference.ts";

const now = () => Date.parse("2026-11-21T08:00:00Z");
const experience = "ghcr.io/dreamscape-ai/experience-pod";

describe("the image catalogue", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "catalogue-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("gives every build the digest of the very index bytes that are served", () => {
    const catalogue = createCatalogue({ now });
    expect(catalogue.all().length).toBe(26);
    expect(new Set(catalogue.all().map((build) => build.digest)).size).toBe(26);
    for (const build of catalogue.all()) expect(sha256(renderImage(build).index.bytes)).toBe(build.digest);
  });

  it("resolves by tag, by digest, and lets the digest decide when both are given", () => {
    const catalogue = createCatalogue({ now });
    const stable = catalogue.resolve(`${experience}:v2.3.0`);
    expect(stable?.behaviour.kind).toBe("healthy");
    expect(catalogue.resolve(`${experience}@${stable?.digest}`)).toBe(stable);
    expect(catalogue.resolve(`${experience}:v2.2.0@${stable?.digest}`)).toBe(stable);
    expect(catalogue.resolve(`ghcr.io/dreamscape-ai/nginx@${stable?.digest}`)).toBeUndefined();
    expect(catalogue.resolve(`${experience}:none`)).toBeUndefined();
    expect(catalogue.resolve("Not An Image")).toBeUndefined();
  });

  it("resolves the manifest of one platform to that platform only", () => {
    const catalogue = createCatalogue({ now });
    const build = catalogue.resolve(`${experience}:v2.3.0`);
    if (build === undefined) throw new Error("seed is missing");
    const arm = renderImage(build).platforms.find(({ platform }) => platform === "linux/arm64");
    const pinned = catalogue.resolve(`${experience}@${arm?.manifest.digest}`);
    expect(pinned?.platforms).toEqual(["linux/arm64"]);
    expect(pinned?.digest).toBe(arm?.manifest.digest);
    expect(pinned?.revision).toBe(build.revision);
  });

  it("moves a tag when it is pushed again and keeps the old digest", () => {
    const catalogue = createCatalogue({ now });
    const before = catalogue.resolve(`${experience}:v2.3.0`);
    if (before === undefined) throw new Error("seed is missing");
    const after = catalogue.add({ ...before, revision: "f".repeat(40) });
    expect(after.digest).not.toBe(before.digest);
    expect(catalogue.resolve(`${experience}:v2.3.0`)).toBe(after);
    expect(catalogue.resolve(`${experience}@${before.digest}`)).toBe(before);
  });

  it("keeps additions, digests and the registry's state over a restart", () => {
    const persistFile = join(folder, "world", "catalogue.json");
    const first = createCatalogue({ persistFile, now });
    const seed = first.resolve(`${experience}:v2.3.0`);
    if (seed === undefined) throw new Error("seed is missing");
    const added = first.add({ ...seed, tag: "v2.5.0", behaviour: { kind: "slow", readyAfterSeconds: 3 } });
    first.registryDown = true;
    const second = createCatalogue({ persistFile, now: () => Date.parse("2026-12-24T00:00:00Z") });
    expect(second.resolve(`${experience}:v2.5.0`)).toEqual(added);
    expect(second.all()).toEqual(first.all());
    expect(second.registryDown).toBe(true);
  });

  it("says which file is damaged", () => {
    const persistFile = join(folder, "catalogue.json");
    writeFileSync(persistFile, '{"added":');
    expect(() => createCatalogue({ persistFile, now })).toThrow(persistFile);
  });

  it("knows the misbehaving builds by what they do", () => {
    const catalogue = createCatalogue({ now });
    const kinds = ["broken", "oom", "slow", "fatal"].map((name) => catalogue.resolve(`${experience}:v2.4.0-${name}`)?.behaviour.kind);
    expect(kinds).toEqual(["exits", "out-of-memory", "slow", "process-fatal"]);
    expect(catalogue.resolve("ghcr.io/dreamscape-ai/commerce-pod:v0.9.6-amd64only")?.platforms).toEqual(["linux/amd64"]);
    expect(catalogue.resolve("ghcr.io/dreamscape-ai/commerce-pod:v0.9.7-nopull")?.inRegistry).toBe(false);
  });
});

describe("parseImageReference", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  it.each([
    ["nginx", { repository: "docker.io/library/nginx", tag: "latest" }],
    ["bitnami/redis:7", { repository: "docker.io/bitnami/redis", tag: "7" }],
    ["localhost:5000/a/b", { repository: "localhost:5000/a/b", tag: "latest" }],
    [`ghcr.io/a/b@${digest}`, { repository: "ghcr.io/a/b", digest }],
    [`ghcr.io/a/b:v1@${digest}`, { repository: "ghcr.io/a/b", tag: "v1", digest }],
    ["ghcr.io/a/b:", undefined],
    ["ghcr.io/A/b", undefined],
    ["ghcr.io/a/b@sha256:12", undefined],
    ["", undefined],
  ])("%s", (text, expected) => {
    expect(parseImageReference(text)).toEqual(expected);
  });
});
