import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BigPodState } from "#lib/contracts/state.ts";
import { calmMs, cameBetween, failingGraceMs, failureSentence, hasFailed, nextSpell, noSpell, rolloutAlertGraceMs, sampleOf, supersededBy, verdictOf, watchEnd } from "#lib/domain/promotion-watch.ts";
import type { Between, Looked, Sample, Spell } from "#lib/domain/promotion-watch.ts";

const start = new Date("2026-11-21T12:00:00Z");
const at = (ms: number): Date => new Date(start.getTime() + ms);
const failing: Sample = { kind: "failing", evidence: ["core: it is broken"] };
const well: Sample = { kind: "well" };
const unseen: Sample = { kind: "unseen", why: "stale" };
const marks: Record<string, Sample> = { f: failing, w: well, u: unseen };

/** Looks once a second; a letter each. Whether and at which second it counts as failed. */
function play(looks: string): number | null {
  let spell: Spell = noSpell;
  for (const [second, letter] of [...looks].entries()) {
    const sample = marks[letter] ?? unseen;
    spell = nextSpell(spell, sample, at(second * 1000));
    if (hasFailed(spell, sample, at(second * 1000))) return second;
  }
  return null;
}

test.each<[string, string, number | null]>([
  ["one odd answer is nothing", "fwwwwwwwwwwww", null],
  ["four seconds are nothing", "ffffwwwwwwwwwww", null],
  ["five seconds of failure are one", "ffffff", 5],
  ["a crash loop that runs for moments in between is one failure", "ffwwffwwff", 5],
  ["two odd answers far apart are nothing", "fwwwwwwwwwwwwfww", null],
  ["what is not seen proves nothing, and ends what was begun", "fffuff", null],
  ["after it is seen again the grace begins anew", "fffuffffff", 9],
  ["never seen", "uuuuuuuuuu", null],
  ["well", "wwwwwwwwww", null],
])("%s", (_name, looks, expected) => {
  expect(play(looks)).toBe(expected);
});

test("property: without a failing look nothing fails; with failing looks alone it fails after the grace", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom("w", "u"), { maxLength: 200 }), (looks) => play(looks.join("")) === null));
  fc.assert(fc.property(fc.integer({ min: failingGraceMs / 1000 + 1, max: 50 }), (count) => play("f".repeat(count)) === failingGraceMs / 1000));
});

test("property: whatever is seen, a failure is only concluded while it fails, after at least the grace since the last time it was not seen", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("f", "w", "u"), { maxLength: 80 }), (looks) => {
      const second = play(looks.join(""));
      if (second === null) return true;
      const seenSince = looks.slice(0, second + 1).lastIndexOf("u");
      return looks[second] === "f" && second - seenSince > failingGraceMs / 1000;
    }),
  );
});

test("a calm of ten seconds ends a spell", () => {
  const spell = nextSpell({ failingSince: at(0), calmSince: at(1000) }, well, at(1000 + calmMs));
  expect(spell).toEqual(noSpell);
  expect(nextSpell({ failingSince: at(0), calmSince: at(1000) }, well, at(999 + calmMs))).toEqual({ failingSince: at(0), calmSince: at(1000) });
});

const state = (status: BigPodState["status"], cause: string | null = null): BigPodState => ({ status, cause }) as BigPodState; // all that these rules read
const scope = { environment: "prod", namespace: "shop-prod", bigPods: [{ name: "core", workload: "core" }] };
function look(change: Partial<Looked>): Sample {
  return sampleOf({
    states: [{ bigPod: "core", state: state("healthy") }], fresh: true, busyWith: null, alerts: { kind: "asked", alerts: [] }, scope, others: [{ name: "commerce", workload: "commerce" }],
    promotedFrom: at(-30_000), promotedAt: at(0), now: at(120_000), ...change,
  });
}
const firing = (labels: Record<string, string>, change: { state?: "pending" | "firing"; activeAt?: Date } = {}): Partial<Looked> => ({
  alerts: { kind: "asked", alerts: [{ name: "ErrorRate", labels, annotations: {}, state: change.state ?? "firing", activeAt: change.activeAt ?? at(10_000) }] },
});

describe("what a look says", () => {
  test.each<[string, Partial<Looked>, Sample["kind"]]>([
    ["healthy", {}, "well"],
    ["broken", { states: [{ bigPod: "core", state: state("broken", "auth keeps exiting") }] }, "failing"],
    ["a warning is no failure", { states: [{ bigPod: "core", state: state("warning") }] }, "well"],
    ["stale is nothing to conclude from", { states: [{ bigPod: "core", state: state("stale") }] }, "unseen"],
    ["unknown is nothing to conclude from", { states: [{ bigPod: "core", state: state("unknown") }] }, "unseen"],
    ["no state at all", { states: [{ bigPod: "core", state: undefined }] }, "unseen"],
    ["broken, but by sources that are stale", { fresh: false, states: [{ bigPod: "core", state: state("broken") }] }, "unseen"],
    ["another operation at work", { busyWith: "Restart core", states: [{ bigPod: "core", state: state("broken") }] }, "unseen"],
    ["an alert of the namespace", firing({ namespace: "shop-prod" }), "failing"],
    ["an alert of the namespace and a promoted Big Pod", firing({ namespace: "shop-prod", deployment: "core" }), "failing"],
    ["an alert of a pod of a promoted Big Pod", firing({ namespace: "shop-prod", pod: "core-7d9f4c-x2x4z" }), "failing"],
    ["an alert of a Big Pod that was not promoted", firing({ namespace: "shop-prod", deployment: "commerce" }), "well"],
    ["an alert of a pod of one that was not promoted", firing({ namespace: "shop-prod", pod: "commerce-7d9f4c-x2x4z" }), "well"],
    ["an alert of another namespace", firing({ namespace: "shop-staging", deployment: "core" }), "well"],
    ["an alert that tells no place", firing({ deployment: "core" }), "well"],
    ["an alert of the environment", firing({ environment: "prod" }), "failing"],
    ["an alert that is pending", firing({ namespace: "shop-prod" }, { state: "pending" }), "well"],
    ["an alert that was there before the promotion", firing({ namespace: "shop-prod" }, { activeAt: at(-60_000) }), "well"],
    ["an alert that began during the rollout and still fires long after", firing({ namespace: "shop-prod" }, { activeAt: at(-10_000) }), "failing"],
    ["an alert that began during the rollout, just after it", { ...firing({ namespace: "shop-prod" }, { activeAt: at(-10_000) }), now: at(rolloutAlertGraceMs - 1) }, "well"],
    ["an alert, while the pods cannot be seen", { ...firing({ namespace: "shop-prod" }), fresh: false }, "failing"],
  ])("%s", (_name, change, kind) => {
    expect(look(change).kind).toBe(kind);
  });

  test("what the evidence lacks is said with it", () => {
    const states = [{ bigPod: "core", state: state("broken", "auth keeps exiting") }];
    expect(look({ states, alerts: { kind: "none" } })).toEqual({ kind: "failing", evidence: ["core: auth keeps exiting", "No Prometheus is configured here: judged by the states of the Big Pods alone."] });
    expect(look({ states, alerts: { kind: "silent", why: "refused" } })).toEqual({ kind: "failing", evidence: ["core: auth keeps exiting", "Prometheus could not be asked (refused): judged by the states of the Big Pods alone."] });
  });
});

const operation = (change: Partial<Between["operations"][number]>): Between["operations"][number] => ({ kind: "restart", title: "Restart core", actor: "Rafael", status: "succeeded", automatic: false, ...change });
const nothingBetween: Between = { operations: [], edited: [] };

test.each<[string, Parameters<typeof verdictOf>[0], string]>([
  ["nothing failed", { failed: false, decided: false, mode: "rollback", release: 1, between: nothingBetween }, "nothing"],
  ["in observe mode it is proposed", { failed: true, decided: false, mode: "observe", release: 1, between: nothingBetween }, "propose"],
  ["in rollback mode it is done", { failed: true, decided: false, mode: "rollback", release: 1, between: nothingBetween }, "rollback"],
  ["never twice", { failed: true, decided: true, mode: "rollback", release: 1, between: nothingBetween }, "nothing"],
  ["nowhere to go", { failed: true, decided: false, mode: "rollback", release: null, between: nothingBetween }, "propose"],
  ["somebody's operation came in between", { failed: true, decided: false, mode: "rollback", release: 1, between: { operations: [operation({})], edited: [] } }, "propose"],
  ["also one that returned", { failed: true, decided: false, mode: "rollback", release: 1, between: { operations: [operation({ status: "returned" })], edited: [] } }, "propose"],
  ["one that was refused changed nothing", { failed: true, decided: false, mode: "rollback", release: 1, between: { operations: [operation({ status: "refused" })], edited: [] } }, "rollback"],
  ["one that waits changed nothing", { failed: true, decided: false, mode: "rollback", release: 1, between: { operations: [operation({ status: "awaiting" })], edited: [] } }, "rollback"],
  ["the end of a kept colour is Vigie's own", { failed: true, decided: false, mode: "rollback", release: 1, between: { operations: [operation({ kind: "stand-down", automatic: true })], edited: [] } }, "rollback"],
  ["an edit by hand", { failed: true, decided: false, mode: "rollback", release: 1, between: { operations: [], edited: ["core"] } }, "propose"],
])("the verdict: %s", (_name, given, expected) => {
  expect(verdictOf(given).do).toBe(expected);
});

test("property: a rollback is only ever the verdict of a failure, undecided, in its mode, with a release, and nothing in between", () => {
  fc.assert(
    fc.property(fc.boolean(), fc.boolean(), fc.constantFrom("observe", "rollback"), fc.option(fc.nat()), fc.array(fc.constantFrom("core", "commerce"), { maxLength: 2 }), fc.array(fc.constantFrom("queued", "running", "succeeded", "failed", "returned", "aborted"), { maxLength: 3 }), (failed, decided, mode, release, edited, statuses) => {
      const between = { operations: statuses.map((status) => operation({ status })), edited };
      const verdict = verdictOf({ failed, decided, mode, release, between });
      return (verdict.do === "rollback") === (failed && !decided && mode === "rollback" && release !== null && edited.length === 0 && statuses.length === 0);
    }),
  );
});

test("why, in words", () => {
  expect(cameBetween({ operations: [operation({})], edited: [] })).toBe('"Restart core" (Rafael) came in between');
  expect(cameBetween({ operations: [], edited: ["core", "commerce"] })).toBe("core and commerce were edited outside Vigie since");
  expect(supersededBy({ operations: [operation({ kind: "rollback", title: "Roll back prod to R-1" })], edited: [] })).toBe('"Roll back prod to R-1" (Rafael) came after it');
  expect(supersededBy({ operations: [operation({ kind: "promotion", status: "returned" }), operation({})], edited: [] })).toBeNull();
  const given = { environment: "prod", release: 214, sample: failing, back: 211, promotedAt: at(0), failingSince: at(40_000), because: null, done: true };
  expect(failureSentence(given)).toBe("40 s after R-214 was promoted to prod it failed (core: it is broken): Vigie rolls back to R-211.");
  expect(failureSentence({ ...given, done: false, because: "Vigie does not roll back by itself: core was edited outside Vigie since" })).toBe("40 s after R-214 was promoted to prod it failed (core: it is broken): a rollback to R-211 is proposed. Vigie does not roll back by itself: core was edited outside Vigie since.");
  expect(failureSentence({ ...given, back: null, done: false })).toBe("40 s after R-214 was promoted to prod it failed (core: it is broken): there is no release to go back to.");
});

const course = { until: at(60_000), spell: noSpell, decision: null, rollback: null, superseded: false };
test.each<[string, Parameters<typeof watchEnd>[0], number, ReturnType<typeof watchEnd>]>([
  ["it goes on while there is time", course, 59_999, null],
  ["time is over and nothing failed", course, 60_000, "passed"],
  ["a failure that began in time is looked at to its end", { ...course, spell: { failingSince: at(59_000), calmSince: null } }, 61_000, null],
  ["a proposal stays while the watch lasts", { ...course, decision: "propose" }, 30_000, null],
  ["and while it has not recovered", { ...course, decision: "propose", spell: { failingSince: at(1), calmSince: null } }, 90_000, null],
  ["and goes once both are over", { ...course, decision: "propose" }, 60_000, "recovered"],
  ["somebody rolled back or promoted again", { ...course, decision: "propose", superseded: true }, 10_000, "superseded"],
  ["the automatic rollback runs", { ...course, decision: "rollback", rollback: "running" }, 90_000, null],
  ["the automatic rollback worked", { ...course, decision: "rollback", rollback: "succeeded" }, 10_000, "rolled-back"],
  ["the automatic rollback did not work: its proposal stays while it fails", { ...course, decision: "rollback", rollback: "returned", spell: { failingSince: at(1), calmSince: null } }, 90_000, null],
])("the end: %s", (_name, given, ms, expected) => {
  expect(watchEnd(given, at(ms))).toBe(expected);
});
