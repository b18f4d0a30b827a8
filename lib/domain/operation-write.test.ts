import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PlanTarget } from "#lib/contracts/operation.ts";
import { forwardDecision, returnDecision } from "#lib/domain/operation-write.ts";
import type { LiveWorkload, WriteDecision } from "#lib/domain/operation-write.ts";
import { restartAnnotation, sameTemplate, templateImages, withImages, withoutRestartMarks } from "#lib/domain/template-diff.ts";

const mark = "2026-11-21T08:00:00.000Z";
const template = (images: Record<string, string>, env = "1") => ({ metadata: { labels: { app: "a" } }, spec: { containers: Object.entries(images).map(([name, image]) => ({ name, image, env: [{ name: "E", value: env }] })) } });

function target(write: PlanTarget["write"], before: Partial<PlanTarget["before"]> = {}): PlanTarget {
  return { bigPod: "a", workload: { name: "a", uid: "u", generation: 1 }, before: { template: template({ x: "x:1", y: "y:1" }), configMaps: [], replicas: 2, ...before }, write, colour: null };
}

/** What an API server makes of a decision. */
function apply(live: LiveWorkload, decision: WriteDecision): LiveWorkload {
  if (decision.do === "replace") return { ...live, template: decision.template };
  if (decision.do !== "merge") return live;
  const spec = decision.spec as { replicas?: number; template?: { spec?: Record<string, { name: string; image: string }[]>; metadata?: { annotations: Record<string, string | null> } } };
  const images = Object.fromEntries(Object.values(spec.template?.spec ?? {}).flat().map((container) => [container.name, container.image]));
  let next = withImages(live.template, images);
  const wanted = spec.template?.metadata?.annotations[restartAnnotation];
  if (wanted !== undefined) {
    const bare = withoutRestartMarks(next);
    next = wanted === null ? bare : { ...bare, metadata: { ...(bare.metadata as object), annotations: { [restartAnnotation]: wanted } } };
  }
  return { template: next, replicas: spec.replicas ?? live.replicas };
}

const configMap = (level: string) => [{ name: "c", data: { LEVEL: level }, binaryData: {} }];
const writes: [string, PlanTarget][] = [
  ["images", target({ effect: "images", images: { x: "x:2" } })],
  ["restore", target({ effect: "restore", template: template({ x: "x:0", y: "y:1" }, "0"), configMaps: [], restart: false })],
  ["restore of a ConfigMap alone", target({ effect: "restore", template: template({ x: "x:1", y: "y:1" }), configMaps: configMap("b"), restart: true }, { configMaps: configMap("a") })],
  ["restart", target({ effect: "restart" })],
  ["scale", target({ effect: "scale", replicas: 5 })],
];

describe.each(writes)("%s", (_name, planned) => {
  const start: LiveWorkload = { template: planned.before.template, replicas: planned.before.replicas };

  test("is applied once, however often it is repeated, and goes back to what was", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 12 }), (directions) => {
        let live = start;
        for (const forward of directions) {
          const decision = forward ? forwardDecision(planned, live, mark) : returnDecision(planned, live, mark);
          expect(decision.do).not.toBe("stop");
          live = apply(live, decision);
          const again = forward ? forwardDecision(planned, live, mark) : returnDecision(planned, live, mark);
          expect(again.do).toBe("nothing");
        }
        if (directions.at(-1) === false) expect([live.replicas, JSON.stringify(withoutRestartMarks(live.template))]).toEqual([start.replicas, JSON.stringify(withoutRestartMarks(start.template))]);
      }),
    );
  });

  test("makes a difference", () => {
    expect(forwardDecision(planned, start, mark).do).not.toBe("nothing");
  });
});

test.each(writes.filter(([name]) => name !== "restart" && name !== "scale"))("%s: what somebody else wrote is neither overwritten nor returned", (_name, planned) => {
  const foreign = { template: template({ x: "x:theirs", y: "y:theirs" }, "theirs"), replicas: 2 };
  expect(forwardDecision(planned, foreign, mark).do).toBe("stop");
  expect(returnDecision(planned, foreign, mark).do).toBe("stop");
});

test("a promotion leaves other fields alone, also those that changed meanwhile", () => {
  const planned = target({ effect: "images", images: { x: "x:2" } });
  const edited = { template: template({ x: "x:1", y: "y:1" }, "edited"), replicas: 2 };
  const after = apply(edited, forwardDecision(planned, edited, mark));
  expect(sameTemplate(after.template, template({ x: "x:2", y: "y:1" }, "edited"))).toBe(true);
  expect(templateImages(apply(after, returnDecision(planned, after, mark)).template)).toEqual({ x: "x:1", y: "y:1" });
});
