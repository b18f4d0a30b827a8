import { describe, expect, test } from "vitest";
import type { PlanChange } from "#lib/contracts/operation.ts";
import { planRequestSchema } from "#lib/contracts/operation.ts";
import { remedySchema } from "#lib/contracts/incident.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { ActiveOperation } from "#lib/domain/plan-facts.ts";
import { ago, incidentReason, remediesOf } from "#lib/domain/remedies.ts";
import type { RemedyFacts, RollbackFacts } from "#lib/domain/remedies.ts";

const now = new Date("2026-11-21T14:10:00Z");
const digest = `sha256:${"c".repeat(64)}`;
const change: PlanChange = { bigPod: "experience", effect: "restore", images: [{ container: "voyage", from: "r:v2", to: `r:v1@${digest}`, fromVersion: "v2.3.0", toVersion: "v2.2.1" }], config: [], template: [], replicas: null, how: "rolling update" };
const back: RollbackFacts = {
  release: 211, healthyAt: new Date("2026-11-20T16:10:00Z"), changes: [change], whole: false,
  readiness: { verdict: "ready", sentence: "Ready to roll back to R-211." }, proven: { at: new Date("2026-11-19T14:10:00Z"), seconds: 41.4, succeeded: true },
};
function state(change: Partial<BigPodState> = {}): BigPodState {
  return {
    environment: "prod", bigPod: "experience", status: "broken", cause: "voyage keeps exiting with code 1", causeKind: "crash", evidence: [], since: now.toISOString(), version: null, images: [],
    replicas: { desired: 2, updated: 2, ready: 0, available: 0, total: 2 }, rollout: null, services: [], pods: [], restarts: 3, workload: { kind: "Deployment", name: "experience", uid: "u", generation: 1 }, sources: [], observedAt: now.toISOString(), colour: null, ...change,
  };
}
function facts(change: Partial<RemedyFacts> = {}): RemedyFacts {
  return { environment: "prod", bigPod: "experience", reason: "Incident 12: it is broken, since 14:02 UTC", now, state: state(), rollback: back, nowhere: "", active: null, estimates: { rollback: { seconds: 40, lowSeconds: 35, highSeconds: 60, n: 5 } }, refused: () => null, suspected: "Experience v2.2.1 → v2.3.0 is the first suspect", ...change };
}
const isolation = { how: "network" as const, by: "Rafael", since: "2026-11-21T14:05:00.000Z", operationId: "op", replicas: 2 };
const of = (change: Partial<RemedyFacts>, kind: string) => remediesOf(facts(change)).filter((remedy) => remedy.kind === kind);

test.each<[string, Date, string]>([
  ["voyage keeps exiting with code 1.", new Date("2026-11-21T14:02:30Z"), "Incident 12: voyage keeps exiting with code 1, since 14:02 UTC"],
  ["voyage is down", new Date("2026-11-20T23:59:00Z"), "Incident 12: voyage is down, since 2026-11-20 23:59 UTC"],
])("the reason: %s", (title, onsetAt, expected) => expect(incidentReason({ number: 12, title, onsetAt }, now)).toBe(expected));
test("the reason of a long title fits into a reason", () => expect(incidentReason({ number: 12, title: "x".repeat(2_000), onsetAt: now }, now)).toHaveLength(500));

describe("the card", () => {
  test("a suspected release: the rollback comes first, recommended, with what is known of it", () => {
    const [first, ...others] = remediesOf(facts());
    expect(first).toMatchObject({
      kind: "rollback", title: "Roll back prod to R-211", enabled: true, recommended: true, plan: { kind: "rollback", environment: "prod", release: 211, bigPods: ["experience"] }, reason: "Incident 12: it is broken, since 14:02 UTC",
      facts: [
        "recommended: Experience v2.2.1 → v2.3.0 is the first suspect", "experience/voyage: v2.3.0 → v2.2.1 (sha256:cccccccccccc)", "R-211 was healthy here last 22 h ago", "Ready to roll back to R-211.",
        "rehearsed 2 days ago: it took 41 s", "takes about 40 s (35–60), by 5 like it",
      ],
    });
    expect(others.map((remedy) => [remedy.kind, remedy.enabled, remedy.recommended])).toEqual([["restart", true, false], ["scale", true, false], ["isolate", true, false], ["isolate", true, false]]);
  });
  test("every plan is one that can be asked for", () => {
    for (const remedy of [...remediesOf(facts()), ...remediesOf(facts({ state: state({ isolation }) }))]) {
      expect(remedySchema.safeParse(remedy).success).toBe(true);
      if (remedy.plan === null) continue;
      expect(planRequestSchema.safeParse(remedy.plan).success).toBe(true);
    }
  });
  test.each<[string, Partial<RemedyFacts>, string, string]>([
    ["nothing healthy before", { rollback: null, nowhere: "No release before R-1 was ever seen healthy in prod." }, "rollback", "No release before R-1 was ever seen healthy in prod."],
    ["the way back is known not to be open", { rollback: { ...back, readiness: { verdict: "not-ready", sentence: "Not ready to roll back to R-211: an image is gone." } } }, "rollback", "Not ready to roll back to R-211: an image is gone."],
    ["nothing differs", { rollback: { ...back, changes: [] } }, "rollback", "prod is as it was in R-211: there is nothing to roll back."],
    ["the role is missing", { refused: (kind) => (kind === "rollback" ? "That takes the role releaser in prod." : null) }, "rollback", "That takes the role releaser in prod."],
    ["isolated already", { state: state({ isolation }) }, "isolate", "Isolated by Rafael since 2026-11-21 14:05 UTC (network) already."],
    ["scaled to 0 to isolate", { state: state({ isolation: { ...isolation, how: "scale-to-zero" } }) }, "restart", "Isolated by Rafael since 2026-11-21 14:05 UTC (scaled to 0): lift the isolation first."],
    ["no pods", { state: state({ replicas: { desired: 0, updated: 0, ready: 0, available: 0, total: 0 } }) }, "isolate", "experience is scaled to 0: there is nothing to cut off."],
    ["not seen", { state: { unseen: "nothing watches prod: no worker has run yet" } }, "scale", "Nothing watches prod: no worker has run yet, so nothing can be planned for it."],
    ["never known", { state: null }, "isolate", "Nothing is known of experience in prod yet."],
  ])("disabled, with the reason: %s", (_name, change, kind, why) => {
    const found = of(change, kind);
    expect(found.length).toBeGreaterThan(0);
    for (const remedy of found) expect([remedy.enabled, remedy.plan, remedy.recommended, remedy.why]).toEqual([false, null, false, why]);
  });
  test("a release that does not touch the Big Pod is not recommended against it", () => {
    const [remedy] = of({ bigPod: "commerce" }, "rollback");
    expect([remedy?.recommended, remedy?.facts[1]]).toEqual([false, "it does not touch commerce, which is the same in R-211"]);
  });
  test("isolated, it may be lifted; else there is no such button", () => {
    expect(of({ state: state({ isolation }) }, "lift-isolation")).toMatchObject([{ enabled: true, plan: { kind: "lift-isolation", environment: "prod", bigPod: "experience" } }]);
    expect(of({}, "lift-isolation")).toEqual([]);
  });
  test("of an environment as a whole there is the way back alone", () => expect(remediesOf(facts({ bigPod: null })).map((remedy) => remedy.kind)).toEqual(["rollback"]));
  test.each<[string, string, string, string]>([
    ["promotion", "running", "rollback", '"Promote" (Ana) runs: it is aborted for this, which begins when what it changed is back'],
    ["promotion", "queued", "rollback", '"Promote" (Ana) is queued: this goes first'],
    ["rollback", "running", "rollback", 'it waits for its turn, behind "Promote" (Ana)'],
    ["promotion", "running", "isolate", 'it waits for its turn, behind "Promote" (Ana)'],
  ])("while a %s is %s, a %s says what becomes of it", (kind, status, remedy, sentence) => {
    const active: ActiveOperation = { id: "o", kind, title: "Promote", actor: "Ana", status, requestedAt: now };
    expect(of({ active }, remedy)[0]?.facts.at(-1)).toBe(sentence);
  });
  test("without a suspect, what hangs is restarted and what is scaled to 0 is scaled", () => {
    expect(remediesOf(facts({ suspected: null, state: state({ causeKind: "not-ready" }) }))[0]).toMatchObject({ kind: "restart", recommended: true });
    expect(remediesOf(facts({ suspected: null, state: state({ causeKind: "autoscaler-maximum", cause: "core is at its maximum" }) }))[0]).toMatchObject({ kind: "scale", title: "Scale experience to 3 pods", recommended: true });
    expect(remediesOf(facts({ suspected: null })).some((remedy) => remedy.recommended)).toBe(false);
  });
});

test.each<[number, string]>([[10, "just now"], [60, "1 min ago"], [7_140, "119 min ago"], [7_200, "2 h ago"], [172_000, "2 days ago"], [172_800, "2 days ago"]])("%i s", (seconds, words) => expect(ago(new Date(now.getTime() - seconds * 1_000), now)).toBe(words));
