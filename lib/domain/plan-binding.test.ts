import { expect, test } from "vitest";
import { knowsMoreOnly } from "#lib/domain/plan-binding.ts";
import type { BoundFacts, PlanBinding } from "#lib/domain/plan-binding.ts";

const workload = { name: "core", uid: "u1", generation: 4 };
const images = { auth: "ghcr.io/x/auth:v1@sha256:aa" };
const write = { effect: "restore" as const, template: { spec: { b: 1, a: 2 } }, configMaps: [], restart: false };
const shown: PlanBinding = { version: 1, kind: "rollback", environment: "prod", from: null, targets: [{ bigPod: "core", workload, images, write }, { bigPod: "commerce", workload: { ...workload, name: "commerce" }, images: {}, write }], gates: ["target-visible"] };
const now: PlanBinding = { ...shown, targets: shown.targets.slice(0, 1) };
const facts: BoundFacts = new Map([["core", { workload, images }], ["commerce", { workload: { ...workload, name: "commerce" }, images: {} }]]);

test("a rollback whose environment has settled since, with nothing moved, runs as shown", () => {
  expect(knowsMoreOnly(shown, now, facts)).toBe(true);
  expect(knowsMoreOnly(shown, { ...now, targets: now.targets.map((target) => ({ ...target, write: { ...write, template: { spec: { a: 2, b: 1 } }, restart: true } })) }, facts)).toBe(true);
});

test.each([
  ["a Big Pod that would not be touched was edited", now, new Map([...facts, ["commerce", { workload: { ...workload, name: "commerce", generation: 5 }, images: {} }]])],
  ["a Big Pod runs another image", now, new Map([...facts, ["core", { workload, images: { auth: "ghcr.io/x/auth:v2@sha256:bb" } }]])],
  ["a workload is gone", now, new Map([["core", { workload, images }]])],
  ["something else would be written", { ...now, targets: now.targets.map((target) => ({ ...target, write: { ...write, template: { spec: {} } } })) }, facts],
  ["another Big Pod would be changed", { ...now, targets: [...now.targets, { bigPod: "experience", workload, images, write }] }, facts],
  ["another gate is asked", { ...now, gates: [] }, facts],
  ["it is no rollback", { ...now, kind: "promotion" }, facts],
])("but not when %s", (_, current, runs) => {
  expect(knowsMoreOnly(shown, current, runs)).toBe(false);
});
