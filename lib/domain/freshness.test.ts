import { expect, test } from "vitest";
import type { BigPodState, Change, SourceState } from "#lib/contracts/state.ts";
import { differenceOf, differencesBetween } from "#lib/domain/difference.ts";
import { blindState } from "#lib/domain/fold-blind.ts";
import { foldBigPod } from "#lib/domain/fold.ts";
import { displayedState, isFresh } from "#lib/domain/freshness.ts";
import type { DisplayedState } from "#lib/domain/freshness.ts";
import { problems } from "#lib/domain/problems.ts";
import { ago, core, coreImages, deployment, digestOf, health, pod, replicaSet, testNow } from "#lib/domain/test-objects.ts";
import { countWords, verdict } from "#lib/domain/verdict.ts";

const source = (change: Partial<SourceState> = {}): SourceState => ({ key: "lab/prod/pods", environment: "prod", title: "Pods of dreamscape-prod", status: "live", since: ago(900), contactAt: ago(1), reason: null, required: true, ...change });

function stateOf(environment: string, version: string, change: Partial<BigPodState> = {}): BigPodState {
  const images = coreImages(version);
  const d = deployment("core", images);
  const set = replicaSet(d, "a", images);
  return { ...foldBigPod({ environment, namespace: "n", bigPod: core, deployments: [d], replicaSets: [set], pods: [pod(set, "1", images), pod(set, "2", images)], events: new Map(), health: health({}, { status: "unsupported" }), sources: ["lab/prod/pods"], previous: null, now: testNow }), ...change };
}
const prod = stateOf("prod", "v1");
const show = (state: BigPodState, sources: SourceState[] = [source()], seen: string | null = ago(1)): DisplayedState => displayedState(state, sources, seen, testNow);

test.each<[string, SourceState[], string | null, RegExp | null]>([
  ["worker and sources are there", [source()], ago(1), null],
  ["the worker's last beat is 5 s old", [source()], ago(5), null],
  ["the worker's last beat is 6 s old", [source()], ago(6), /^stale, 6 s: the worker that observes the clusters is silent$/],
  ["no worker ever looked", [source()], null, /no worker has looked yet/],
  ["a required source is down for long", [source({ status: "down", contactAt: ago(12), reason: "connection refused" })], ago(1), /^stale, 12 s: Pods of dreamscape-prod cannot be read: connection refused$/],
  ["a required source lost its connection a moment ago", [source({ status: "down", contactAt: ago(2) })], ago(1), null],
  ["a required source is forbidden", [source({ status: "forbidden", contactAt: ago(1), reason: "pods is forbidden" })], ago(1), /may not be read: pods is forbidden/],
  ["an extra source is down", [source(), source({ key: "probe", required: false, status: "down", contactAt: null })], ago(1), null],
  ["another environment's source is down", [source(), source({ key: "lab/dev/pods", status: "down", contactAt: null })], ago(1), null],
  ["nothing is known of its sources", [], ago(1), /nothing is known of the sources/],
])("shown as now only when it is: %s", (_name, sources, seen, cause) => {
  const shown = show(prod, sources, seen);
  if (cause === null) {
    expect(shown).toMatchObject({ status: "healthy", stale: null });
    return;
  }
  expect(shown.status).toBe("stale");
  expect(shown.cause).toMatch(cause);
  expect(shown.stale?.was).toBe("healthy");
});

test("the longest silence is told, and what was never seen keeps its own sentence", () => {
  const two = { ...prod, sources: ["lab/prod/pods", "lab/prod/deployments"] };
  expect(show(two, [source({ status: "down", contactAt: ago(8) }), source({ key: "lab/prod/deployments", title: "Deployments", status: "stale", contactAt: ago(90) })]).stale).toMatchObject({ seconds: 90, since: ago(90) });
  const blind = blindState("prod", core, source({ status: "forbidden", reason: "no" }), ["lab/prod/pods"], testNow);
  expect(show(blind, [source({ status: "forbidden", reason: "no" })])).toMatchObject({ status: "unknown", cause: "Pods of dreamscape-prod may not be read: no" });
});

test.each([["live", ago(500), true], ["connecting", null, false], ["connecting", ago(1), true], ["stale", ago(6), false], ["unsupported", ago(1), false]] as const)("source %s with contact %s is fresh: %s", (status, contactAt, fresh) => {
  expect(isFresh(source({ status, contactAt }), testNow)).toBe(fresh);
});

const environments = [{ name: "staging", title: "Staging" }, { name: "prod", title: "Production" }];
const bigPods = [{ name: "core", title: "Core" }];
const wrong = (status: BigPodState["status"], cause: string, environment = "prod", since = ago(480)): DisplayedState => show(stateOf(environment, "v1", { status, cause, since }));

test.each<[string, DisplayedState[], string]>([
  ["all well", [show(prod), show(stateOf("staging", "v1"))], "Production is well"],
  ["only staging broken", [show(prod), wrong("broken", "x", "staging")], "Production is well"],
  ["broken", [wrong("broken", "auth keeps running out of memory")], "Core is broken in prod for 8 min: auth keeps running out of memory"],
  ["rolling", [wrong("progressing", "v2 is rolling out: 1 of 2 new pods ready")], "Core is rolling out in prod: v2 is rolling out: 1 of 2 new pods ready"],
  ["nothing known", [], "Nothing is known yet of Core in prod"],
  ["out of sight", [show(prod, [source()], ago(40))], "Production is out of sight: last seen 40 s ago; the worker that observes the clusters is silent"],
])("verdict: %s", (_name, states, sentence) => {
  expect(verdict(environments, bigPods, states, testNow).sentence).toBe(sentence);
});

test("the verdict counts the others and writes the time as its reader wants it", () => {
  const judged = verdict(environments, bigPods, [wrong("broken", "x"), wrong("warning", "y", "staging")], testNow, (iso) => iso.slice(11, 16));
  expect(judged.sentence).toBe("Core is broken in prod since 14:02: x");
  expect(judged.others).toEqual([{ environment: "staging", status: "warning", counts: { warning: 1 } }]);
  expect(countWords({ warning: 1, broken: 2, healthy: 3, progressing: 1 })).toBe("2 broken, 1 warning, 1 rolling out");
});

test("differences are by digest: other tags of one image are the same, one tag of two images differs", () => {
  expect(differenceOf("core", stateOf("staging", "v1"), prod)).toMatchObject({ kind: "same", images: [] });
  const retagged = { ...prod, images: prod.images.map((i) => ({ ...i, tag: `${i.tag}-again` })) };
  expect(differenceOf("core", retagged, prod).kind).toBe("same");
  const moved = differenceOf("core", { ...prod, images: prod.images.map((i) => (i.container === "auth" ? { ...i, digest: digestOf("moved") } : i)) }, prod);
  expect(moved).toMatchObject({ kind: "differs", summary: "auth: v1 → v1 (another image under the same tag)", images: [{ container: "auth" }] });
  const next = differenceOf("core", stateOf("staging", "v2"), prod);
  expect(next).toMatchObject({ kind: "differs", summary: "v1 → v2", fromVersion: "v2", toVersion: "v1" });
  expect(next.images.map((i) => i.container)).toEqual(["auth", "user"]);
});

test("what is not known is never called the same", () => {
  const unknownDigest = { ...prod, images: prod.images.map((i) => ({ ...i, digest: null })) };
  expect(differenceOf("core", stateOf("staging", "v1"), unknownDigest)).toMatchObject({ kind: "unknown", summary: "not known: no pod in prod tells its image yet" });
  expect(differencesBetween(["core"], [], [prod])[0]).toMatchObject({ kind: "unknown" });
  expect(differenceOf("core", { ...prod, workload: null }, prod)).toMatchObject({ kind: "unknown", summary: "not known: it does not run in prod" });
});

const change = (part: Partial<Change>): Change => ({ id: "c", environment: "prod", bigPod: "core", kind: "rollout", at: ago(600), summary: "Core v1 → v2", by: "x", operationId: null, release: null, ...part });

test.each<[string, DisplayedState, Change[], string]>([
  ["broke after a rollout", wrong("broken", "auth keeps exiting"), [change({})], "rollback"],
  ["broke while rolling out", { ...wrong("broken", "auth keeps exiting"), rollout: { done: 0, total: 2 } }, [], "rollback"],
  ["broke by itself", wrong("broken", "auth is FATAL"), [], "restart"],
  ["changed only after it broke", wrong("broken", "auth is FATAL"), [change({ at: ago(10) })], "restart"],
  ["another Big Pod changed", wrong("broken", "auth is FATAL"), [change({ bigPod: "commerce" })], "restart"],
  ["scaled to 0", { ...wrong("paused", "scaled to 0"), replicas: { desired: 0, updated: 0, ready: 0, available: 0, total: 0 } }, [], "scale"],
  ["no room", wrong("broken", "core waits for a node: 0/3 nodes are available"), [change({})], "by-hand"],
  ["out of sight", show(prod, [source()], ago(60)), [], "by-hand"],
])("remedy when it %s", (_name, state, changes, kind) => {
  expect(problems(["staging", "prod"], [state], [], changes, testNow)[0]?.remedy.kind).toBe(kind);
});

test("problems: worst first, production before the others, the oldest first; sources that are silent too", () => {
  const list = problems(
    ["staging", "prod"],
    [wrong("warning", "a", "prod"), wrong("broken", "b", "staging"), wrong("broken", "c", "prod"), show(prod), wrong("progressing", "d")],
    [source({ status: "forbidden", contactAt: null, required: false, title: "Events", reason: "no" }), source()],
    [],
    testNow,
  );
  expect(list.map((p) => [p.environment, p.status, p.cause])).toEqual([["prod", "broken", "c"], ["staging", "broken", "b"], ["prod", "warning", "a"], ["prod", "unknown", "Events may not be read: no"]]);
});
