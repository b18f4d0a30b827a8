import { afterAll, beforeAll, expect, test } from "vitest";
import type { Drift } from "#lib/contracts/drift.ts";
import { readGuards } from "#lib/db/repositories/guard.ts";
import { kinds } from "#lib/ports/cluster.ts";
import { adoptDrift } from "#lib/services/drift/adopt.ts";
import { listDrifts } from "#lib/services/drift/list.ts";
import { openStage, releaser } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.startWorker("w1");
  await stage.settled("staging");
  await stage.settled("prod");
});
afterAll(() => stage.stop());

const path = (name: string) => `/apis/apps/v1/namespaces/dreamscape-prod/deployments/${name}?fieldManager=kubectl-edit`;
const asReleaser = { ...releaser, grants: [{ role: "releaser" as const, environments: ["prod"] }] };
const drifts = async (): Promise<Drift[]> => (await readGuards(stage.database.db, ["prod"]))[0]?.guard.drift ?? [];
const drifted = (what: string, when: (drift: Drift) => boolean) => stage.until(what, async () => (await drifts()).find(when));
const gone = (bigPod: string) => stage.until(`${bigPod} is as wanted`, async () => ((await drifts()).some((drift) => drift.bigPod === bigPod) ? undefined : true));
const container = async (bigPod: string) => {
  const { spec } = await stage.apiOf("prod").get(kinds.deployments, "dreamscape-prod", bigPod);
  return (spec as { template: { spec: { containers: { name: string }[] } } }).template.spec.containers[0]?.name ?? "";
};
const setVariable = async (bigPod: string, value: string) =>
  stage.apiOf("prod").patch(kinds.deployments, "dreamscape-prod", bigPod, "strategic-merge", { spec: { template: { spec: { containers: [{ name: await container(bigPod), env: [{ name: "BY_HAND", value }] }] } } } });

test("what was never applied by Vigie does not drift; what was is told with who, when and the way back, and either goes back or is adopted", async () => {
  // By hand, before Vigie ever applied anything there.
  await stage.admin("PATCH", path("commerce"), { spec: { replicas: 3 } });
  await stage.settled("prod");

  const promotion = await stage.ended(await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod", bigPods: ["core", "experience"] })));
  expect(promotion.status).toBe("succeeded");
  await stage.settled("prod");
  const applied = await stage.database.db.appliedStateRow.findMany({ orderBy: { bigPod: "asc" } });
  const changed = promotion.plan.changes.filter((change) => change.effect === "images").map((change) => change.bigPod).toSorted();
  expect(applied.map((row) => [row.bigPod, row.by, row.operationId, row.adopted])).toEqual(changed.map((bigPod) => [bigPod, "Rafael (promotion)", promotion.id, false]));
  expect(changed).toEqual(["core", "experience"]);
  const bigPod = "experience";
  expect(await drifts()).toEqual([]);

  // A variable, by hand.
  const before = Date.now();
  await setVariable(bigPod, "hunter2");
  const first = await drifted("the variable is a drift", (drift) => drift.bigPod === bigPod);
  expect(first).toMatchObject({ wanted: { operationId: promotion.id, adopted: false }, back: { kind: "rollback", release: promotion.plan.release } });
  expect(first.differences.join()).toMatch(/env added|env\[BY_HAND\]/);
  expect(JSON.stringify(first)).not.toContain("hunter2");
  expect(Date.parse(first.since)).toBeGreaterThanOrEqual(Math.floor(before / 1000) * 1000 - 1000);
  const { drifts: listed } = await listDrifts(stage.context, asReleaser, { environment: "prod" });
  expect(listed.map((drift) => [drift.environment, drift.bigPod])).toEqual([["prod", bigPod]]);

  // Back, through an ordinary plan.
  await stage.settled("prod");
  const plan = await stage.plan({ kind: "rollback", environment: "prod", release: promotion.plan.release ?? 0, bigPods: [bigPod] });
  expect(plan.changes.filter((change) => change.effect === "restore").map((change) => change.bigPod)).toEqual([bigPod]);
  expect(await stage.ended(await stage.confirm(plan))).toMatchObject({ status: "succeeded" });
  await gone(bigPod);

  // The same again, and then adopted: only what was looked at, by whom it is allowed to.
  await setVariable(bigPod, "once more");
  const second = await drifted("it is a drift again", (drift) => drift.bigPod === bigPod);
  const request = { environment: "prod", bigPod, mark: second.mark, reason: "we need the variable" };
  await expect(adoptDrift(stage.context, { ...releaser, grants: [{ role: "operator", environments: ["prod"] }] }, request)).rejects.toMatchObject({ code: "denied" });
  await expect(adoptDrift(stage.context, asReleaser, { ...request, mark: first.mark })).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("something else by now") });
  await expect(adoptDrift(stage.context, asReleaser, { ...request, reason: " " })).rejects.toMatchObject({ code: "invalid" });
  expect(await adoptDrift(stage.context, asReleaser, request)).toMatchObject({ environment: "prod", bigPod, by: "Rafael" });
  await gone(bigPod);
  await expect(adoptDrift(stage.context, asReleaser, request)).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("nothing to adopt") });
  const entries = await stage.database.db.auditEntryRow.findMany({ where: { action: "drift.adopt" } });
  expect(entries.map((entry) => [entry.environment, entry.bigPods, entry.actorName])).toEqual([["prod", [bigPod], "Rafael"]]);
  expect(entries[0]?.bytes).not.toContain("once more");

  // The number of pods: wanted as it was when nobody else decides it. An autoscaler decides that of core.
  await stage.settled("prod");
  await stage.admin("PATCH", path("core"), { spec: { replicas: 3 } });
  await stage.admin("PATCH", path(bigPod), { spec: { replicas: 4 } });
  const scaled = await drifted("the number of pods is a drift", (drift) => drift.differences.some((line) => line.endsWith("→ 4 replicas")));
  expect(scaled).toMatchObject({ by: "kubectl-edit, not through Vigie", back: { kind: "scale" }, wanted: { by: "Rafael", adopted: true } });
  if (scaled.back?.kind !== "scale") throw new Error("no number of pods leads back");
  const { replicas } = scaled.back;
  expect((await drifts()).map((drift) => drift.bigPod)).toEqual([bigPod]);
  await stage.settled("prod");
  expect(await stage.ended(await stage.confirm(await stage.plan({ kind: "scale", environment: "prod", bigPod, replicas })))).toMatchObject({ status: "succeeded" });
  await gone(bigPod);
}, 240_000);
