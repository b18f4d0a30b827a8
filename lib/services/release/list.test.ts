import { afterAll, beforeAll, expect, test } from "vitest";
import type { Actor } from "#lib/contracts/actor.ts";
import { releaseSummarySchema } from "#lib/contracts/release.ts";
import type { ReleaseContent } from "#lib/contracts/release.ts";
import { recordRelease, setEnvironmentRelease } from "#lib/db/repositories/release.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { contentHash, imagesHash } from "#lib/domain/release.ts";
import { digestOf } from "#lib/domain/test-objects.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { listReleases } from "#lib/services/release/list.ts";
import { readRelease } from "#lib/services/release/read.ts";
import { nothingOutside } from "#lib/services/test-context.ts";
import { registryWith, silentLog, testConfig } from "#lib/worker/test-parts.ts";

let database: TestDatabase;
let context: ServiceContext;
const actor = (environments: string[]): Actor => ({ kind: "person", id: "u", name: "U", grants: [{ role: "viewer", environments }] });

function content(environment: string, version: string): ReleaseContent {
  const image = { container: "core", repository: "ghcr.io/x/core", tag: version, digest: digestOf(version), revision: null, source: null };
  return { environment, bigPods: { core: { workload: { kind: "Deployment", name: "core", uid: "u" }, images: [image], template: {}, configMaps: [] } } };
}
async function record(environment: string, version: string): Promise<number> {
  const sealed = content(environment, version);
  return await database.db.$transaction(async (tx) => {
    const hash = contentHash(sealed);
    const { number } = await recordRelease(tx, { content: sealed, contentHash: hash, imagesHash: imagesHash(sealed), seenAt: new Date(), by: "test", operationId: null, preferredNumber: null });
    await setEnvironmentRelease(tx, { environment, number, contentHash: hash, since: new Date(), settled: true });
    return number;
  });
}

beforeAll(async () => {
  database = await createTestDatabase();
  context = { db: database.db, config: testConfig, clock: systemClock, log: silentLog, registry: registryWith({}), outside: nothingOutside };
  for (const version of ["v1", "v2", "v3", "v4", "v5"]) await record("staging", version);
  await record("prod", "v2");
});
afterAll(() => database.drop());

test("newest first, page by page, with the current one marked", async () => {
  const first = await listReleases(context, actor(["staging"]), { environment: "staging", limit: 2 });
  expect(first.releases.map((r) => [r.number, r.current, releaseSummarySchema.parse(r).bigPods[0]?.version])).toEqual([[5, true, "v5"], [4, false, "v4"]]);
  const second = await listReleases(context, actor(["staging"]), { environment: "staging", limit: 2, before: first.next ?? 0 });
  expect(second.releases.map((r) => r.number)).toEqual([3, 2]);
  const last = await listReleases(context, actor(["staging"]), { environment: "staging", limit: 2, before: second.next ?? 0 });
  expect(last).toMatchObject({ releases: [{ number: 1 }], next: null });
});

test("the same images have one number in both environments, and going back finds the old record", async () => {
  expect((await listReleases(context, actor(["prod"]), { environment: "prod" })).releases.map((r) => r.number)).toEqual([2]);
  expect(await record("staging", "v1")).toBe(1);
  expect((await readRelease(context, actor(["prod"]), "prod", "R-2")).content.bigPods["core"]?.images[0]?.tag).toBe("v2");
});

test("many that record the same new images at once get one number", async () => {
  const numbers = await Promise.all([record("staging", "v9"), record("prod", "v9"), record("staging", "v9"), record("prod", "v9")]);
  expect(new Set(numbers).size).toBe(1);
});

test("a record is sealed: the database refuses to edit or delete it", async () => {
  await expect(database.db.releaseRecord.updateMany({ where: { environment: "prod" }, data: { by: "somebody else" } })).rejects.toThrow(/never edited/);
  await expect(database.db.releaseRecord.deleteMany({ where: { environment: "prod" } })).rejects.toThrow(/never edited/);
});

test.each([
  ["an environment out of reach", () => listReleases(context, actor(["prod"]), { environment: "staging" }), "not-found"],
  ["an unknown environment", () => listReleases(context, { ...actor([]), grants: [{ role: "viewer", environments: "*" }] }, { environment: "qa" }), "not-found"],
  ["a page of none", () => listReleases(context, actor(["prod"]), { environment: "prod", limit: 0 }), "invalid"],
  ["a number that is none", () => readRelease(context, actor(["prod"]), "prod", "R-0"), "invalid"],
  ["a release that never ran there", () => readRelease(context, actor(["prod"]), "prod", 1), "not-found"],
  ["a release out of reach", () => readRelease(context, actor(["prod"]), "staging", 1), "not-found"],
] as const)("refused clearly: %s", async (_name, call, code) => {
  await expect(call()).rejects.toMatchObject({ name: "VigieError", code });
});
