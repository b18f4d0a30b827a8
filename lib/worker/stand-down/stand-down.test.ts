import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import { kinds } from "#lib/ports/cluster.ts";
import { requestStandDown } from "#lib/services/blue-green/request-stand-down.ts";
import { interfering, prod, replicasOf, selected } from "#lib/worker/operations/test-colours.ts";
import type { Interference } from "#lib/worker/operations/test-colours.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";
import { startStandDown } from "#lib/worker/stand-down/start.ts";

let stage: Stage;
const hooks: Interference = {};
beforeAll(async () => {
  stage = await openStage({ blueGreen: ["prod"] });
  const apis = new Map<string, ClusterApi>();
  for (const { name } of stage.context.config.environments) apis.set(name, interfering(stage.apiOf(name), hooks));
  await stage.startWorker("w1", { apiOf: (environment) => apis.get(environment) ?? stage.apiOf(environment) });
});
afterAll(() => stage.stop());
beforeEach(async () => {
  // What an earlier test returned may be promoted again.
  await stage.database.db.quarantineRow.deleteMany();
  await stage.settled("staging");
  await stage.settled("prod");
});
afterEach(() => {
  delete hooks.before;
});

const standDowns = (followsId: string) => stage.database.db.operationRow.findMany({ where: { followsId, kind: "stand-down" } });
const release = async () => (await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).number;

async function promoted(): Promise<string> {
  const id = await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod", bigPods: ["core", "experience"] }));
  expect(await stage.ended(id)).toMatchObject({ status: "succeeded" });
  await stage.settled("prod");
  return id;
}

/** Half an hour passes: for the database, and for the mark on the Services. */
async function timeIsOver(id: string): Promise<void> {
  const until = new Date(Date.now() - 60_000).toISOString();
  for (const service of ["core", "experience"]) await stage.apiOf("prod").patch(kinds.services, prod, service, "merge", { metadata: { annotations: { "vigie.dev/standby-until": until } } });
  await stage.until("the observer has seen it", async () => {
    const rows = await stage.database.db.bigPodStateRow.findMany({ where: { environment: "prod", bigPod: { in: ["core", "experience"] } } });
    return rows.every(({ state }) => (state as { colour: { standby: { until: string | null } } }).colour.standby.until === until) ? true : undefined; // written by the observer
  });
  // Last: from now on the worker finds it due.
  await stage.database.db.operationRow.update({ where: { id }, data: { finishedAt: new Date(Date.now() - 31 * 60_000) } });
}

test("a kept colour is scaled down once its time is over, once, by Vigie, with an entry", { timeout: 240_000 }, async () => {
  const first = await release();
  const id = await promoted();
  expect(await requestStandDown(stage.context, id)).toBe("nothing");
  await timeIsOver(id);
  // Two more workers look in the same moment.
  const others = [startStandDown(stage.context), startStandDown(stage.context)];
  await Promise.all(others.map((one) => one.look()));
  await Promise.all(others.map((one) => one.stop()));
  const [row, ...more] = await standDowns(id);
  expect(more).toEqual([]);
  const operation = await stage.ended(row?.id ?? "");
  expect(operation).toMatchObject({ status: "succeeded", kind: "stand-down", automatic: true, actor: "Vigie", actorId: "vigie", followsId: id, title: "Scale core-blue and experience-blue down in prod" });
  expect(operation.steps.map((step) => [step.name, step.bigPod, step.status])).toEqual([["check", null, "succeeded"], ["stand-down", "core", "succeeded"], ["stand-down", "experience", "succeeded"]]);
  expect([await replicasOf(stage, "core-blue"), await replicasOf(stage, "experience-blue"), await replicasOf(stage, "core-green")]).toEqual([0, 0, 2]);
  const entries = await stage.database.db.auditEntryRow.findMany({ where: { operationId: operation.id }, orderBy: { sequence: "asc" } });
  expect(entries.map((entry) => [entry.action, entry.outcome])).toEqual([["operation.request", "allowed"], ["operation.start", "allowed"], ["operation.outcome", "succeeded"]]);
  expect(await requestStandDown(stage.context, id)).toBe("nothing");
  // Now a rollback has to bring the old colour up again.
  await stage.settled("prod");
  const back = await stage.plan({ kind: "rollback", environment: "prod", release: first });
  expect(back.changes.find((change) => change.bigPod === "core")).toMatchObject({ effect: "restore", how: expect.stringContaining("brings up core-blue with the template of R-1 on 2 pods") });
  expect(await stage.ended(await stage.confirm(back))).toMatchObject({ status: "succeeded" });
});

test("a switch meanwhile: nothing is scaled down for the promotion before it", { timeout: 240_000 }, async () => {
  const first = await release();
  const id = await promoted();
  expect(await stage.ended(await stage.confirm(await stage.plan({ kind: "rollback", environment: "prod", release: first })))).toMatchObject({ status: "succeeded" });
  await stage.settled("prod");
  await stage.database.db.operationRow.update({ where: { id }, data: { finishedAt: new Date(Date.now() - 31 * 60_000) } });
  expect(await requestStandDown(stage.context, id)).toBe("nothing");
  expect(await standDowns(id)).toEqual([]);
});

test("a hand that switches to the colour while it is scaled down: it has its pods back", { timeout: 240_000 }, async () => {
  const id = await promoted();
  const serving = await selected(stage, "core");
  const idle = serving === "blue" ? "green" : "blue";
  let done = false;
  hooks.before = async ({ plural, name }) => {
    if (done || plural !== "deployments" || name !== `core-${idle}`) return;
    done = true;
    await stage.admin("PATCH", `/api/v1/namespaces/${prod}/services/core`, { spec: { selector: { "vigie.dev/colour": idle } } });
  };
  await timeIsOver(id);
  const row = await stage.until("it is asked for", async () => (await standDowns(id))[0]);
  const operation = await stage.ended(row.id);
  expect(operation.steps.find((step) => step.name === "stand-down" && step.bigPod === "core")?.evidence.at(-1)?.text).toBe(`core-${idle} was switched to in the same moment: it has its 2 pods back`);
  expect(await replicasOf(stage, `core-${idle}`)).toBe(2);
  await stage.admin("PATCH", `/api/v1/namespaces/${prod}/services/core`, { spec: { selector: { "vigie.dev/colour": serving } } });
  await stage.settled("prod");
});
