import type { GateName, GateResult, Operation, Plan } from "#lib/contracts/operation.ts";
import { fixtureNow, fixtureOperation } from "#components/query/fixtures.ts";

export function fixtureGate(name: GateName, overrides: Partial<GateResult> = {}): GateResult {
  return { name, phase: "before", title: name, verdict: "pass", evidence: `${name} was looked at`, rule: null, overruled: false, at: fixtureNow, ...overrides };
}

/** A promotion of R-213 to prod by rolling update, whose gates all pass. */
export function fixturePlan(overrides: Partial<Plan> = {}): Plan {
  return {
    hash: "7f3ac901aa00bb11",
    kind: "promotion",
    strategy: "rolling",
    title: "Promote R-213 to prod",
    environment: "prod",
    from: "staging",
    release: 213,
    currentRelease: 211,
    changes: [
      { bigPod: "core", effect: "images", images: [{ container: "core", from: `ghcr.io/dreamscape-ai/core:v1.5.1@sha256:${"a".repeat(64)}`, to: `ghcr.io/dreamscape-ai/core:v1.5.2@sha256:${"b".repeat(64)}`, fromVersion: "v1.5.1", toVersion: "v1.5.2" }], config: [], template: [], replicas: null, how: "rolling update of 2 pods; returns by itself if it fails" },
      { bigPod: "experience", effect: "unchanged", images: [], config: [], template: [], replicas: null, how: "not touched: prod runs the same images" },
    ],
    gates: [fixtureGate("target-visible", { title: "The target can be seen" }), fixtureGate("images-present", { title: "The images exist for the nodes" })],
    ready: true,
    start: { how: "now", waits: [] },
    afterwards: [],
    breakGlassId: null,
    suggestedReason: "Core v1.5.2",
    notUndone: ["Data that the new version writes stays."],
    estimate: null,
    createdAt: fixtureNow,
    expiresAt: "2026-11-21T14:16:00.000Z",
    ...overrides,
  };
}

/** The same promotion as an operation. */
export function fixtureFullOperation(overrides: Partial<Operation> = {}): Operation {
  return {
    ...fixtureOperation({ environment: "prod", title: "Promote R-213 to prod" }),
    plan: fixturePlan(),
    steps: [],
    abortRequestedBy: null,
    actorId: "rafael",
    notBefore: null,
    approvals: { required: 0, given: [], until: null },
    followsId: null,
    incident: null,
    gates: [],
    ...overrides,
  };
}
