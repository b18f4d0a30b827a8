import { afterAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { SealedBigPod } from "#lib/contracts/release.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { RegistryApi } from "#lib/ports/registry.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { buildPlan } from "#lib/services/plan/build.ts";
import { bigPodState, recordRelease, repository, sealed, testConfig, watched, writeState } from "#lib/services/plan/test-platform.ts";
import { assessReadiness } from "#lib/services/readiness/assess.ts";
import { createTestContext } from "#lib/services/test-context.ts";

const [old, present] = [{ tag: "v1", digest: `sha256:${"1".repeat(64)}` }, { tag: "v2", digest: `sha256:${"2".repeat(64)}` }];
const found: RegistryApi = { inspect: ({ digest }) => Promise.resolve({ digest, platforms: ["linux/arm64"], revision: null, source: null, version: null, createdAt: null }) };
let database: TestDatabase;
let context: ServiceContext;
let release = 0;

/** Two releases in staging and prod: one that was there before, and the present one. */
beforeEach(async () => {
  await database?.drop();
  database = await createTestDatabase();
  const { db } = database;
  context = { ...createTestContext(db, testConfig("http://127.0.0.1:1")), registry: found };
  await watched(db);
});
afterAll(() => database.drop());

async function seed(change: { old?: Partial<SealedBigPod>; present?: Partial<SealedBigPod>; status?: "healthy" | "broken" } = {}): Promise<void> {
  const { db } = database;
  for (const environment of ["staging", "prod"]) {
    for (const bigPod of ["experience", "commerce"]) await writeState(db, bigPodState(environment, bigPod, present, { status: change.status ?? "healthy", cause: change.status === "broken" ? "app keeps exiting" : null }));
    release = await recordRelease(db, environment, { experience: { ...sealed("experience", environment, old), ...change.old }, commerce: sealed("commerce", environment, present) }, { contentHash: `${environment}-old` });
    await recordRelease(db, environment, { experience: { ...sealed("experience", environment, present), ...change.present }, commerce: sealed("commerce", environment, present) }, { contentHash: `${environment}-present` });
  }
}

const states = async (environment: string) => (await database.db.bigPodStateRow.findMany({ where: { environment } })).map((row) => row.state as ReturnType<typeof bigPodState>); // written by this test
const assess = async () => assessReadiness(context, "prod", { states: await states("prod") });

test("a drill plans the rollback to the release before; only what differs is touched, and both ways are told", async () => {
  await seed();
  const { plan, targets } = await buildPlan(context, { kind: "drill", environment: "staging" });
  expect(plan).toMatchObject({ kind: "drill", start: { how: "now" }, release: release - 2, ready: true });
  expect(targets.map((target) => [target.bigPod, target.write.effect])).toEqual([["experience", "restore"]]);
  expect(plan.changes.find((change) => change.bigPod === "experience")?.how).toMatch(/rolling update of 2 pods; then given back what it runs now$/);
  expect(plan.gates.map((gate) => [gate.name, gate.verdict])).toEqual([["target-visible", "pass"], ["nothing-else-runs", "pass"], ["source-healthy", "pass"], ["reversible", "pass"], ["something-changes", "pass"]]);
});

test.each<[string, () => Promise<void>, string, string]>([
  ["where something is broken", () => seed({ status: "broken" }), "source-healthy", "fail"],
  ["over an irreversible migration", () => seed({ present: { irreversible: "splits orders" } }), "reversible", "fail"],
  ["while the registry cannot be asked", async () => { await seed(); context = { ...context, registry: { inspect: () => Promise.reject(new VigieError("upstream", "The registry is down.")) } }; }, "reversible", "error"],
])("a drill is refused %s", async (_name, prepare, gate, verdict) => {
  await prepare();
  const { plan } = await buildPlan(context, { kind: "drill", environment: "staging" });
  expect(plan.start.how).toBe("refused");
  expect(plan.gates.find((one) => one.name === gate)?.verdict).toBe(verdict);
});

test("never in the last environment, nor where a switch is the way back", async () => {
  await seed();
  await expect(buildPlan(context, { kind: "drill", environment: "prod" })).rejects.toThrow("prod is the last environment: nothing is rehearsed there. Drill in staging; its result stands beside the rollback of prod too.");
  const staging = context.config.environments[1];
  if (staging === undefined) throw new Error("there is one");
  staging.policy.strategy = { kind: "blue-green", standbyMinutes: 30 };
  await expect(buildPlan(context, { kind: "drill", environment: "staging" })).rejects.toThrow("staging is blue-green");
});

test("the way back: ready, or why not", async () => {
  await seed();
  expect(await assess()).toMatchObject({ release: release, verdict: "ready", sentence: `Ready to roll back to R-${release}.` });
  context = { ...context, registry: { inspect: ({ digest }) => Promise.resolve(digest === old.digest ? null : { digest, platforms: ["linux/arm64"], revision: null, source: null, version: null, createdAt: null }) } };
  expect(await assess()).toMatchObject({ verdict: "not-ready", sentence: `Not ready to roll back to R-${release}: ${repository}:v1@${old.digest} (experience) is not in the registry any more.` });
  context = { ...context, registry: { inspect: () => Promise.reject(new VigieError("upstream", "The registry ghcr.io does not answer.")) } };
  expect(await assess()).toMatchObject({ verdict: "unsure", sentence: expect.stringContaining("the registry cannot be asked") });
});

test("the way back: an image for another architecture, a Secret nobody uses now, a release in quarantine", async () => {
  const secret = { metadata: {}, spec: { containers: [{ name: "app", env: [{ name: "URL", valueFrom: { secretKeyRef: { name: "tiles", key: "url" } } }] }] } };
  await seed({ old: { template: secret } });
  expect((await assess()).sentence).toBe(`A rollback to R-${release} may not work: whether the Secret tiles still has the key url is not known: experience needs it, nothing healthy uses it now, and Vigie may not read Secrets.`);
  context = { ...context, registry: { inspect: ({ digest }) => Promise.resolve({ digest, platforms: digest === old.digest ? ["linux/amd64"] : ["linux/arm64"], revision: null, source: null, version: null, createdAt: null }) } };
  expect((await assess()).sentence).toContain("has no image for linux/arm64");
  await database.db.quarantineRow.create({ data: { id: "q", imagesHash: "prod-old", release, environment: "prod", reason: "it failed", at: new Date() } });
  expect(await assess()).toMatchObject({ release: null, verdict: "not-ready", sentence: "There is no way back: no earlier release was seen healthy here." });
});

test("an image that two containers share is asked for once, and a silent registry holds nothing up for long", async () => {
  await seed();
  const asked: string[] = [];
  context = { ...context, registry: { inspect: ({ digest }) => { asked.push(digest); return found.inspect({ repository, digest }); } } };
  await assess();
  expect(asked.toSorted()).toEqual([old.digest, present.digest]);
});
