import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Recovery } from "#lib/contracts/incident.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { recoveryMoved, recoveryOf } from "#lib/domain/recovery.ts";
import type { RecoveryFacts, RecoverySignal } from "#lib/domain/recovery.ts";

const finishedAt = new Date("2026-11-21T14:00:00Z");
const at = (seconds: number): Date => new Date(finishedAt.getTime() + seconds * 1_000);
const digest = `sha256:${"a".repeat(64)}`;
const other = `sha256:${"b".repeat(64)}`;

function state(change: Partial<BigPodState> = {}): BigPodState {
  return {
    environment: "prod", bigPod: "experience", status: "healthy", cause: null, evidence: [], since: at(-5).toISOString(), version: "v1",
    images: [{ container: "voyage", reference: "r/voyage:v1", repository: "r/voyage", tag: "v1", digest }],
    replicas: { desired: 2, updated: 2, ready: 2, available: 2, total: 2 }, rollout: null,
    services: [{ name: "voyage", kind: "container", status: "up", detail: null, restarts: 0 }], pods: [], restarts: 0,
    workload: { kind: "Deployment", name: "experience", uid: "u", generation: 1 }, sources: [], observedAt: at(0).toISOString(), colour: null, ...change,
  };
}
const signal = (state: RecoverySignal["state"], endedAt: Date | null = null): RecoverySignal => ({ title: "HighErrorRatio", kind: "alert", state, endedAt });

function facts(change: Partial<Omit<RecoveryFacts, "now">> & { seconds?: number; bigPod?: BigPodState | { unseen: string } } = {}): RecoveryFacts {
  const { seconds = 30, bigPod = state(), ...rest } = change;
  return {
    operation: { id: "op-1", kind: "rollback", release: 211, finishedAt, automatic: false, wanted: new Map([["experience", { voyage: digest }]]), bigPods: ["experience"] },
    states: new Map([["experience", bigPod]]), signals: [signal("ended", at(-1))], blind: null, verifyMinutes: 2, previous: null, now: at(seconds), ...rest,
  };
}
const checks = (recovery: Recovery) => Object.fromEntries(recovery.checks.map((check) => [check.name, check.ok]));

describe("after a rollback", () => {
  test.each<[string, Parameters<typeof facts>[0], Recovery["state"], string]>([
    ["well for half the time", { seconds: 60 }, "verifying", "rolled back to R-211, verifying: all is well for 1 min of 2 min"],
    ["well for the whole time", { seconds: 120 }, "recovered", "rolled back to R-211, recovered: digests run, services up, alerts quiet"],
    ["the alert fires", { seconds: 60, signals: [signal("firing")] }, "verifying", "rolled back to R-211, verifying: HighErrorRatio still fires"],
    ["the alert still fires at the end", { seconds: 120, signals: [signal("firing")] }, "not-recovered", "rolled back to R-211, not recovered: HighErrorRatio still fires after 2 min"],
    ["pending is not quiet", { seconds: 120, signals: [signal("pending")] }, "not-recovered", "rolled back to R-211, not recovered: HighErrorRatio is pending after 2 min"],
    ["the alert ended a minute ago: the time runs from then", { seconds: 120, signals: [signal("ended", at(60))] }, "verifying", "rolled back to R-211, verifying: all is well for 1 min of 2 min"],
    ["…and is over then", { seconds: 180, signals: [signal("ended", at(60))] }, "recovered", "rolled back to R-211, recovered: digests run, services up, alerts quiet"],
    ["another digest runs", { seconds: 120, bigPod: state({ images: [{ container: "voyage", reference: "r", repository: "r", tag: null, digest: other }] }) }, "not-recovered", `rolled back to R-211, not recovered: experience/voyage runs ${other.slice(0, 19)}, not ${digest.slice(0, 19)} after 2 min`],
    ["a service is down", { seconds: 120, bigPod: state({ services: [{ name: "voyage", kind: "container", status: "down", detail: null, restarts: 0 }] }) }, "not-recovered", "rolled back to R-211, not recovered: voyage of experience is not up after 2 min"],
    ["broken", { seconds: 120, bigPod: state({ status: "broken", cause: "voyage keeps exiting" }) }, "not-recovered", "rolled back to R-211, not recovered: voyage keeps exiting after 2 min"],
    ["isolated is no recovery", { seconds: 120, bigPod: state({ status: "paused", isolation: { how: "network", by: "Rafael", since: finishedAt.toISOString(), operationId: "o", replicas: 2 } }) }, "not-recovered", "rolled back to R-211, not recovered: experience is isolated by Rafael since 2026-11-21 14:00 UTC (network) after 2 min"],
    ["became well late", { seconds: 130, bigPod: state({ since: at(100).toISOString() }) }, "verifying", "rolled back to R-211, verifying: all is well for 30 s of 2 min"],
  ])("%s", (_name, change, expected, sentence) => {
    const recovery = recoveryOf(facts(change));
    expect([recovery.state, recovery.sentence]).toEqual([expected, sentence]);
  });

  test.each<[string, Parameters<typeof facts>[0]]>([
    ["monitoring is blind", { blind: "monitoring is blind (Watchdog of prod is missing), so quiet alerts prove nothing" }],
    ["the Big Pod is not seen", { bigPod: { unseen: "nothing watches prod: the worker was last heard of 40 s ago" } }],
    ["its digest is not known", { bigPod: state({ images: [{ container: "voyage", reference: "r", repository: "r", tag: null, digest: null }] }) }],
    ["nobody can ask its services", { bigPod: state({ status: "unknown", cause: "its services cannot be asked" }) }],
    ["a source is stale", { bigPod: state({ status: "stale" }) }],
  ])("no data never says recovered: %s", (_name, change) => {
    expect(recoveryOf(facts({ ...change, seconds: 119 })).state).toBe("verifying");
    const late = recoveryOf(facts({ ...change, seconds: 100_000 }));
    expect(late.state).toBe("not-recovered");
    expect(Object.values(checks(late))).toContain(null);
  });

  test("what was not recovered may recover later, and says how late; what was recovered stays so", () => {
    const not = recoveryOf(facts({ seconds: 120, signals: [signal("firing")] }));
    const quiet = recoveryOf(facts({ seconds: 200, signals: [signal("ended", at(180))], previous: not }));
    expect([quiet.state, quiet.until]).toEqual(["not-recovered", not.until]);
    const late = recoveryOf(facts({ seconds: 300, signals: [signal("ended", at(180))], previous: quiet }));
    expect([late.state, late.sentence]).toEqual(["recovered", "rolled back to R-211, recovered, after 5 min: digests run, services up, alerts quiet"]);
    expect(recoveryOf(facts({ seconds: 900, signals: [signal("firing")], previous: late }))).toEqual(late);
  });

  test("another operation begins anew", () => {
    const recovered = recoveryOf(facts({ seconds: 120 }));
    const next = facts({ seconds: 30, previous: recovered });
    expect(recoveryOf({ ...next, operation: { ...next.operation, id: "op-2", kind: "restart", release: null, wanted: new Map() } })).toMatchObject({ state: "verifying", operationId: "op-2", sentence: "restarted, verifying: all is well for 30 s of 2 min", checks: [{ name: "digests", ok: true, detail: "no image was to change" }, {}, {}] });
  });

  test("only what matters is told: not each second that passes", () => {
    const first = recoveryOf(facts({ seconds: 10 }));
    expect(recoveryMoved(null, first)).toBe(true);
    expect(recoveryMoved(first, recoveryOf(facts({ seconds: 11, previous: first })))).toBe(false);
    expect(recoveryMoved(first, recoveryOf(facts({ seconds: 120, previous: first })))).toBe(true);
  });

  test("property: whatever comes, it is never recovered while anything is not known to be well", () => {
    const one = fc.record({
      seconds: fc.integer({ min: 0, max: 1_000 }), blind: fc.constantFrom(null, "blind"),
      bigPod: fc.constantFrom<(BigPodState | { unseen: string })[]>(state(), state({ status: "unknown" }), { unseen: "not seen" }, state({ status: "broken" })),
      signals: fc.array(fc.constantFrom(signal("firing"), signal("pending"), signal("ended", at(5)))),
    });
    fc.assert(
      fc.property(one, (given) => {
        const recovery = recoveryOf(facts(given));
        const well = given.blind === null && !("unseen" in given.bigPod) && given.bigPod.status === "healthy" && given.signals.every((one_) => one_.state === "ended");
        return recovery.state !== "recovered" || (well && given.seconds >= 120);
      }),
    );
  });
});
