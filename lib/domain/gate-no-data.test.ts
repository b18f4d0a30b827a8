import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SealedBigPod } from "#lib/contracts/release.ts";
import type { BigPodState, SourceState } from "#lib/contracts/state.ts";
import { everythingUp } from "#lib/domain/gate-after.ts";
import { imagesPresent } from "#lib/domain/gate-images.ts";
import { noIncidentGate, soakGate, windowGate } from "#lib/domain/gate-policy.ts";
import { containersMatch, gateFromFindings, sourceHealthy, targetVisible } from "#lib/domain/gate.ts";
import { judgeMeasurements, judgeMetric } from "#lib/domain/metric-judge.ts";
import type { Measurement } from "#lib/domain/metric-judge.ts";
import { parityGate } from "#lib/domain/parity.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";
import { visibility } from "#lib/domain/plan-facts.ts";
import { judgeSmoke, smokeAsks } from "#lib/domain/smoke.ts";
import { gateVerdicts } from "#lib/domain/status.ts";

/** The one property of all gates: whatever else is known, what is missing, old or no number never passes. */

const now = new Date("2026-11-21T12:00:00Z");
const long = new Date("2026-11-01T00:00:00Z");
const digest = `sha256:${"a".repeat(64)}`;
const state = (change: Partial<BigPodState> = {}): BigPodState => ({
  environment: "staging", bigPod: "core", status: "healthy", cause: null, evidence: [], since: long.toISOString(), version: "v1",
  images: [{ container: "app", reference: `r:v1@${digest}`, repository: "r", tag: "v1", digest }], replicas: { desired: 1, updated: 1, ready: 1, available: 1, total: 1 }, rollout: null,
  services: [{ name: "app", kind: "container", status: "up", detail: null, restarts: 0 }], pods: [], restarts: 0,
  workload: { kind: "Deployment", name: "core", uid: "u", generation: 1 }, colour: null, sources: ["pods"], observedAt: now.toISOString(), ...change,
});
const source = (status: SourceState["status"]): SourceState => ({ key: "pods", environment: "staging", title: "Pods", status, since: long.toISOString(), contactAt: null, reason: null, required: true });
const sealed: SealedBigPod = { workload: { kind: "Deployment", name: "core", uid: "u" }, images: [], template: {}, configMaps: [] };
const whole: EnvironmentFacts = { name: "staging", release: { number: 1, contentHash: "h", settled: true }, recorded: new Map([["core", sealed]]), states: new Map([["core", state()]]), sources: [source("live")], workerSeenAt: now, now };

const blindSource = fc.constantFrom("connecting", "stale", "forbidden", "unsupported", "down").map((status) => ({ sources: [source(status as SourceState["status"])] }));
const noWorker = fc.oneof(fc.constant(null), fc.integer({ min: 5_001, max: 1e9 }).map((ms) => new Date(now.getTime() - ms))).map((workerSeenAt) => ({ workerSeenAt }));
const noState = fc.constant({ states: new Map<string, BigPodState>() });
const unknownState = fc.constantFrom("stale" as const, "unknown" as const).map((status) => ({ states: new Map([["core", state({ status })]]) }));
const unseen: fc.Arbitrary<EnvironmentFacts> = fc.oneof(blindSource, noWorker, noState).map((change) => ({ ...whole, ...change }));
const unknown: fc.Arbitrary<EnvironmentFacts> = fc.oneof(blindSource, noWorker, noState, unknownState).map((change) => ({ ...whole, ...change }));
const soaked = { healthySince: new Map([["core", long]]), releaseSince: long };

const never = (facts: fc.Arbitrary<EnvironmentFacts>, judge: (facts: EnvironmentFacts) => { verdict: string } | null): void =>
  fc.assert(fc.property(facts, (one) => judge(one)?.verdict !== "pass"));

describe("with everything known they pass, so that the rest means something", () => {
  test.each([
    ["source-healthy", sourceHealthy(whole, ["core"])], ["target-visible", targetVisible(whole, ["core"])], ["containers-match", containersMatch(whole, whole, ["core"])],
    ["soak", soakGate(whole, ["core"], soaked, 60)], ["no-incident", noIncidentGate(whole, ["core"], [], ["core"])], ["parity", parityGate(whole, whole, ["core"])],
    ["rollout", everythingUp("staging", [{ bigPod: "core", fresh: true, state: state(), brokenForMs: 0 }], now)],
  ])("%s", (_, gate) => expect(gate?.verdict).toBe("pass"));
});

describe("no data never passes", () => {
  test("source-healthy", () => never(unknown, (facts) => sourceHealthy(facts, ["core"])));
  test("target-visible", () => never(unseen, (facts) => targetVisible(facts, ["core"])));
  test("containers-match", () => never(fc.constant({ ...whole, states: new Map() }), (facts) => containersMatch(whole, facts, ["core"])));
  test("no-incident", () => never(unknown, (facts) => noIncidentGate(facts, ["core"], [], ["core"])));
  test("no-incident, while the monitoring is blind", () => expect(noIncidentGate(whole, ["core"], [{ number: 3, title: "The monitoring of staging is silent", severity: "critical", bigPod: null, about: "monitoring" }], ["core"]).verdict).toBe("inconclusive"));
  test("soak, of facts", () => never(unknown, (facts) => soakGate(facts, ["core"], soaked, 60)));
  test("soak, of history", () => {
    const history = fc.constantFrom({ ...soaked, releaseSince: null }, { ...soaked, healthySince: new Map() }, { ...soaked, healthySince: new Map([["core", null]]) }, { ...soaked, releaseSince: new Date(NaN) }, { ...soaked, healthySince: new Map([["core", new Date(NaN)]]) });
    fc.assert(fc.property(history, fc.integer({ min: 1, max: 43_200 }), (soak, soakMinutes) => soakGate(whole, ["core"], soak, soakMinutes)?.verdict !== "pass"));
  });
  test("soak, of release", () => never(fc.constantFrom({ ...whole, release: null }, { ...whole, release: { number: 1, contentHash: "h", settled: false } }), (facts) => soakGate(facts, ["core"], soaked, 60)));
  test("parity", () => {
    const unrecorded = fc.constantFrom({ ...whole, release: null }, { ...whole, release: { number: 1, contentHash: "h", settled: false } }, { ...whole, recorded: new Map() });
    fc.assert(fc.property(unrecorded, fc.boolean(), (facts, asSource) => (asSource ? parityGate(facts, whole, ["core"]) : parityGate(whole, facts, ["core"])).verdict !== "pass"));
  });
  test("images-present", () => expect(imagesPresent([{ bigPod: "core", reference: "r@x", platforms: ["linux/arm64"], platformsFrom: "x", answer: { kind: "unasked", sentence: "away" } }], now).verdict).toBe("error"));
  test("ACCEPTANCE 28: metric, one question", () => {
    const nothing = fc.oneof(
      fc.array(fc.double(), { minLength: 2, maxLength: 5 }),
      fc.constantFrom<number[]>([], [NaN], [Infinity], [-Infinity]),
    ).map((values) => ({ kind: "answered" as const, values, warnings: [] }));
    const warned = fc.double().map((value) => ({ kind: "answered" as const, values: [value], warnings: ["partial"] }));
    const away = fc.constantFrom({ kind: "refused" as const, sentence: "" }, { kind: "unreachable" as const, sentence: "" }, { kind: "unconfigured" as const, environment: "prod" });
    const pass = fc.constantFrom("< 1", "<= 1", "> -1", ">= 0", "== 0", "!= 1", "nonsense");
    fc.assert(fc.property(fc.oneof(nothing, warned, away), pass, (reply, condition) => judgeMetric({ pass: condition }, reply).verdict !== "pass"));
  });
  test("metric, many questions: without one good measurement there is no pass, whatever the limits", () => {
    const mute = fc.constantFrom(...gateVerdicts.filter((verdict) => verdict !== "pass")).map((verdict): Measurement => ({ verdict, sentence: "" }));
    const limit = fc.nat(100);
    fc.assert(fc.property(fc.array(mute), limit, limit, fc.integer({ min: 1, max: 100 }), (measurements, failureLimit, inconclusiveLimit, count) => judgeMeasurements({ count, failureLimit, inconclusiveLimit }, measurements).verdict !== "pass"));
  });
  test("smoke, of answers", () => {
    const check = { status: 200, latencyLimitMs: 1_000, jsonPath: "$.ok", equals: true };
    const bad = fc.oneof(
      fc.constantFrom({ kind: "refused" as const, sentence: "" }, { kind: "unreachable" as const, sentence: "" }),
      fc.integer({ min: 0, max: 599 }).filter((status) => status !== 200).map((status) => ({ kind: "answered" as const, status, body: '{"ok":true}', elapsedMs: 1 })),
      fc.constantFrom(NaN, Infinity, 1_000.1).map((elapsedMs) => ({ kind: "answered" as const, status: 200, body: '{"ok":true}', elapsedMs })),
      fc.oneof(fc.string(), fc.json()).filter((body) => body !== '{"ok":true}').map((body) => ({ kind: "answered" as const, status: 200, body, elapsedMs: 1 })),
    );
    expect(judgeSmoke("it", check, { kind: "answered", status: 200, body: '{"ok":true}', elapsedMs: 1 }).verdict).toBe("pass");
    fc.assert(fc.property(bad, (reply) => judgeSmoke("it", check, reply).verdict !== "pass"));
  });
  test("smoke, of pods", () => {
    const bigPods = [{ name: "core", workload: { kind: "Deployment" as const, name: "core" }, services: [{ name: "app", container: "app", port: 80, healthPath: "/health" }] }];
    fc.assert(fc.property(unseen, (facts) => smokeAsks("staging", bigPods, { status: 200, latencyLimitMs: 1 }, (bigPod) => visibility(facts, bigPod)).every((ask) => ask.kind === "nothing")));
    expect(smokeAsks("staging", [], { status: 200, latencyLimitMs: 1 }, (bigPod) => visibility(whole, bigPod))).toMatchObject([{ kind: "nothing", verdict: "inconclusive" }]);
  });
  test("rollout", () => {
    const blind = fc.constantFrom({ fresh: false, state: state() }, { fresh: true, state: undefined }, ...(["stale", "unknown", "progressing", "paused", "broken"] as const).map((status) => ({ fresh: true, state: state({ status }) })), { fresh: true, state: state({ status: "warning", services: [] }) });
    fc.assert(fc.property(blind, fc.nat(60_000), (seen, brokenForMs) => everythingUp("prod", [{ bigPod: "core", ...seen, brokenForMs }], now).verdict !== "pass"));
    expect(everythingUp("prod", [], now).verdict).toBe("inconclusive");
  });
  test("window: none that opens", () => expect(windowGate({ windows: [{ name: "w", every: "week", on: ["nonsense"], from: "00:00", to: "00:00", timeZone: "UTC" }], freezes: [] }, now)?.verdict).toBe("fail"));
  test("no findings at all", () => expect(gateFromFindings("smoke", [], "all is well", now).verdict).toBe("inconclusive"));
});
