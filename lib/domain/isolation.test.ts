import { describe, expect, test } from "vitest";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { eventsByObject, foldBigPod } from "#lib/domain/fold.ts";
import { forcingPatch, inertPolicy, isInForce, isolationAnnotation, policiesInTheWay, readIsolation, writeIsolation } from "#lib/domain/isolation.ts";
import type { IsolationMark } from "#lib/domain/isolation.ts";
import { unknownSurroundings } from "#lib/domain/surroundings.ts";
import { core, coreImages, crashing, deployment, health, pod, replicaSet, testNow } from "#lib/domain/test-objects.ts";

const mark: IsolationMark = { how: "network", by: "Rafael", since: "2026-11-21T14:02:00.000Z", operationId: "op-1", replicas: 3 };
const labels = { app: "core", tier: "web" };

function policy(name: string, spec: object, managed = true): RawObject {
  return { metadata: { name, uid: name, ...(managed ? { labels: { "app.kubernetes.io/managed-by": "vigie" } } : {}) }, spec };
}
const denyAll = { podSelector: { matchLabels: { app: "core" } }, policyTypes: ["Ingress", "Egress"] };

test.each<[string, string | undefined, Partial<IsolationMark> | null]>([
  ["none", undefined, null],
  ["as written", writeIsolation(mark), mark],
  ["no JSON: it still marks", "yes", { how: "network", by: "somebody", replicas: 1 }],
  ["odd values", JSON.stringify({ how: "burn", by: 7, since: "yesterday", replicas: -2 }), { how: "network", by: "somebody", since: new Date(0).toISOString(), replicas: 1 }],
])("the mark: %s", (_name, value, expected) => {
  const found = readIsolation(value === undefined ? {} : { [isolationAnnotation]: value });
  if (expected === null) expect(found).toBeNull();
  else expect(found).toMatchObject(expected);
});

test("a policy that has just been made cuts nobody off; its patch makes it select exactly the pods", () => {
  const made = inertPolicy("core", "prod", {}) as unknown as RawObject;
  expect(isInForce(made, labels)).toBe(false);
  expect(forcingPatch({ matchLabels: { app: "core" } })).toEqual({ podSelector: { matchLabels: { "vigie.dev/isolated": null, app: "core" } }, policyTypes: ["Ingress", "Egress"], ingress: null, egress: null });
});

test.each<[string, object, boolean]>([
  ["as it should be", denyAll, true],
  ["one direction only", { ...denyAll, policyTypes: ["Ingress"] }, false],
  ["with a rule that lets in", { ...denyAll, ingress: [{}] }, false],
  ["with a rule that lets out", { ...denyAll, egress: [{ to: [] }] }, false],
  ["for others", { ...denyAll, podSelector: { matchLabels: { app: "commerce" } } }, false],
])("in force: %s", (_name, spec, expected) => {
  expect(isInForce(policy("p", spec), labels)).toBe(expected);
});

test("other policies that let traffic of the same pods through are named, because policies add up", () => {
  const others = [policy("own", { ...denyAll, ingress: [{}] }), policy("lets-in", { podSelector: {}, ingress: [{}] }), policy("denies", { podSelector: {}, ingress: [] }), policy("elsewhere", { podSelector: { matchLabels: { app: "x" } }, ingress: [{}] }), policy("lets-out", { podSelector: {}, egress: [{}] })];
  expect(policiesInTheWay(others, "own", labels)).toEqual(["lets-in", "lets-out"]);
});

describe("the fold", () => {
  const v4 = coreImages("v1.4.0");
  function fold(given: IsolationMark | null, options: { replicas?: number; policies?: RawObject[] | null; broken?: boolean } = {}): BigPodState {
    const d = deployment("core", v4, { replicas: options.replicas ?? 3 });
    if (given !== null) d.metadata.annotations = { ...d.metadata.annotations, [isolationAnnotation]: writeIsolation(given) };
    const set = replicaSet(d, "aaa", v4);
    const pods = (options.replicas ?? 3) === 0 ? [] : ["p1", "p2", "p3"].map((name) => pod(set, name, v4, options.broken === true ? { ready: false, containers: { auth: crashing(1) } } : {}));
    const surroundings = { ...unknownSurroundings, networkPolicies: options.policies ?? null };
    return foldBigPod({ environment: "prod", namespace: "dreamscape-prod", bigPod: core, deployments: [d], replicaSets: [set], pods, events: eventsByObject([]), health: health({}, { status: "unsupported", reason: "no pod proxy" }), surroundings, sources: [], previous: null, now: testNow });
  }
  const inForce = [policy("vigie-isolate-core", { podSelector: { matchLabels: { app: "core" } }, policyTypes: ["Ingress", "Egress"] })];
  const selecting = (): RawObject[] => {
    const template = (deployment("core", v4).spec as { template: { metadata: { labels: Record<string, string> } } }).template;
    return [policy("vigie-isolate-core", { ...denyAll, podSelector: { matchLabels: template.metadata.labels } })];
  };

  test("without a mark nothing is said", () => expect(fold(null).isolation).toBeNull());
  test("cut off it is paused, never green, and says by whom and since when", () => {
    expect(fold(mark)).toMatchObject({ status: "paused", causeKind: "isolated", cause: "isolated by Rafael since 2026-11-21 14:02 UTC: nothing gets in or out", isolation: mark });
    expect(fold(mark, { policies: selecting() }).status).toBe("paused");
  });
  test("what else is wrong is evidence", () => {
    const state = fold(mark, { broken: true });
    expect(state.status).toBe("paused");
    expect(state.evidence.length).toBeGreaterThan(1);
  });
  test("without its policy it is a warning, but not in the first seconds", () => {
    expect(fold(mark, { policies: [] })).toMatchObject({ status: "warning", cause: expect.stringContaining("it can be reached") });
    expect(fold({ ...mark, since: testNow.toISOString() }, { policies: [] }).status).toBe("paused");
    expect(fold(mark, { policies: inForce.map((one) => ({ ...one, spec: { ...(one.spec as object), ingress: [{}] } })) }).status).toBe("warning");
  });
  test("scaled to 0, and scaled up again by somebody", () => {
    const zero: IsolationMark = { ...mark, how: "scale-to-zero" };
    expect(fold(zero, { replicas: 0 })).toMatchObject({ status: "paused", cause: "isolated by Rafael since 2026-11-21 14:02 UTC: scaled to 0" });
    expect(fold(zero)).toMatchObject({ status: "warning", cause: expect.stringContaining("somebody gave it 3 pods again") });
  });
});
