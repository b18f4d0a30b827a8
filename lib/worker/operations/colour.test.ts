import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { templateImages } from "#lib/domain/template-diff.ts";
import { kinds } from "#lib/ports/cluster.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ blueGreen: ["prod"] });
  await stage.startWorker("w1");
});
afterAll(() => stage.stop());
beforeEach(async () => {
  await stage.settled("staging");
  await stage.settled("prod");
});

const namespace = "dreamscape-prod";

test("x", { timeout: 60_000 }, async () => {
  const plan = await stage.plan({ kind: "promotion", from: "staging", to: "prod" });
  
  const id = await stage.confirm(plan);
  const op = await stage.ended(id, 20_000).catch(async (e: unknown) => {
    for (const k of [kinds.deployments, kinds.pods]) console.log((await stage.apiOf("prod").list(k, { namespace })).items.filter((i) => i.metadata.name.startsWith("core-green")).map((i) => JSON.stringify(i.status)).join("\n"));
    if (false) console.log(JSON.stringify(await stage.database.db.operationStepRow.findMany({ where: { operationId: id }, orderBy: { position: "asc" } }), null, 1));
    throw e;
  });
  console.log(op.status, op.note, op.steps.map((s) => [s.name, s.bigPod, s.status, s.startedAt, s.finishedAt, s.evidence.map((e) => e.text)]));
  await stage.settled("prod");
  const n = plan.currentRelease ?? 0;
  const back = await stage.plan({ kind: "rollback", environment: "prod", release: n });
  console.log(JSON.stringify({ gates: 0, changes: back.changes.map((c) => [c.effect, c.how]) }, null, 1));
  const t = performance.now();
  const op2 = await stage.ended(await stage.confirm(back), 60_000);
  console.log(performance.now() - t, op2.status, op2.note, op2.steps.map((s) => [s.name, s.bigPod, s.status, s.startedAt, s.finishedAt, s.evidence.map((e) => e.text)]));
});
