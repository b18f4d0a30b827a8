import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createRegistry } from "#lib/adapters/registry/registry.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { createLog } from "#lib/runtime/log.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { createPlan } from "#lib/services/plan/create.ts";
import { nothingOutside } from "#lib/services/test-context.ts";
import { bigPodState, person, recordRelease, repository, sealed, testConfig, viewer, watched, writeState } from "#lib/services/plan/test-platform.ts";
import type { Build } from "#lib/services/plan/test-platform.ts";
import { startRegistry } from "#sandbox/registry/server.ts";
import { createCatalogue } from "#sandbox/world/catalogue.ts";
import type { ImageBuild } from "#sandbox/world/types.ts";

const catalogue = createCatalogue({ now: Date.now });
const common = { repository, revision: "a".repeat(40), source: "https://github.com/dreamscape-ai/experience-pod", createdAt: "2026-11-01T00:00:00Z", behaviour: { kind: "healthy" }, inRegistry: true } as const;
const add = (tag: string, platforms: ImageBuild["platforms"] = ["linux/arm64", "linux/amd64"]): Build => catalogue.add({ ...common, tag, platforms });
const [v1, v2, onlyAmd] = [add("v1"), add("v2"), add("v3", ["linux/amd64"])];
let database: TestDatabase;
let registry: { url: string; stop(): Promise<void> };
let context: ServiceContext;
let prodRelease = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  registry = await startRegistry({ catalogue, port: 0, host: "127.0.0.1" });
});
afterAll(async () => {
  await registry.stop();
  await database.drop();
});
beforeEach(async () => {
  const log = createLog("worker");
  const config = testConfig(registry.url);
  context = { db: database.db, config, clock: systemClock, log, registry: createRegistry({ registries: config.registries, resolveSecret: () => "", log }), outside: nothingOutside };
  catalogue.registryDown = false;
  await database.db.environmentRelease.deleteMany();
  await watched(database.db);
  for (const bigPod of ["experience", "commerce"]) {
    await writeState(database.db, bigPodState("staging", bigPod, bigPod === "experience" ? v2 : v1));
    await writeState(database.db, bigPodState("prod", bigPod, v1));
  }
  const salt = String(Math.random());
  await recordRelease(database.db, "staging", { experience: sealed("experience", "staging", v2), commerce: sealed("commerce", "staging", v1) }, { contentHash: `s${salt}` });
  prodRelease = await recordRelease(database.db, "prod", { experience: sealed("experience", "prod", v1), commerce: sealed("commerce", "prod", v1) }, { contentHash: `p${salt}` });
});

const promotion = { kind: "promotion", from: "staging", to: "prod" } as const;
const verdicts = (plan: { gates: { name: string; verdict: string }[] }) => Object.fromEntries(plan.gates.map((gate) => [gate.name, gate.verdict]));

describe("promotion", () => {
  test("changes only what differs by digest, and writes the digest that ran", async () => {
    const plan = await createPlan(context, person, promotion);
    expect(plan.ready).toBe(true);
    expect(new Set(Object.values(verdicts(plan)))).toEqual(new Set(["pass"]));
    expect(plan.changes.map((change) => [change.bigPod, change.effect])).toEqual([["experience", "images"], ["commerce", "unchanged"]]);
    expect(plan.changes[0]?.images).toEqual([{ container: "app", from: `${repository}:v1@${v1.digest}`, to: `${repository}:v2@${v2.digest}`, fromVersion: "v1", toVersion: "v2" }]);
  });

  test("the same facts give the same hash; another generation another", async () => {
    const first = await createPlan(context, person, promotion);
    expect((await createPlan(context, viewer, promotion)).hash).toBe(first.hash);
    await writeState(database.db, bigPodState("prod", "experience", v1, { workload: { kind: "Deployment", name: "experience", uid: "prod-experience", generation: 4 } }));
    expect((await createPlan(context, person, promotion)).hash).not.toBe(first.hash);
  });

  test("ACCEPTANCE 31: a tag that moved in between changes nothing: the digest that ran is written", async () => {
    const before = await createPlan(context, person, promotion);
    add("v2", ["linux/arm64"]);
    expect((await createPlan(context, person, promotion)).hash).toBe(before.hash);
  });

  test.each([
    ["broken", "fail"], ["progressing", "fail"], ["warning", "fail"], ["unknown", "inconclusive"], ["stale", "inconclusive"],
  ] as const)("a source that is %s does not pass", async (status, verdict) => {
    await writeState(database.db, bigPodState("staging", "commerce", v1, { status, cause: "because" }));
    const plan = await createPlan(context, person, promotion);
    expect([verdicts(plan)["source-healthy"], plan.ready]).toEqual([verdict, false]);
  });

  test("a silent worker or a source that is down: nothing that is green counts", async () => {
    await watched(database.db, "down");
    expect(verdicts(await createPlan(context, person, promotion))).toMatchObject({ "source-healthy": "inconclusive", "target-visible": "inconclusive" });
    await watched(database.db);
    await database.db.$executeRaw`UPDATE lease SET heartbeat_at = clock_timestamp() - interval '6 seconds'`;
    expect(verdicts(await createPlan(context, person, promotion))).toMatchObject({ "source-healthy": "error", "target-visible": "error" });
  });

  test("ACCEPTANCE 30, 32: a registry that cannot be asked is an error, an absent image a failure, a missing architecture too", async () => {
    catalogue.registryDown = true;
    expect(verdicts(await createPlan(context, person, promotion))["images-present"]).toBe("error");
    catalogue.registryDown = false;
    await writeState(database.db, bigPodState("staging", "experience", { tag: "v9", digest: `sha256:${"9".repeat(64)}` }));
    expect(verdicts(await createPlan(context, person, promotion))["images-present"]).toBe("fail");
    await writeState(database.db, bigPodState("staging", "experience", onlyAmd));
    const refused = await createPlan(context, person, promotion);
    expect(refused.gates.find((gate) => gate.name === "images-present")).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("linux/arm64") });
    await recordRelease(database.db, "prod", { experience: sealed("experience", "prod", v1, { nodeSelector: { "kubernetes.io/arch": "amd64" } }), commerce: sealed("commerce", "prod", v1) });
    expect(verdicts(await createPlan(context, person, promotion))["images-present"]).toBe("pass");
  });

  test("containers that do not match are refused with the sentence", async () => {
    await writeState(database.db, bigPodState("staging", "experience", v2, { images: [{ container: "app", reference: "x", repository, tag: "v2", digest: v2.digest }, { container: "sidecar", reference: "y", repository, tag: "v2", digest: v2.digest }] }));
    const plan = await createPlan(context, person, promotion);
    expect(plan.gates.find((gate) => gate.name === "containers-match")).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("app, sidecar in staging but app in prod") });
  });

  test("a target that is not settled is not promoted to", async () => {
    await database.db.environmentRelease.update({ where: { environment: "prod" }, data: { settled: false } });
    expect(verdicts(await createPlan(context, person, promotion))["nothing-else-runs"]).toBe("fail");
  });

  test("nothing to do is said, not done", async () => {
    await writeState(database.db, bigPodState("staging", "experience", v1));
    expect(await createPlan(context, person, promotion)).toMatchObject({ ready: false, gates: expect.arrayContaining([expect.objectContaining({ name: "something-changes", verdict: "fail" })]) });
  });

  test.each([
    [{ kind: "promotion", from: "dev", to: "prod" } as const, "invalid", /promoted from staging/],
    [{ kind: "promotion", from: "staging", to: "qa" } as const, "not-found", /no environment "qa"/],
    [{ ...promotion, bigPods: ["panorama"] }, "not-found", /no Big Pod "panorama"/],
    [{ kind: "rollback", environment: "prod", release: 99_999 } as const, "not-found", /never seen settled in prod/],
  ])("%o is refused clearly", async (request, code, sentence) => {
    await expect(createPlan(context, person, request)).rejects.toMatchObject({ code, message: expect.stringMatching(sentence) });
  });

  test("somebody without a role is refused and that is audited", async () => {
    await expect(createPlan(context, { ...viewer, grants: [] }, promotion)).rejects.toMatchObject({ code: "denied" });
    expect(await database.db.auditEntryRow.findFirst({ orderBy: { sequence: "desc" } })).toMatchObject({ action: "access.denied", actorName: "Vera" });
  });
});

describe("rollback, restart, scale", () => {
  test("ACCEPTANCE 30: to an earlier release: template and ConfigMaps whole, without asking the registry, without showing values", async () => {
    catalogue.registryDown = true;
    const old = await recordRelease(database.db, "prod", { experience: sealed("experience", "prod", v2, { level: "debug", memory: "512Mi" }), commerce: sealed("commerce", "prod", v1) }, { current: false });
    const plan = await createPlan(context, person, { kind: "rollback", environment: "prod", release: old });
    expect(plan).toMatchObject({ ready: true, release: old, currentRelease: prodRelease });
    expect(plan.changes[0]).toMatchObject({ effect: "restore", config: ["experience-config: LOG_LEVEL"], template: ["containers[app].resources.limits.memory 256Mi → 512Mi"] });
    expect(plan.changes[1]?.effect).toBe("unchanged");
    expect(JSON.stringify(plan)).not.toContain("planted-secret");
    const stored = await database.db.planRow.findUniqueOrThrow({ where: { hash: plan.hash } });
    expect(stored.targets).toMatchObject({ targets: [{ bigPod: "experience", write: { effect: "restore", restart: false } }] });
  });

  test("a ConfigMap alone is a difference, and means a restart", async () => {
    const old = await recordRelease(database.db, "prod", { experience: sealed("experience", "prod", v1, { level: "debug" }), commerce: sealed("commerce", "prod", v1) }, { current: false });
    const plan = await createPlan(context, person, { kind: "rollback", environment: "prod", release: old });
    const stored = await database.db.planRow.findUniqueOrThrow({ where: { hash: plan.hash } });
    expect(stored.targets).toMatchObject({ targets: [{ bigPod: "experience", write: { effect: "restore", restart: true } }] });
  });

  test("from a broken, unsettled state everything chosen is compared by the executor", async () => {
    await writeState(database.db, bigPodState("prod", "experience", v2, { status: "broken", cause: "app keeps exiting", images: [{ container: "app", reference: `${repository}:v2`, repository, tag: "v2", digest: null }] }));
    await database.db.environmentRelease.update({ where: { environment: "prod" }, data: { settled: false } });
    const plan = await createPlan(context, person, { kind: "rollback", environment: "prod", release: prodRelease });
    expect(plan).toMatchObject({ ready: true, suggestedReason: "app keeps exiting", changes: [{ effect: "restore" }, { effect: "restore", how: expect.stringContaining("left alone where it does not") }] });
  });

  test("restart and scale are possible while broken; scaling to the same number changes nothing", async () => {
    await writeState(database.db, bigPodState("prod", "commerce", v1, { status: "broken", cause: "payment is down" }));
    expect(await createPlan(context, person, { kind: "restart", environment: "prod", bigPods: ["commerce"] })).toMatchObject({ ready: true, suggestedReason: "payment is down" });
    expect(await createPlan(context, person, { kind: "scale", environment: "prod", bigPod: "commerce", replicas: 3 })).toMatchObject({ ready: true, changes: [{ replicas: { from: 2, to: 3 } }] });
    expect(await createPlan(context, person, { kind: "scale", environment: "prod", bigPod: "commerce", replicas: 2 })).toMatchObject({ ready: false });
  });
});
