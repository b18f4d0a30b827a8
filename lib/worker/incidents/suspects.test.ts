import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createGithub } from "#lib/adapters/github/github.ts";
import { createPrometheus } from "#lib/adapters/prometheus/prometheus.ts";
import { configSchema } from "#lib/contracts/config.ts";
import { suspectSchema } from "#lib/contracts/incident.ts";
import type { Suspect } from "#lib/contracts/incident.ts";
import type { SealedImage } from "#lib/contracts/release.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import { recordRelease } from "#lib/db/repositories/release.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { contentHash, imagesHash } from "#lib/domain/release.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { bigPodState, sealed, writeState } from "#lib/services/plan/test-platform.ts";
import { createTestContext, nothingOutside } from "#lib/services/test-context.ts";
import { acquireLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { createSuspectSeeker } from "#lib/worker/incidents/suspects.ts";
import { createClock } from "#sandbox/controllers/clock.ts";
import { startGithub } from "#sandbox/github/server.ts";
import { makeLabels, nameLabel } from "#sandbox/prometheus/promql/labels.ts";
import { startPrometheus } from "#sandbox/prometheus/server.ts";
import { createSeriesStore } from "#sandbox/prometheus/store.ts";
import { createCatalogue } from "#sandbox/world/catalogue.ts";

/** The release came five minutes ago, the trouble one minute later; windows of two minutes are full. */
const nowMs = Math.floor(Date.now() / 1000) * 1000;
const ago = (seconds: number): Date => new Date(nowMs - seconds * 1000);
const [releasedAt, onsetAt] = [ago(300), ago(240)];

const config = configSchema.parse({
  platform: { name: "Test" },
  environments: ["dev", "staging", "prod"].map((name) => ({ name, cluster: { kubeconfig: "kubeconfig" }, namespace: `test-${name}` })),
  bigPods: ["experience", "core", "commerce"].map((name) => ({ name, title: name[0]?.toUpperCase() + name.slice(1), workload: { name }, services: [{ name: "voyage", container: "app" }] })),
  incidents: { compareMinutes: 2, dependencies: { experience: ["core"] } },
  access: { providers: [{ id: "x", kind: "github", title: "GitHub", clientId: "a", clientSecret: "env:X" }], roles: [{ role: "admin", groups: ["a"] }] },
});

const catalogue = createCatalogue({ now: () => nowMs });
function imageOf(tag: string): SealedImage & { tag: string } {
  const build = catalogue.resolve(`ghcr.io/dreamscape-ai/experience-pod:${tag}`);
  if (build === undefined) throw new Error(`the catalogue has no ${tag}`);
  return { container: "app", repository: build.repository, tag, digest: build.digest as SealedImage["digest"], revision: build.revision, source: build.source };
}

let database: TestDatabase;
let context: ServiceContext;
let token: LeaseToken;
let prometheus: Awaited<ReturnType<typeof startPrometheus>>;
const stops: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const store = createSeriesStore();
  let [ok, failed] = [0, 0];
  for (let second = 1_500; second >= 0; second -= 5) {
    ok += 18;
    failed += second < 300 ? 4 : 0.04;
    for (const [code, value] of [["200", ok], ["500", failed]] as const) store.append(makeLabels({ [nameLabel]: "http_requests_total", namespace: "test-prod", bigpod: "experience", service: "voyage", code }), nowMs - second * 1000, value);
  }
  const clock = createClock();
  prometheus = await startPrometheus({ targets: () => [], clock, port: 0, host: "127.0.0.1", store });
  const github = await startGithub({ catalogue, port: 0, host: "127.0.0.1" });
  stops.push(() => clock.stop(), () => prometheus.stop(), () => github.stop());
  const metrics = createPrometheus({ url: prometheus.url, authorization: null, timeoutMs: 20_000 });
  const source = createGithub({ config: { host: "github.com", url: github.url }, readSecret: () => "", now: () => new Date() });
  context = { ...createTestContext(database.db, config), outside: { ...nothingOutside, metrics: () => metrics, source: () => source } };

  const lease = await acquireLease(database.db, "observer", "w1", 600_000);
  if (lease === null) throw new Error("the lease was not given");
  token = lease;
  await release("prod", "v2.3.0", 211);
  await release("staging", "v2.4.0-errors", 214);
  await database.db.operationRow.create({
    data: { id: "promotion", kind: "promotion", environment: "prod", status: "succeeded", title: "Promote R-214 to prod", reason: "r", planHash: "h", plan: { release: 214, currentRelease: 211, from: "staging", changes: ["experience", "core"].map((bigPod) => ({ bigPod, effect: bigPod === "core" ? "unchanged" : "images", images: [], config: [], template: [], replicas: null, how: "" })) }, targets: [], actor: { name: "Rafael" }, actorId: "rafael", idempotencyKey: "k", requestedAt: ago(320), position: 1n },
  });
  await database.db.stateHistory.create({ data: { environment: "prod", bigPod: "experience", status: "healthy", at: ago(9_000) } });
  await writeState(database.db, bigPodState("prod", "experience", imageOf("v2.4.0-errors")));
  await change("rollout", { bigPod: "experience", at: releasedAt, summary: "Experience v2.3.0 → v2.4.0-errors", by: "Rafael (promotion)", operationId: "promotion", release: 214 });
});
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
  await database.drop();
});

async function release(environment: string, tag: string, number: number): Promise<void> {
  const image = imageOf(tag);
  // Core differs too, but was not promoted.
  const core = { ...imageOf(tag), repository: "ghcr.io/dreamscape-ai/core" };
  const content = { environment, bigPods: { experience: { ...sealed("experience", environment, image), images: [image] }, core: { ...sealed("core", environment, core), images: [core] } } };
  await database.db.releaseNumber.create({ data: { number, imagesHash: imagesHash(content), createdAt: ago(7_200) } });
  await database.db.$transaction((tx) => recordRelease(tx, { content, contentHash: contentHash(content), imagesHash: imagesHash(content), seenAt: ago(7_200), by: "Rafael", operationId: null, preferredNumber: number }));
}

async function change(id: string, given: { bigPod: string | null; at: Date; summary: string; kind?: string; by?: string; operationId?: string; release?: number; environment?: string }): Promise<void> {
  const [row] = await database.db.$queryRaw<{ position: bigint }[]>`SELECT next_position() AS position`;
  await database.db.changeRow.create({ data: { id, environment: "prod", kind: "rollout", by: "kubectl-set, not through Vigie", operationId: null, release: null, position: row?.position ?? 0n, ...given } });
}

async function open(given: { environment?: string; bigPod?: string | null; onsetAt?: Date } = {}): Promise<string> {
  const id = randomUUID();
  const place = { environment: given.environment ?? "prod", bigPod: given.bigPod === undefined ? "experience" : given.bigPod };
  await database.db.incidentRow.create({ data: { id, ...place, title: "Requests of voyage fail", severity: "critical", status: "open", onsetAt: given.onsetAt ?? onsetAt, openedAt: new Date(), manual: true, position: 0n } });
  return id;
}

async function read(id: string) {
  const row = await database.db.incidentRow.findUniqueOrThrow({ where: { id } });
  return { suspects: z.array(suspectSchema).parse(row.suspects), note: row.suspectsNote, at: row.suspectsAt, position: row.position };
}
const titles = async (incidentId: string) => (await database.db.incidentEntryRow.findMany({ where: { incidentId }, orderBy: { id: "asc" } })).map((entry) => entry.title);
const idsOf = (suspects: Suspect[]): string[] => suspects.map((suspect) => suspect.change.id);

/** One look of a seeker that knows nothing yet, as after a restart. */
async function look(given: Partial<{ context: ServiceContext; token: LeaseToken | null }> = {}): Promise<void> {
  const seeker = createSuspectSeeker({ context: given.context ?? context, lease: () => (given.token === undefined ? token : given.token) });
  await seeker.look();
  await seeker.close();
}
const close = (id: string) => database.db.incidentRow.update({ where: { id }, data: { status: "resolved" } });

test("a promoted release after which errors rose: first, worse, with who brought it, its images and commits", async () => {
  const id = await open();
  await look();
  const { suspects, note } = await read(id);
  expect(suspects).toMatchObject([
    {
      rank: 1, change: { id: "rollout", by: "Rafael (promotion)" },
      comparison: { verdict: "worse", windowSeconds: 120, baselineSeconds: 480, errors: { before: { requests: 1_732, errors: 4 }, after: { requests: 528, errors: 96 } }, warnings: [] },
      release: { number: 214, by: "Rafael (promotion)", operationId: "promotion", images: [{ bigPod: "experience", container: "app", from: expect.stringContaining("experience-pod:v2.3.0@sha256:"), to: expect.stringContaining("experience-pod:v2.4.0-errors@sha256:") }] },
    },
  ]);
  expect(suspects[0]?.reasons[0]).toBe("it is worse after it: errors rose from 0.2 % (4 of 1,732) to 18 % (96 of 528), p < 0.0001");
  const [commits] = suspects[0]?.release?.commits ?? [];
  expect(commits).toMatchObject({ repository: "dreamscape-ai/experience-pod", from: imageOf("v2.3.0").revision, to: imageOf("v2.4.0-errors").revision, url: `https://github.com/dreamscape-ai/experience-pod/compare/${imageOf("v2.3.0").revision}...${imageOf("v2.4.0-errors").revision}` });
  expect(commits?.messages[0]).toMatch(/^Ask the partners one after the other \(v2\.4\.0-errors\) \(\w+\)$/);
  expect(commits?.trouble).toBeUndefined();
  expect(note).toBeNull();
  expect(await titles(id)).toEqual(["First suspect: Experience v2.3.0 → v2.4.0-errors, by Rafael (promotion): worse"]);
  await close(id);
});

test("looking again tells nothing that is not new; a late change and a late signal do", async () => {
  const id = await open();
  const seeker = createSuspectSeeker({ context, lease: () => token });
  await seeker.look();
  const before = await read(id);
  await seeker.look();
  expect(await read(id)).toEqual(before);
  // Another worker takes over: it looks anew, and finds the same.
  await look();
  expect((await read(id)).position).toBe(before.position);
  await change("late", { bigPod: "core", at: ago(250), kind: "config", summary: "core-config: LOG_LEVEL changed" });
  await change("elsewhere", { bigPod: "commerce", at: ago(241), summary: "Commerce v1 → v2" });
  await change("after", { bigPod: "experience", at: ago(10), kind: "scale", summary: "Experience 2 → 4 replicas" });
  await seeker.look();
  const after = await read(id);
  expect(idsOf(after.suspects)).toEqual(["rollout", "late", "elsewhere"]);
  expect(after.position).toBeGreaterThan(before.position);
  expect(await titles(id)).toHaveLength(1);
  // An earlier onset, as an alert brings that is heard of later: what came after it is no suspect any more.
  await database.db.incidentRow.update({ where: { id }, data: { onsetAt: ago(301) } });
  await seeker.look();
  expect(await read(id)).toMatchObject({ suspects: [], note: expect.stringContaining("Nothing was changed in prod in the 60 min before") });
  expect((await titles(id)).at(-1)).toBe("No change is suspected any more");
  await seeker.close();
  await close(id);
  await database.db.changeRow.deleteMany({ where: { id: { in: ["late", "elsewhere", "after"] } } });
});

test("after the way back the window ends there, and the suspect stays what it was", async () => {
  await change("back", { bigPod: "experience", at: ago(230), summary: "Experience v2.4.0-errors → v2.3.0" });
  const id = await open();
  await look();
  expect((await read(id)).suspects).toMatchObject([{ change: { id: "rollout" }, comparison: { verdict: "worse", windowSeconds: 70 } }]);
  await close(id);
  await database.db.changeRow.delete({ where: { id: "back" } });
});

test("a Prometheus that fails for a moment takes back nothing that was measured", async () => {
  const id = await open();
  const seeker = createSuspectSeeker({ context, lease: () => token });
  await change("back", { bigPod: "experience", at: ago(200), summary: "Experience v2.4.0-errors → v2.3.0" });
  await seeker.look();
  const [before] = (await read(id)).suspects;
  await prometheus.setFaults({ unavailable: true });
  await database.db.changeRow.update({ where: { id: "back" }, data: { at: ago(195) } });
  await look();
  expect((await read(id)).suspects[0]?.comparison).toEqual(before?.comparison);
  await prometheus.setFaults({ unavailable: false });
  await look();
  expect((await read(id)).suspects[0]?.comparison).toMatchObject({ verdict: "worse", windowSeconds: 105 });
  expect(await titles(id)).toHaveLength(1);
  // Measured beyond what is known now to be the next change: that does not stand.
  await prometheus.setFaults({ unavailable: true });
  await database.db.changeRow.update({ where: { id: "back" }, data: { at: ago(240) } });
  await look();
  expect((await read(id)).suspects.find((suspect) => suspect.change.id === "rollout")?.comparison?.verdict).toBe("insufficient-data");
  await prometheus.setFaults({ unavailable: false });
  await seeker.close();
  await close(id);
  await database.db.changeRow.delete({ where: { id: "back" } });
});

test("a rollout by hand is named by the release that it became", async () => {
  await change("hand", { bigPod: "experience", at: ago(260), summary: "Experience v2.4.0-errors → v2.3.0" });
  await change("became", { bigPod: null, at: ago(200), kind: "release", summary: "prod runs R-211 (before: R-214)", release: 211 });
  await change("was", { bigPod: null, at: ago(280), kind: "release", summary: "prod runs R-214 (before: R-211)", release: 214 });
  const id = await open();
  await look();
  const { suspects } = await read(id);
  const hand = suspects.find((suspect) => suspect.change.id === "hand");
  expect(hand).toMatchObject({ release: { number: 211, by: "kubectl-set, not through Vigie", operationId: null } });
  expect(hand?.reasons).toContain("it was made outside Vigie (kubectl-set, not through Vigie)");
  await close(id);
  await database.db.changeRow.deleteMany({ where: { id: { in: ["hand", "became", "was"] } } });
});

test("Prometheus and GitHub away: the suspect stands, insufficient data, with both reasons", async () => {
  await prometheus.setFaults({ unavailable: true });
  const id = await open();
  const away = createGithub({ config: { host: "github.com", url: "http://127.0.0.1:1" }, readSecret: () => "", now: () => new Date() });
  try {
    await look({ context: { ...context, outside: { ...context.outside, source: () => away } } });
  } finally {
    await prometheus.setFaults({ unavailable: false });
  }
  const [suspect] = (await read(id)).suspects;
  expect(suspect).toMatchObject({ change: { id: "rollout" }, comparison: { verdict: "insufficient-data", sentence: expect.stringContaining("503") }, release: { number: 214, commits: [{ messages: [], url: expect.stringContaining("/compare/"), trouble: expect.stringMatching(/^GitHub at 127\.0\.0\.1:1 cannot be asked: the connection is refused\.$/) }] } });
  // Measured at the next look, and the timeline tells of it.
  await look();
  expect((await read(id)).suspects).toMatchObject([{ comparison: { verdict: "worse" } }]);
  expect((await titles(id)).map((title) => title.split(": ").at(-1))).toEqual(["insufficient data", "worse"]);
  await close(id);
});

test("failing pods of the newest template, and the last line of what failed, are evidence", async () => {
  const pod = (name: string, ready: boolean, current: boolean) => ({ name, uid: name, phase: "Running", ready, terminating: false, current, node: null, startedAt: null, restarts: 0, reason: null, services: [], containers: [] });
  await writeState(database.db, bigPodState("prod", "experience", imageOf("v2.4.0-errors"), { status: "broken", cause: "voyage keeps exiting: TILE_URL is not set", pods: [pod("a", false, true), pod("b", false, true), pod("c", true, false)] }));
  await change("map", { bigPod: "experience", at: ago(900), kind: "config", summary: "experience-config: TILE_URL removed" });
  const id = await open();
  await look();
  const { suspects } = await read(id);
  expect(suspects.find((suspect) => suspect.change.id === "map")?.reasons[0]).toBe('it changed TILE_URL, which the last log line names: "voyage keeps exiting: TILE_URL is not set"');
  expect(suspects.find((suspect) => suspect.change.id === "rollout")?.reasons).toContain("all 2 failing pods run the template that it brought, while the pod of the one before is well");
  await close(id);
  await database.db.changeRow.delete({ where: { id: "map" } });
});

test("where nothing was changed, or nobody watched, that is said", async () => {
  const [dev, prod] = [await open({ environment: "dev" }), await open({ onsetAt: ago(8_000), bigPod: null })];
  await look();
  expect(await read(dev)).toMatchObject({ suspects: [], note: "Nothing was changed in dev in the 60 min before the trouble began, as far as Vigie saw: something outside may be the cause. Vigie did not watch dev yet when it began: changes before that are not known." });
  expect((await read(prod)).note).toMatch(/Vigie watches prod only since \d{4}-\d\d-\d\d \d\d:\d\d UTC: changes before that are not known\.$/);
  expect(await titles(dev)).toEqual([]);
  await close(dev);
  await close(prod);
});

test("without the lease, or with one that was lost, nothing is written; nor to an incident that has ended", async () => {
  const id = await open();
  await look({ token: null });
  await look({ token: { ...token, epoch: token.epoch - 1n } });
  expect((await read(id)).at).toBeNull();
  await close(id);
  await look();
  expect((await read(id)).at).toBeNull();
});

test("what another version kept as suspects is no obstacle", async () => {
  const id = await open();
  await database.db.incidentRow.update({ where: { id }, data: { suspects: asJson([{ of: "long ago" }]) } });
  await look();
  expect((await read(id)).suspects).toMatchObject([{ change: { id: "rollout" } }]);
  await close(id);
});
