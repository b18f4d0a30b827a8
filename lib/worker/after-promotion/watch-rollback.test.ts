import { afterAll, beforeAll, expect, test } from "vitest";
import { automaticRollbacks, breakExperience, openWatchStage, promoteExperience, proposalIn } from "#lib/worker/after-promotion/test-watch-stage.ts";
import { readReadiness } from "#lib/worker/guards-facts.ts";
import type { MetricAlert, MetricsApi } from "#lib/ports/metrics.ts";
import { kinds } from "#lib/ports/cluster.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let stage: Stage;
/** What Prometheus says of prod; null: none is configured. */
let alerts: MetricAlert[] | null = null;
beforeAll(async () => {
  stage = await openWatchStage({ prod: { watch: { watchMinutes: 5, mode: "rollback" } } });
  const asked: MetricsApi = { alerts: () => Promise.resolve(alerts ?? []), instant: () => Promise.reject(new Error("not asked")), range: () => Promise.reject(new Error("not asked")) };
  stage.context.outside = { ...stage.context.outside, metrics: (environment) => (environment === "prod" && alerts !== null ? asked : null) };
  await stage.startWorker("w1");
});
afterAll(() => stage.stop());

test("in rollback mode a promoted Big Pod that breaks is rolled back once, its release put in quarantine, everything audited", { timeout: 240_000 }, async () => {
  await stage.settled("prod");
  const before = await stage.images("prod");
  const { operation, number } = await promoteExperience(stage);
  await breakExperience(stage);
  const brokeAt = performance.now();
  const rollback = await stage.until("Vigie rolls back", async () => (await automaticRollbacks(stage, operation.id))[0]);
  const ended = await stage.ended(rollback.id);
  const tookMs = performance.now() - brokeAt;
  expect(ended).toMatchObject({ status: "succeeded", kind: "rollback", automatic: true, actor: "Vigie", followsId: operation.id, plan: { release: number } });
  expect(ended.reason).toMatch(/^\d+ s after R-\d+ was promoted to prod it failed \(experience: .*voyage.*\): Vigie rolls back to R-\d+\.$/);
  // The same image, by the digest that ran.
  expect((await stage.images("prod"))["experience"]?.["experience"]?.split("@")[0]).toBe(before["experience"]?.["experience"]);
  process.stdout.write(`from the failing process to the finished automatic rollback: ${Math.round(tookMs)} ms\n`);
  expect(tookMs).toBeLessThan(45_000);
  const { db } = stage.database;
  const quarantined = await db.quarantineRow.findMany({ where: { environment: "prod" } });
  expect(quarantined).toMatchObject([{ release: operation.plan.release, operationId: operation.id, liftedAt: null }]);
  // The watch of the promotion is over, which is an entry too; a rollback begins none, and what breaks after it is nobody's promotion.
  await stage.until("the watch has ended", async () => ((await db.promotionWatchRow.findFirst({ where: { outcome: "rolled-back" } })) ?? undefined));
  expect(await db.promotionWatchRow.count({ where: { endedAt: null } })).toBe(0);
  const entries = await db.auditEntryRow.findMany({ where: { OR: [{ operationId: operation.id }, { operationId: rollback.id }], actorId: "vigie" }, orderBy: { sequence: "asc" } });
  const bodies = entries.map((entry) => (JSON.parse(entry.bytes) as { body: { after: Record<string, unknown> } }).body); // written by appendAudit
  expect(entries.map((entry, index) => [entry.action, entry.operationId === rollback.id, bodies[index]?.after["decision"] ?? bodies[index]?.after["outcome"]])).toEqual([
    ["quarantine.add", true, undefined],
    ["watch.verdict", false, "rollback"],
    ["operation.request", true, undefined],
    ["watch.verdict", false, "rolled-back"],
  ]);
  expect(bodies[1]?.after["evidence"]).toEqual([expect.stringContaining("voyage"), "No Prometheus is configured here: judged by the states of the Big Pods alone."]);
  await stage.settled("prod");
});

test("somebody who edits by hand in between is not rolled over: there is a proposal that says so, and it goes with a rollback by hand", { timeout: 240_000 }, async () => {
  await stage.database.db.quarantineRow.updateMany({ data: { liftedAt: new Date() } });
  const { operation, number } = await promoteExperience(stage);
  await stage.apiOf("prod").patch(kinds.deployments, "dreamscape-prod", "commerce", "strategic-merge", { spec: { template: { metadata: { annotations: { note: "by hand" } } } } });
  await stage.settled("prod");
  await breakExperience(stage);
  const proposal = await stage.until("there is a proposal", async () => (await proposalIn(stage)) ?? undefined);
  expect(proposal).toMatchObject({ operationId: operation.id, release: number, sentence: expect.stringMatching(/a rollback to R-\d+ is proposed\. Vigie does not roll back by itself: commerce was edited outside Vigie since\.$/) });
  expect(await automaticRollbacks(stage, operation.id)).toEqual([]);
  const back = await stage.ended(await stage.confirm(await stage.plan({ kind: "rollback", environment: "prod", release: number, bigPods: ["experience"] })));
  expect(back.status).toBe("succeeded");
  await stage.until("the proposal is gone", async () => ((await proposalIn(stage)) === null ? true : undefined));
  expect(await automaticRollbacks(stage, operation.id)).toEqual([]);
});

test("a new alert that names what was promoted leads to one rollback; one that was there before, or names another Big Pod, to none", { timeout: 240_000 }, async () => {
  const firing = (labels: Record<string, string>, activeAt: Date): MetricAlert => ({ name: "HighErrorRate", labels, annotations: { summary: "5 % of requests fail" }, state: "firing", activeAt });
  const old = firing({ namespace: "dreamscape-prod", deployment: "experience" }, new Date(Date.now() - 3_600_000));
  const { operation } = await promoteExperience(stage);
  alerts = [old, firing({ namespace: "dreamscape-prod", deployment: "commerce" }, new Date()), firing({ namespace: "dreamscape-staging", deployment: "experience" }, new Date())];
  await stage.until("the promotion is watched", async () => ((await stage.database.db.promotionWatchRow.findFirst({ where: { operationId: operation.id, endedAt: null } })) ?? undefined));
  alerts = [...alerts, firing({ namespace: "dreamscape-prod", deployment: "experience" }, new Date())];
  const rollback = await stage.until("Vigie rolls back", async () => (await automaticRollbacks(stage, operation.id))[0]);
  expect(rollback.reason).toMatch(/\(alert HighErrorRate fires since [^)]+: 5 % of requests fail\): Vigie rolls back to R-\d+\.$/);
  expect((await stage.ended(rollback.id)).status).toBe("succeeded");
  alerts = null;
  await stage.settled("prod");
});

test("each environment knows its way back", { timeout: 240_000 }, async () => {
  const found = await stage.until("prod knows", async () => (await readReadiness(stage.database.db, "prod")) ?? undefined);
  expect(found.sentence).toMatch(/R-\d+|no earlier release/);
});
