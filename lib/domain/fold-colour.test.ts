import { expect, test } from "vitest";
import { bigPodStateSchema } from "#lib/contracts/state.ts";
import { selectorText } from "#lib/domain/colour.ts";
import { foldColoured } from "#lib/domain/fold-colour.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { ago, core, coreImages, deployment, health, pod, replicaSet, templateFor, testNow } from "#lib/domain/test-objects.ts";

const label = "vigie.dev/colour";
const [v4, v5] = [coreImages("v1.4.0"), coreImages("v1.5.0")];

function service(name: string, selector: Record<string, string>, extra: { annotations?: Record<string, string>; managedFields?: RawObject["metadata"]["managedFields"] } = {}): RawObject {
  return { metadata: { name, namespace: "dreamscape-prod", uid: `uid-${name}`, ...extra }, spec: { selector } };
}
const active = service("core", { app: "core", [label]: "blue" });
const preview = service("core-preview", { app: "core", [label]: "green" });
const scaler = (name: string, target: string): RawObject => ({ metadata: { name, uid: `uid-${name}` }, spec: { scaleTargetRef: { kind: "Deployment", name: target } } });

function colour(name: "blue" | "green", images: Record<string, string>, replicas: number): { deployments: RawObject[]; sets: RawObject[]; pods: RawObject[] } {
  const owner = deployment(`core-${name}`, images, { replicas });
  const set = replicaSet(owner, "aaa", images);
  return { deployments: [owner], sets: [set], pods: Array.from({ length: replicas }, (_, index) => pod(set, `p${index}`, images)) };
}
const blue = colour("blue", v4, 2);
const green = colour("green", v5, 0);

/** One-shot iterators, as the watchers hand them out. */
function fold(sides: (typeof blue)[], services: RawObject[], autoscalers: RawObject[] = []) {
  const all = { deployments: sides.flatMap((side) => side.deployments), sets: sides.flatMap((side) => side.sets), pods: sides.flatMap((side) => side.pods) };
  const folded = foldColoured(
    { environment: "prod", namespace: "dreamscape-prod", bigPod: core, deployments: all.deployments.values(), replicaSets: all.sets.values(), pods: all.pods.values(), events: new Map(), health: health({}, { status: "unsupported", reason: "not asked" }), sources: ["pods"], previous: null, now: testNow },
    services.values(), autoscalers.values(), new Map(),
  );
  return { ...folded, state: bigPodStateSchema.parse(folded.state) };
}

test("the colour that the Service names is the workload; the other stands by", () => {
  const { state, sides } = fold([blue, colour("green", v5, 2)], [service("core", { app: "core", [label]: "green" }, { annotations: { "vigie.dev/standby-until": ago(-600) } }), service("core-preview", { app: "core", [label]: "blue" })], [scaler("core", "core-green")]);
  expect(state).toMatchObject({
    status: "healthy", cause: null, version: "v1.5.0", workload: { name: "core-green" },
    colour: { active: "green", standby: { workload: "core-blue", replicas: 2, ready: 2, version: "v1.4.0", until: ago(-600) }, parts: { label, idle: { uid: "uid-core-blue" }, service: { name: "core", uid: "uid-core" }, previewService: { name: "core-preview" }, autoscalers: [{ name: "core", uid: "uid-core" }] } },
  });
  expect(state.colour?.trouble).toBeUndefined();
  expect([...sides].map(([name, side]) => [name, side.status, side.version])).toEqual([["core-blue", "healthy", "v1.4.0"], ["core-green", "healthy", "v1.5.0"]]);
});

test("the same release has one identity in both colours, and another release another", () => {
  const coloured = (name: "blue" | "green", images: Record<string, string>): typeof blue => {
    const template = templateFor("core", images);
    const owner = deployment(`core-${name}`, images, { spec: { template: { ...template, metadata: { labels: { app: "core", [label]: name } } } } });
    const set = replicaSet(owner, "aaa", images);
    return { deployments: [owner], sets: [set], pods: [pod(set, "p0", images), pod(set, "p1", images)] };
  };
  const idle = (images: Record<string, string>, name: "blue" | "green"): string | null | undefined => {
    const serving = name === "green" ? "blue" : "green";
    return fold([coloured(name, images), coloured(serving, v4)], [service("core", { app: "core", [label]: serving }), service("core-preview", { app: "core", [label]: name })]).state.colour?.parts?.idle.content;
  };
  expect(idle(v5, "green")).toMatch(/^[0-9a-f]{64}$/);
  expect(idle(v5, "green")).toBe(idle(v5, "blue"));
  expect(idle(v5, "green")).not.toBe(idle(v4, "green"));
});

const byHand = { annotations: { "vigie.dev/selector": selectorText({ app: "core", [label]: "green" }) }, managedFields: [{ manager: "kubectl-edit", time: ago(60), fieldsV1: { "f:spec": { "f:selector": { [`f:${label}`]: {} } } } }] };

test.each([
  ["no Service", [blue, green], [preview], [], "broken", "Service core does not exist in dreamscape-prod: nothing leads to the pods of core"],
  ["a selector that names no colour, pods of one", [blue, green], [service("core", { app: "core" }), preview], [], "warning", "Service core names no colour: its selector has no vigie.dev/colour, so it leads to every colour that has pods"],
  ["a selector that names no colour, pods of both", [blue, colour("green", v5, 2)], [service("core", { app: "core" }), preview], [], "broken", "Service core names no colour: its selector has no vigie.dev/colour, so it leads to every colour that has pods"],
  ["a selector that names another word", [blue, green], [service("core", { app: "core", [label]: "purple" }), preview], [], "broken", "Service core selects vigie.dev/colour=purple, which is neither blue nor green: nothing leads to the pods of core"],
  ["a Service that leads to a Deployment that is gone", [green], [active, preview], [], "broken", "Service core leads to blue, but Deployment core-blue does not exist in dreamscape-prod"],
  ["no idle Deployment", [blue], [active, preview], [], "warning", "Deployment core-green, the idle colour, does not exist in dreamscape-prod: without it nothing can be promoted or rolled back"],
  ["no preview", [blue, green], [active], [], "warning", "Service core-preview does not exist in dreamscape-prod: without it the idle colour cannot be asked before a switch"],
  ["both Services the same colour", [blue, green], [active, service("core-preview", { app: "core", [label]: "blue" })], [], "warning", "Services core and core-preview both lead to blue: the preview must name green"],
  ["a preview of everything", [blue, green], [active, service("core-preview", { app: "core" })], [], "warning", "Service core-preview must select vigie.dev/colour=green, not every colour"],
  ["a selector changed by hand", [blue, green], [service("core", { app: "core", [label]: "blue" }, byHand), preview], [], "warning", "the selector of Service core was changed by kubectl-edit, not through Vigie (it leads to blue now): put it back, or accept it with `kubectl -n dreamscape-prod annotate service core vigie.dev/selector-`"],
  ["an autoscaler on the idle colour", [blue, green], [active, preview], [scaler("idle", "core-green")], "warning", "HorizontalPodAutoscaler idle scales core-green, which is idle: only the colour that serves may have one; point it at core-blue or delete it"],
] as const)("%s is never green", (_name, sides, services, autoscalers, status, cause) => {
  const { state } = fold([...sides], [...services], [...autoscalers]);
  expect([state.status, state.cause]).toEqual([status, cause]);
  // Nothing may be switched then, and the gate can say why.
  expect(state.colour === null || (state.colour.trouble ?? []).includes(cause)).toBe(true);
});

test("pods that are broken are told before a warning about the colours", () => {
  const broken = colour("blue", v4, 1);
  const [set] = broken.sets;
  if (set === undefined) throw new Error("the test's own objects are wrong");
  const { state } = fold([{ ...broken, pods: [pod(set, "p0", v4, { ready: false, containers: { auth: { ready: false, restartCount: 4, state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: { terminated: { exitCode: 1, reason: "Error", finishedAt: ago(5) } } } } })] }], [active, preview]);
  expect(state.status).toBe("broken");
  expect(state.cause).toContain("auth");
});

test("between the two patches of a switch nothing is told", () => {
  const mark = (operation: string, colourNow: string) => ({ annotations: { "vigie.dev/operation": operation, "vigie.dev/selector": selectorText({ app: "core", [label]: colourNow }) } });
  const { state } = fold([blue, colour("green", v5, 2)], [service("core", { app: "core", [label]: "blue" }, mark("earlier", "blue")), service("core-preview", { app: "core", [label]: "blue" }, mark("now", "blue"))]);
  expect([state.status, state.colour?.trouble]).toEqual(["healthy", undefined]);
});

test("a Big Pod that was never brought here is unknown, not broken", () => {
  expect(fold([], []).state).toMatchObject({ status: "unknown", workload: null, colour: null });
});
