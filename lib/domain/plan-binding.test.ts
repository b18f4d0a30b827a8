import { describe, expect, test } from "vitest";
import { knowsMoreOnly, turnTargets } from "#lib/domain/plan-binding.ts";
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

describe("when the turn of an operation has come", () => {
  const promotion: PlanBinding = { version: 1, kind: "promotion", environment: "prod", from: "staging", targets: [{ bigPod: "core", workload, images, write: { effect: "images", images: { auth: "ghcr.io/x/auth:v2@sha256:bb" } } }], gates: ["approvals"] };
  const change = (binding: PlanBinding, target: Partial<PlanBinding["targets"][number]>): PlanBinding => ({ ...binding, targets: binding.targets.map((one) => ({ ...one, ...target })) });
  const edited = change(promotion, { workload: { ...workload, generation: 9 } });
  const at = { waited: false, preempted: false };

  test.each<[string, PlanBinding, PlanBinding, Partial<typeof at>, "shown" | "fresh" | null]>([
    ["nothing moved", promotion, structuredClone(promotion), {}, "shown"],
    ["a rollback that knows more now", shown, now, {}, "shown"],
    ["only generations moved, and it waited", promotion, edited, { waited: true }, "fresh"],
    ["only generations moved, and it did not wait", promotion, edited, {}, null],
    ["another workload of that name, although it waited", promotion, change(promotion, { workload: { ...workload, uid: "u2" } }), { waited: true }, null],
    ["other images run there now, although it waited", promotion, change(promotion, { images: { auth: "ghcr.io/x/auth:v0@sha256:00" } }), { waited: true }, null],
    ["something else would be written, although it waited", promotion, change(promotion, { write: { effect: "images", images: { auth: "ghcr.io/x/auth:v3@sha256:cc" } } }), { waited: true }, null],
    ["other gates are asked, although it waited", promotion, { ...promotion, gates: [] }, { waited: true }, null],
    ["a rollback that had what ran aborted: other images run, the same is restored", shown, change(shown, { images: { auth: "ghcr.io/x/auth:v7@sha256:77" }, workload: { ...workload, generation: 12 } }), { preempted: true }, "fresh"],
    ["the same rollback, which interrupted nothing", shown, change(shown, { images: { auth: "ghcr.io/x/auth:v7@sha256:77" } }), { waited: true }, null],
    ["it interrupted, but something else would be restored", shown, change(shown, { images: {}, write: { ...write, template: { spec: {} } } }), { preempted: true }, null],
    ["it interrupted, but a workload was made anew", shown, change(shown, { images: {}, workload: { ...workload, uid: "u9" } }), { preempted: true }, null],
    ["it interrupted, and what was a switch of colours has to be restored now", change(shown, { write: { effect: "switch" } }), shown, { preempted: true }, "fresh"],
    ["it interrupted, and the other colour's workload is the one to restore now", shown, change(shown, { workload: { name: "core-green", uid: "u7", generation: 2 } }), { preempted: true }, "fresh"],
    ["what interrupted is no rollback", promotion, change(promotion, { images: {} }), { preempted: true }, null],
  ])("%s", (_, before, after, turn, expected) => {
    const runs: BoundFacts = new Map([...facts, ...after.targets.map((target) => [target.bigPod, { workload: target.workload, images: target.images }] as const)]);
    expect(turnTargets(before, after, runs, { ...at, ...turn })).toBe(expected);
  });
});
