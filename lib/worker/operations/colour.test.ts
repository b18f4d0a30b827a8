import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { Operation } from "#lib/contracts/operation.ts";
import { kinds } from "#lib/ports/cluster.ts";
import { prod, recordSelectors, replicasOf, scaledBy, selected, stagingSeemsToRun } from "#lib/worker/operations/test-colours.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ blueGreen: ["prod"] });
  await stage.startWorker("w1");
});
afterAll(() => stage.stop());
beforeEach(async () => {
  // What an earlier test returned may be promoted again.
  await stage.database.db.quarantineRow.deleteMany();
  await stage.settled("staging");
  await stage.settled("prod");
});

const steps = (operation: Operation) => operation.steps.map((step) => [step.name, step.bigPod, step.status]);
const release = async () => (await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).number;
const stateOf = async (bigPod: string) => (await stage.database.db.bigPodStateRow.findUniqueOrThrow({ where: { environment_bigPod: { environment: "prod", bigPod } } })).state as unknown as BigPodState; // written by the observer
const succeeded = async (id: string) => {
  const operation = await stage.ended(id);
  expect([operation.status, operation.note]).toEqual(["succeeded", expect.anything()]);
  return operation;
};

test("a promotion goes to the idle colour and switches; its rollback is one switch", { timeout: 240_000 }, async () => {
  const first = await release();
  const before = await stage.images("prod");
  const selectors = await recordSelectors(stage);
  const plan = await stage.plan({ kind: "promotion", from: "staging", to: "prod" });
  expect(plan).toMatchObject({ strategy: "blue-green", ready: true, afterwards: expect.arrayContaining([expect.stringContaining("core-blue, experience-blue are kept for 30 min")]) });
  expect(plan.changes[0]?.how).toBe("brings up core-green with the new images on 2 pods, asks it through core-preview, switches the Service core from blue to green at once (HorizontalPodAutoscaler core with it), keeps core-blue for 30 minutes");
  const promotion = await succeeded(await stage.confirm(plan));
  expect(steps(promotion)).toEqual([
    ["check", null, "succeeded"], ["raise", "core", "succeeded"], ["raise", "experience", "succeeded"], ["rollout", "core", "succeeded"], ["rollout", "experience", "succeeded"],
    ["preview", "core", "succeeded"], ["preview", "experience", "succeeded"], ["switch", "core", "succeeded"], ["switch", "experience", "succeeded"], ["verify", null, "succeeded"],
  ]);
  expect([await selected(stage, "core"), await selected(stage, "core-preview"), await scaledBy(stage, "core")]).toEqual(["green", "blue", "core-green"]);
  await stage.settled("prod");
  expect((await stage.images("prod"))["experience"]?.["experience"]).toContain("v2.3.0@sha256:");
  expect(await release()).toBe(plan.release);
  expect(await stateOf("core")).toMatchObject({ status: "healthy", workload: { name: "core-green" }, colour: { active: "green", standby: { workload: "core-blue", replicas: 2, ready: 2, version: "v1.5.1", until: expect.any(String) } } });
  const changes = await stage.until("the switch is listed", async () => {
    const rows = await stage.database.db.changeRow.findMany({ where: { environment: "prod", bigPod: "core" } });
    return rows.length > 0 ? rows : undefined;
  });
  expect(changes).toEqual([expect.objectContaining({ kind: "rollout", summary: "Core v1.5.1 → v1.5.2, switched from core-blue to core-green", by: "Rafael (promotion)" })]);

  const back = await stage.plan({ kind: "rollback", environment: "prod", release: first });
  expect(back.changes.map((change) => change.effect)).toEqual(["switch", "switch", "unchanged"]);
  const rollback = await succeeded(await stage.confirm(back));
  expect(steps(rollback).map(([name]) => name)).toEqual(["check", "preview", "preview", "switch", "switch", "verify"]);
  await stage.settled("prod");
  expect(await stage.images("prod")).toEqual(before);
  expect(await release()).toBe(first);
  expect([await replicasOf(stage, "core-green"), await scaledBy(stage, "core")]).toEqual([2, "core-blue"]);
  await selectors.stop();
  expect([selectors.of("core"), selectors.of("experience"), selectors.of("commerce")]).toEqual([["blue", "green", "blue"], ["blue", "green", "blue"], ["blue"]]);
});

test("a release that breaks never serves: the idle colours go back to what they were", { timeout: 240_000 }, async () => {
  const idle = () => Promise.all(["core-green", "experience-green"].map(async (name) => {
    const { spec } = await stage.apiOf("prod").get(kinds.deployments, prod, name);
    const { template, replicas } = spec as { template: unknown; replicas: number };
    return { template, replicas };
  }));
  const before = await idle();
  const selectors = await recordSelectors(stage);
  const restore = await stagingSeemsToRun(stage, "broken");
  const operation = await stage.ended(await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod" })));
  await restore();
  await selectors.stop();
  expect([operation.status, operation.note]).toEqual(["returned", expect.stringContaining("experience")]);
  expect(steps(operation).filter(([name]) => String(name).startsWith("return-"))).toEqual([["return-raise", "experience", "succeeded"], ["return-raise", "core", "succeeded"]]);
  expect(await idle()).toEqual(before);
  expect([selectors.of("core"), selectors.of("experience")]).toEqual([["blue"], ["blue"]]);
  expect(await stage.database.db.quarantineRow.findMany({ where: { operationId: operation.id }, select: { environment: true, release: true } })).toEqual([{ environment: "prod", release: operation.plan.release }]);
});

test("a ConfigMap edited since goes back before the old colour serves again, and its pods start anew", { timeout: 240_000 }, async () => {
  const first = await release();
  await succeeded(await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod", bigPods: ["experience"] })));
  await stage.settled("prod");
  const content = async () => (await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).contentHash;
  const promoted = await content();
  await stage.apiOf("prod").patch(kinds.configMaps, prod, "experience-config", "merge", { data: { LOG_LEVEL: "trace" } });
  await stage.until("the edit is recorded", async () => ((await content()) === promoted ? undefined : true));
  await stage.settled("prod");
  const plan = await stage.plan({ kind: "rollback", environment: "prod", release: first });
  expect(plan.changes.find((change) => change.bigPod === "experience")).toMatchObject({ effect: "restore", config: ["experience-config: LOG_LEVEL"], how: expect.stringContaining("both colours share them") });
  expect(plan.notUndone).toContainEqual(expect.stringContaining("ConfigMaps are shared by both colours"));
  const operation = await succeeded(await stage.confirm(plan));
  expect(steps(operation).map(([name]) => name)).toEqual(["check", "config", "raise", "rollout", "preview", "switch", "verify"]);
  expect((await stage.apiOf("prod").get(kinds.configMaps, prod, "experience-config")).data).toMatchObject({ LOG_LEVEL: "warn" });
  expect(await selected(stage, "experience")).toBe("blue");
});

test("restart and scale act on the colour that serves", { timeout: 240_000 }, async () => {
  const scaled = await succeeded(await stage.confirm(await stage.plan({ kind: "scale", environment: "prod", bigPod: "commerce", replicas: 3 })));
  expect(steps(scaled).map(([name]) => name)).toEqual(["check", "write", "rollout", "verify"]);
  expect([await replicasOf(stage, "commerce-blue"), await replicasOf(stage, "commerce-green")]).toEqual([3, 0]);
  await stage.settled("prod");
  await succeeded(await stage.confirm(await stage.plan({ kind: "restart", environment: "prod", bigPods: ["commerce"] })));
});

test("a selector edited by hand is a warning, and nothing is switched until it is put back or accepted", { timeout: 240_000 }, async () => {
  const first = await release();
  await succeeded(await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod", bigPods: ["core"] })));
  await stage.settled("prod");
  const api = stage.apiOf("prod");
  await api.patch(kinds.services, prod, "core", "json", [{ op: "replace", path: "/spec/selector/vigie.dev~1colour", value: "blue" }]);
  await api.patch(kinds.services, prod, "core-preview", "json", [{ op: "replace", path: "/spec/selector/vigie.dev~1colour", value: "green" }]);
  await api.patch(kinds.horizontalPodAutoscalers, prod, "core", "merge", { spec: { scaleTargetRef: { name: "core-blue" } } });
  await stage.until("it is seen", async () => ((await stateOf("core")).workload?.name === "core-blue" ? true : undefined));
  expect(await stateOf("core")).toMatchObject({ status: "warning", cause: expect.stringContaining("the selector of Service core was changed by") });
  const refused = await stage.plan({ kind: "rollback", environment: "prod", release: first });
  expect(refused).toMatchObject({ ready: false });
  expect(refused.gates.find((gate) => gate.name === "service-selector")).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("kubectl -n dreamscape-prod annotate service core vigie.dev/selector-") });
  for (const service of ["core", "core-preview"]) await api.patch(kinds.services, prod, service, "merge", { metadata: { annotations: { "vigie.dev/selector": null } } });
  await stage.settled("prod");
  expect((await stage.plan({ kind: "promotion", from: "staging", to: "prod" })).gates.find((gate) => gate.name === "service-selector")).toMatchObject({ verdict: "pass" });
});

test("an idle Deployment that was deleted is a warning and a gate that fails", { timeout: 240_000 }, async () => {
  const deployments = `/apis/apps/v1/namespaces/${prod}/deployments`;
  const { spec } = await stage.apiOf("prod").get(kinds.deployments, prod, "commerce-green");
  await stage.admin("DELETE", `${deployments}/commerce-green`);
  await stage.until("it is missed", async () => ((await stateOf("commerce")).status === "warning" ? true : undefined));
  expect(await stateOf("commerce")).toMatchObject({ cause: "Deployment commerce-green, the idle colour, does not exist in dreamscape-prod: without it nothing can be promoted or rolled back", workload: { name: "commerce-blue" } });
  const plan = await stage.plan({ kind: "promotion", from: "staging", to: "prod" });
  expect(plan.gates.find((gate) => gate.name === "service-selector")).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("Deployment commerce-green") });
  expect(plan.ready).toBe(false);
  await stage.admin("POST", deployments, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "commerce-green", namespace: prod }, spec });
  await stage.settled("prod");
});

test("an autoscaler on the idle colour is a warning and a gate that fails", { timeout: 240_000 }, async () => {
  const autoscalers = `/apis/autoscaling/v2/namespaces/${prod}/horizontalpodautoscalers`;
  await stage.admin("POST", autoscalers, { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata: { name: "commerce-idle", namespace: prod }, spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "commerce-green" }, minReplicas: 1, maxReplicas: 1 } });
  await stage.until("it is seen", async () => ((await stateOf("commerce")).status === "warning" ? true : undefined));
  const plan = await stage.plan({ kind: "promotion", from: "staging", to: "prod" });
  expect(plan.gates.find((gate) => gate.name === "service-selector")).toMatchObject({ verdict: "fail", evidence: "HorizontalPodAutoscaler commerce-idle scales commerce-green, which is idle: only the colour that serves may have one; point it at commerce-blue or delete it" });
  await stage.admin("DELETE", `${autoscalers}/commerce-idle`);
  await stage.settled("prod");
});
