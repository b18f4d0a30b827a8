import { describe, expect, it, test } from "vitest";
import type { Comparison } from "#lib/contracts/incident.ts";
import type { Change } from "#lib/contracts/state.ts";
import { neighbours, rankSuspects } from "#lib/domain/suspects.ts";
import type { SuspectCase, SuspectEvidence } from "#lib/domain/suspects.ts";

const onset = new Date("2026-11-21T03:00:00Z");
const minutes = (count: number): string => new Date(onset.getTime() + count * 60_000).toISOString();
let next = 0;
const change = (given: Partial<Change>): Change => ({ id: `c${(next += 1)}`, environment: "prod", bigPod: "experience", kind: "rollout", at: minutes(-5), summary: "Experience v2.3.0 → v2.4.0", by: "Rafael (promotion)", operationId: null, release: null, ...given });
const incident: SuspectCase = { environment: "prod", bigPod: "experience", onsetAt: onset, suspectMinutes: 60, dependencies: ["core"], titleOf: (name) => name[0]?.toUpperCase() + name.slice(1) };
const none: SuspectEvidence = { comparisons: new Map(), pods: null, lines: [], operations: new Map() };
const compared = (verdict: Comparison["verdict"], control: Comparison["control"] = null): Comparison => ({ at: minutes(-5), windowSeconds: 300, errors: null, latency: null, memory: null, restarts: null, control, verdict, sentence: `sentence of ${verdict}`, queries: [], warnings: [], measuredAt: minutes(0) });
const ids = (changes: Change[], evidence: Partial<SuspectEvidence> = {}, given: Partial<SuspectCase> = {}): string[] => rankSuspects({ ...incident, ...given }, changes, { ...none, ...evidence }).map((one) => one.change.id);

describe("which changes are suspects", () => {
  it("those before the onset, not those after it, nor those long before, nor of another environment", () => {
    expect(ids([change({ id: "after", at: minutes(0.1) }), change({ id: "at", at: minutes(0) }), change({ id: "old", at: minutes(-61) }), change({ id: "elsewhere", environment: "dev" }), change({ id: "edge", at: minutes(-60) })])).toEqual(["at", "edge"]);
  });

  it("a release is told by its rollouts, and stands alone only where nothing else does", () => {
    const release = change({ id: "release", kind: "release", bigPod: null, at: minutes(-4) });
    expect(ids([release, change({ id: "rollout" })])).toEqual(["rollout"]);
    expect(ids([release])).toEqual(["release"]);
  });

  it("what one operation did to a Big Pod is one suspect", () => {
    const [found, ...rest] = rankSuspects(incident, [change({ id: "map", kind: "config", operationId: "o", at: minutes(-5.1), summary: "experience-config: LOG_LEVEL changed" }), change({ id: "rollout", operationId: "o" }), change({ id: "core", operationId: "o", bigPod: "core" })], none);
    expect(found).toMatchObject({ change: { id: "rollout" }, with: [{ id: "map" }] });
    expect(found?.reasons).toContain("with it came: experience-config: LOG_LEVEL changed");
    expect(rest.map((one) => one.change.id)).toEqual(["core"]);
  });
});

describe("their order", () => {
  it("own before shared before what is needed before the rest, however near in time", () => {
    expect(ids([change({ id: "other", bigPod: "commerce", at: minutes(0) }), change({ id: "needed", bigPod: "core", at: minutes(-1) }), change({ id: "shared", bigPod: null, kind: "config", at: minutes(-2) }), change({ id: "own", at: minutes(-59), kind: "restart" })])).toEqual(["own", "shared", "needed", "other"]);
  });

  it("nearer first", () => expect(ids([change({ id: "far", at: minutes(-40) }), change({ id: "near", at: minutes(-2) })])).toEqual(["near", "far"]));

  it("what it is worse after beats what is nearer, and what made no difference goes behind", () => {
    const [far, near] = [change({ id: "far", at: minutes(-12) }), change({ id: "near", at: minutes(-6) })];
    expect(ids([far, near], { comparisons: new Map([["far", compared("worse")]]) })).toEqual(["far", "near"]);
    expect(ids([far, near], { comparisons: new Map([["near", compared("no-difference")]]) })).toEqual(["far", "near"]);
    expect(ids([far, near], { comparisons: new Map([["far", compared("insufficient-data")], ["near", compared("insufficient-data")]]) })).toEqual(["near", "far"]);
  });

  it("a rise that last week had too counts for less", () => {
    const score = (comparison: Comparison): number => rankSuspects(incident, [change({ id: "a" })], { ...none, comparisons: new Map([["a", comparison]]) })[0]?.score ?? 0;
    const usual = compared("worse", { errors: { before: { requests: 1, errors: 0 }, after: { requests: 1, errors: 1 }, p: 0, verdict: "worse", sentence: "" }, sentence: "so it was" });
    expect(score(usual)).toBeLessThan(score(compared("worse")));
    expect(score(usual)).toBeGreaterThan(score(compared("insufficient-data")));
  });

  it("a key that the last log line names counts as proof", () => {
    const map = change({ id: "map", kind: "config", at: minutes(-20), summary: "experience-config: LOG_LEVEL changed, PANORAMA_TILE_URL removed", by: "kubectl-edit, not through Vigie" });
    const changes = [map, change({ id: "near", at: minutes(-15), kind: "scale" })];
    const [first] = rankSuspects(incident, changes, { ...none, lines: ["PANORAMA_TILE_URL is not set"] });
    expect(first).toMatchObject({ change: { id: "map" }, reasons: [`it changed PANORAMA_TILE_URL, which the last log line names: "PANORAMA_TILE_URL is not set"`, "it came 20 min before the trouble began", "it changed Experience itself", "it was made outside Vigie (kubectl-edit, not through Vigie)"] });
    expect(rankSuspects(incident, [map], { ...none, lines: ["LOG_LEVEL\u0000 with password=hunter22secret"] })[0]?.reasons[0]).toBe('it changed LOG_LEVEL, which the last log line names: "LOG_LEVEL with password=[removed]"');
    expect(rankSuspects(incident, [map], { ...none, lines: ["PANORAMA_TILE_URLS is not set", "MY_LOG_LEVEL"] })[0]?.reasons.join()).not.toContain("names");
  });

  it("failing pods of the newest template speak for the newest rollout, and for no other", () => {
    const pods = { failing: 2, failingNewest: 2, well: 1, wellNewest: 0 };
    const [old, newest] = [change({ id: "old", at: minutes(-9) }), change({ id: "newest", at: minutes(-8) })];
    const found = rankSuspects(incident, [old, newest], { ...none, pods });
    expect(found[0]?.reasons[0]).toBe("all 2 failing pods run the template that it brought, while the pod of the one before is well");
    expect(found[1]?.reasons.join()).not.toContain("failing");
    // Rolled back since: the newest template is not the suspect's any more.
    expect(rankSuspects(incident, [newest, change({ id: "back", at: minutes(3) })], { ...none, pods })[0]?.reasons.join()).not.toContain("failing");
    expect(rankSuspects(incident, [newest], { ...none, pods: { ...pods, failingNewest: 1 } })[0]?.reasons.join()).not.toContain("failing");
  });

  it("what was taken back before the trouble began goes behind, also behind the way back", () => {
    const operations = new Map([["p", { kind: "promotion", automatic: false, status: "returned" }]]);
    const [bad, back, scale] = [change({ id: "bad", operationId: "p", at: minutes(-9) }), change({ id: "back", operationId: "p", at: minutes(-7), summary: "Experience v2.4.0 → v2.3.0" }), change({ id: "scale", kind: "scale", at: minutes(-9) })];
    const found = rankSuspects(incident, [bad, back, scale], { ...none, operations });
    expect(found.map((one) => one.change.id)).toEqual(["scale", "back", "bad"]);
    expect(found[2]?.reasons).toContain("it was undone 7 min before the trouble began (Experience v2.4.0 → v2.3.0)");
    expect(found[1]?.reasons).toContain("it brought back what had run before");
  });

  it("a rollback after the onset takes nothing from the suspect", () => {
    const operations = new Map([["r", { kind: "rollback", automatic: true, status: "succeeded" }]]);
    const [first, ...rest] = rankSuspects(incident, [change({ id: "bad" }), change({ id: "back", operationId: "r", at: minutes(2) })], { ...none, operations });
    expect(rest).toEqual([]);
    expect(first?.reasons.join()).not.toContain("undone");
    // The same rollback before the onset: taken back in vain, or the cause itself.
    const [again] = rankSuspects(incident, [change({ id: "bad" }), change({ id: "back", operationId: "r", at: minutes(-2) })], { ...none, operations });
    expect(again).toMatchObject({ change: { id: "back" } });
    expect(again?.reasons).toContain("it brought back what had run before, by Vigie itself");
  });

  it("of an incident of the environment as a whole, every Big Pod is its own", () => {
    const [first] = rankSuspects({ ...incident, bigPod: null }, [change({ id: "a", bigPod: "commerce" })], none);
    expect(first?.score).toBeGreaterThanOrEqual(0.6);
    expect(first?.reasons).toContain("it changed Commerce in prod");
  });
});

test("comparisons end at the changes next in time: not at scalings, other Big Pods', nor what came along", () => {
  const bad = change({ id: "bad", operationId: "p", at: minutes(-5) });
  const others = [change({ at: minutes(-30), kind: "config", bigPod: null }), change({ at: minutes(-20), kind: "scale" }), change({ at: minutes(-10), bigPod: "core" }), change({ at: minutes(-6), kind: "config", operationId: "p" }), bad, change({ at: minutes(-4), kind: "config", operationId: "p" })];
  expect(neighbours(bad, "experience", others)).toEqual({ before: new Date(minutes(-30)), after: null });
  expect(neighbours(bad, "experience", [...others, change({ at: minutes(9) }), change({ at: minutes(3), operationId: "p" })])).toMatchObject({ after: new Date(minutes(3)) });
});

test("a change to another Big Pod never ranks above one to the failing one, whatever the evidence; nothing after the onset is ever there", () => {
  let state = 5;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T; // never empty
  for (let round = 0; round < 200; round += 1) {
    const operations = new Map(["p", "q"].map((id) => [id, { kind: pick(["promotion", "rollback", "drill"]), automatic: random() < 0.5, status: "succeeded" }]));
    const changes = Array.from({ length: 1 + Math.floor(random() * 12) }, () =>
      change({ bigPod: pick(["experience", "core", "commerce", null]), kind: pick(["rollout", "config", "scale", "restart", "release"]), at: minutes(-70 + random() * 80), operationId: pick([null, null, "p", "q"]), summary: pick(["x: TOKEN_URL changed", "v1 → v2"]) }));
    const comparisons = new Map(changes.filter(() => random() < 0.6).map((one) => [one.id, compared(pick(["worse", "no-difference", "insufficient-data"]))]));
    const evidence: SuspectEvidence = { comparisons, operations, lines: ["TOKEN_URL is not set"], pods: pick([null, { failing: 2, failingNewest: 2, well: 1, wellNewest: 0 }]) };
    const found = rankSuspects(incident, changes, evidence);
    const tiers = found.map(({ change: { bigPod } }) => (bigPod === "experience" ? 0 : bigPod === null ? 1 : bigPod === "core" ? 2 : 3));
    expect(tiers).toEqual(tiers.toSorted());
    expect(found.every(({ change: { at } }) => Date.parse(at) <= onset.getTime())).toBe(true);
    expect(found.every(({ score, reasons }) => score >= 0 && score <= 1 && reasons.length > 0)).toBe(true);
    expect(rankSuspects(incident, changes.toReversed(), evidence)).toEqual(found);
  }
});
