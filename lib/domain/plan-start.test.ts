import { describe, expect, test } from "vitest";
import { environmentConfigSchema } from "#lib/contracts/config.ts";
import type { GateResult } from "#lib/contracts/operation.ts";
import { approvalsGate, freezeGate, gateKey, overrule, policyGates, windowGate } from "#lib/domain/gate-policy.ts";
import { gate } from "#lib/domain/gate.ts";
import { afterwards, planStart } from "#lib/domain/plan-start.ts";
import { windowAt } from "#lib/domain/window.ts";

const now = new Date("2026-11-21T12:00:00Z");
const policyOf = (policy: object) => environmentConfigSchema.parse({ name: "prod", cluster: { kubeconfig: "k" }, namespace: "p", policy }).policy;
const policy = policyOf({ windows: [{ name: "Release window", every: "month", on: ["first tuesday"], from: "14:00", to: "17:00", timeZone: "Europe/Paris" }], approvals: { required: 2 } });
const window = windowAt(policy.windows, [], now);
const closed = windowGate(policy, now) as GateResult;
const missing = approvalsGate(policy, 1, now) as GateResult;
const active = { id: "o1", kind: "promotion", title: "Promote R-3 to prod", actor: "Rita", status: "running", requestedAt: now };
const busy = gate("nothing-else-runs", "fail", "busy", now);
const start = (gates: GateResult[], change: object = {}) => planStart(gates, { targets: 1, active: null, window, ...change });

describe("what a confirmation leads to", () => {
  test("all pass: now", () => expect(start([gate("target-visible", "pass", "", now)])).toEqual({ how: "now", waits: [] }));
  test("a closed window waits until it opens", () =>
    expect(start([closed])).toEqual({ how: "waits", waits: [{ for: "window", sentence: "it waits for Release window, which opens Tue 1 Dec 2026 14:00 Europe/Paris", until: "2026-12-01T13:00:00.000Z" }] }));
  test("missing approvals wait", () => expect(start([missing])).toMatchObject({ how: "waits", waits: [{ for: "approvals", sentence: "it waits for approvals: 1 of 2 given" }] }));
  test("a busy environment waits for its turn", () => expect(start([busy], { active })).toMatchObject({ how: "waits", waits: [{ for: "turn", sentence: 'it waits for its turn, behind "Promote R-3 to prod" (Rita)' }] }));
  test("a rollout outside Vigie is no turn", () => expect(start([busy])).toMatchObject({ how: "refused" }));
  test("all three wait together", () => expect(start([closed, missing, busy], { active }).waits.map((wait) => wait.for)).toEqual(["window", "approvals", "turn"]));
  test.each(["source-healthy", "soak", "parity", "no-incident", "freeze", "smoke", "metric", "images-present", "containers-match", "target-visible", "not-quarantined", "service-selector"] as const)("%s that fails refuses, also beside one that waits", (name) => {
    expect(start([gate(name, "fail", "", now), closed])).toEqual({ how: "refused", waits: [] });
  });
  test.each(["inconclusive", "error"] as const)("%s waits for nothing, whatever the gate", (verdict) => {
    for (const name of ["window", "approvals", "nothing-else-runs"] as const) expect(start([gate(name, verdict, "", now)], { active }).how).toBe("refused");
  });
  test("a window that never opens refuses", () => expect(start([closed], { window: { open: false, name: "w", opensAt: null, timeZone: "UTC" } }).how).toBe("refused"));
  test("nothing to do refuses", () => expect(start([], { targets: 0 }).how).toBe("refused"));
});

describe("break-glass", () => {
  test("overrules policy and keeps the verdict", () => {
    const gates = overrule([closed, missing, gate("source-healthy", "fail", "", now)], true);
    expect(gates.map((one) => [one.verdict, one.overruled])).toEqual([["fail", true], ["fail", true], ["fail", true]]);
    expect(start(gates)).toEqual({ how: "now", waits: [] });
  });
  test.each(["target-visible", "containers-match", "images-present", "nothing-else-runs", "not-quarantined", "service-selector", "something-changes"] as const)("never overrules %s", (name) => {
    expect(policyGates).not.toContain(name);
    expect(start(overrule([gate(name, "fail", "", now)], true)).how).toBe("refused");
  });
  test("does not touch what passes, nor anything without it", () => {
    expect(overrule([gate("soak", "pass", "", now)], true)[0]?.overruled).toBe(false);
    expect(overrule([closed], false)[0]?.overruled).toBe(false);
  });
});

describe("gates of time and people say so", () => {
  const frozen = policyOf({ freezes: [{ name: "Christmas", from: "2026-11-20T00:00", to: "2026-11-23T00:00", timeZone: "Europe/Paris", reason: "no one is on call" }] });
  test("closed", () => expect(closed).toMatchObject({ verdict: "fail", evidence: "no window is open; Release window opens Tue 1 Dec 2026 14:00 Europe/Paris", rule: "Release window: first tuesday of each month 14:00–17:00 Europe/Paris" }));
  test("open", () => expect(windowGate(policy, new Date("2026-12-01T13:30:00Z"))).toMatchObject({ verdict: "pass", evidence: "Release window is open until Tue 1 Dec 2026 17:00 Europe/Paris" }));
  test("frozen", () => expect(freezeGate(frozen, now)).toMatchObject({ verdict: "fail", evidence: "Christmas holds until Mon 23 Nov 2026 00:00 Europe/Paris: no one is on call" }));
  test("never", () => expect(windowGate({ windows: policy.windows, freezes: policyOf({ freezes: [{ name: "x", from: "2026-01-01T00:00", to: "2029-01-01T00:00", timeZone: "UTC", reason: "for ever" }] }).freezes }, now)).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(/no window opens within a year/) }));
  test("approvals", () => expect(approvalsGate(policy, 0, now)).toMatchObject({ verdict: "fail", evidence: "2 approvals are needed", rule: "2 of other people than the requester, each good for 4 hours" }));
  test("given", () => expect(approvalsGate(policy, 2, now)).toMatchObject({ verdict: "pass", evidence: "2 of 2 given" }));
  test("not configured, not asked", () => expect([windowGate(policyOf({}), now), freezeGate(policyOf({}), now), approvalsGate(policyOf({}), 0, now)]).toEqual([null, null, null]));
});

test("a changed rule is another key, a changed verdict is not", () => {
  const other = windowGate({ ...policy, windows: policy.windows.map((one) => ({ ...one, to: "18:00" })) }, now) as GateResult;
  expect(gateKey(closed)).not.toBe(gateKey(other));
  expect(gateKey(closed)).toBe(gateKey(windowGate(policy, new Date("2026-12-01T13:30:00Z")) as GateResult));
  expect(gateKey(gate("target-visible", "pass", "", now))).toBe("target-visible");
});

test("what happens afterwards", () => {
  const baked = policyOf({ bakeMinutes: 10, gates: { after: [{ kind: "no-new-alert" }, { kind: "metric", name: "errors", query: "x", pass: "< 1" }] }, watch: { watchMinutes: 30, mode: "rollback" } });
  expect(afterwards("prod", baked, ["core", "experience"])).toEqual([
    'For 10 minutes after everything is up, Vigie checks: every service up, no new alert, metric "errors". If one does not pass, everything returns.',
    "For 30 minutes after that, Vigie watches core and experience in prod: if something breaks or alerts, it rolls back by itself, once.",
  ]);
  expect(afterwards("prod", policyOf({}), ["core"])).toEqual(["For 15 minutes after that, Vigie watches core in prod: if something breaks or alerts, it proposes the rollback, and changes nothing."]);
  expect(afterwards("prod", baked, [])).toEqual([]);
});
