import { expect, test } from "vitest";
import type { BigPodState } from "#lib/contracts/state.ts";
import { templateIdentity } from "#lib/domain/colour.ts";
import { afterSwitch, inColours, serviceSelector } from "#lib/domain/plan-colour.ts";
import type { PlanDraft } from "#lib/domain/plan-draft.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";

const label = "vigie.dev/colour";
const digest = `sha256:${"a".repeat(64)}`;
const template = { metadata: { labels: { app: "core" } }, spec: { containers: [{ name: "app", image: `r:1@${digest}` }] } };
const configMaps = [{ name: "core-config", data: { LEVEL: "info" }, binaryData: {} }];
const workload = { name: "core-blue", uid: "b", generation: 4 };

function facts(colour: Partial<NonNullable<BigPodState["colour"]>> | null, standby: { replicas?: number; ready?: number; content?: string | null } = {}, config = configMaps): EnvironmentFacts {
  const now = new Date("2026-11-21T12:00:00Z");
  const state: BigPodState = {
    environment: "prod", bigPod: "core", status: "healthy", cause: colour === null ? "Service core does not exist in prod" : null, evidence: [], since: now.toISOString(), version: null, images: [],
    replicas: { desired: 2, updated: 2, ready: 2, available: 2, total: 2 }, rollout: null, services: [], pods: [], restarts: 0, workload: { kind: "Deployment", ...workload }, sources: [], observedAt: now.toISOString(),
    colour: colour === null ? null : {
      active: "blue",
      standby: { workload: "core-green", replicas: standby.replicas ?? 2, ready: standby.ready ?? 2, version: null, until: null },
      parts: { label, idle: { uid: "g", generation: 7, images: [], content: standby.content === undefined ? templateIdentity(template, label) : standby.content }, service: { name: "core", uid: "s" }, previewService: { name: "core-preview", uid: "p" }, autoscalers: [] },
      ...colour,
    },
  };
  const sealed = { workload: { kind: "Deployment" as const, name: "core", uid: "b" }, images: [], template: {}, configMaps: config };
  return { name: "prod", release: { number: 9, contentHash: "h", settled: true }, recorded: new Map([["core", sealed]]), states: new Map([["core", state]]), sources: [], workerSeenAt: now, now };
}

const draft: PlanDraft = {
  title: "Roll back prod to R-8", from: null, release: 8, suggestedReason: "", notUndone: [],
  changes: [{ bigPod: "core", effect: "restore", images: [], config: [], template: [], replicas: null, how: "rolling update of 2 pods" }],
  targets: [{ bigPod: "core", workload, before: { template: {}, configMaps, replicas: 2 }, write: { effect: "restore", template, configMaps, restart: false }, colour: null }],
};
const planned = (of: EnvironmentFacts) => inColours(draft, of, { standbyMinutes: 30 });

test("what was for the serving Deployment goes to the idle one, with all that a switch touches", () => {
  expect(planned(facts({})).targets).toEqual([
    {
      bigPod: "core", workload: { name: "core-green", uid: "g", generation: 7 }, before: { template: {}, configMaps, replicas: 2 }, write: { effect: "switch" },
      colour: { label, active: "blue", activeWorkload: workload, service: { name: "core", uid: "s" }, previewService: { name: "core-preview", uid: "p" }, autoscalers: [], replicas: 2, standbyMinutes: 30 },
    },
  ]);
});

test.each([
  ["it runs exactly that", facts({}), "switch", "core-green still runs R-8 on 2 pods: asks it through core-preview, switches the Service core from blue to green at once, keeps core-blue for 30 minutes"],
  ["it runs something else", facts({}, { content: "other" }), "restore", "restores the ConfigMaps core-config where they differ (both colours share them), brings up core-green with the template of R-8 on 2 pods, asks it through core-preview, switches the Service core from blue to green at once, keeps core-blue for 30 minutes"],
  ["nobody knows what it runs", facts({}, { content: null }), "restore", expect.stringContaining("brings up core-green")],
  ["it has too few pods", facts({}, { replicas: 1, ready: 1 }), "restore", expect.stringContaining("brings up core-green")],
  ["a pod of it is not ready", facts({}, { ready: 1 }), "restore", expect.stringContaining("brings up core-green")],
  ["it was scaled down", facts({}, { replicas: 0, ready: 0 }), "restore", expect.stringContaining("brings up core-green")],
  ["a ConfigMap differs", facts({}, {}, [{ name: "core-config", data: { LEVEL: "debug" }, binaryData: {} }]), "restore", expect.stringContaining("restores the ConfigMaps core-config")],
])("a rollback is a switch only if the idle colour is what is wanted: %s", (_name, of, effect, how) => {
  const { changes, targets } = planned(of);
  expect(changes[0]).toMatchObject({ effect, how });
  expect(targets[0]?.write.effect).toBe(effect);
});

test("without a complete pair nothing is planned, and the gate says why", () => {
  for (const [of, sentence] of [[facts(null), "Service core does not exist in prod"], [facts({ trouble: ["the selector was changed by kubectl-edit"], parts: undefined }), "the selector was changed by kubectl-edit"]] as const) {
    expect(planned(of)).toMatchObject({ targets: [], changes: [{ effect: "unchanged", how: `not touched: ${sentence}` }] });
    expect(serviceSelector(of, ["core"])).toMatchObject({ name: "service-selector", verdict: "fail", evidence: sentence });
  }
  expect(serviceSelector(facts({}), ["core"])).toMatchObject({ verdict: "pass", evidence: "core leads to blue" });
  // No data never passes.
  expect(serviceSelector({ ...facts({}), states: new Map() }, ["core"])).toMatchObject({ verdict: "inconclusive" });
});

test("a restart stays on the colour that serves", () => {
  const restart: PlanDraft = { ...draft, targets: draft.targets.map((target) => ({ ...target, write: { effect: "restart" as const } })) };
  expect(planned(facts({})).targets[0]?.workload.name).toBe("core-green");
  expect(inColours(restart, facts({}), { standbyMinutes: 30 }).targets).toEqual(restart.targets);
});

test("what happens afterwards", () => {
  expect(afterSwitch(planned(facts({})))).toEqual(["core-blue is kept for 30 min: until then a rollback is one switch. Then Vigie scales it to 0."]);
  expect(afterSwitch(draft)).toEqual([]);
});
