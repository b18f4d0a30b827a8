import { expect, test } from "vitest";
import type { PlanTarget } from "#lib/contracts/operation.ts";
import { composedTemplate, raiseDecision, switchDecision, unraiseDecision } from "#lib/domain/colour-write.ts";
import { restartAnnotation } from "#lib/domain/template-diff.ts";

const label = "vigie.dev/colour";
const template = (image: string, colour: string, annotations?: Record<string, string>) => ({ metadata: { labels: { app: "core", [label]: colour }, ...(annotations === undefined ? {} : { annotations }) }, spec: { containers: [{ name: "app", image }] } });
const [old, wanted, foreign] = [template("r:1@sha256:a", "green"), template("r:2@sha256:b", "green"), template("r:3@sha256:c", "green")];

const target = (write: PlanTarget["write"], before = { template: old as Record<string, unknown>, configMaps: [], replicas: 0 } as PlanTarget["before"]): PlanTarget => ({
  bigPod: "core",
  workload: { name: "core-green", uid: "g", generation: 1 },
  before,
  write,
  colour: { label, active: "blue", activeWorkload: { name: "core-blue", uid: "b", generation: 1 }, service: { name: "core", uid: "s" }, previewService: { name: "core-preview", uid: "p" }, autoscalers: [], replicas: 2, standbyMinutes: 30 },
});
const raise = target({ effect: "restore", template: wanted, configMaps: [], restart: false });

test("the idle colour runs what serves with other images, in its own colour and without restart marks; a record is coloured too", () => {
  const serving = template("r:1@sha256:a", "blue", { [restartAnnotation]: "2026-01-01" });
  expect(composedTemplate(target({ effect: "images", images: { app: "r:2@sha256:b" } }), serving)).toEqual(wanted);
  expect(composedTemplate(target({ effect: "restore", template: { metadata: { labels: { app: "core" } }, spec: wanted.spec }, configMaps: [], restart: false }), serving)).toEqual(wanted);
});

test.each([
  ["as before", old, 0, { do: "write", template: wanted, replicas: 2 }],
  ["arrived", wanted, 2, { do: "nothing", why: "already brought up" }],
  ["the template alone arrived", wanted, 0, { do: "write", template: wanted, replicas: 2 }],
  ["somebody else's template", foreign, 0, { do: "stop", why: "it was changed by somebody else meanwhile" }],
  ["somebody else's number of pods", old, 5, { do: "stop", why: "it was scaled to 5 by somebody else meanwhile" }],
])("raise: %s", (_name, live, replicas, decision) => {
  expect(raiseDecision(raise, { template: live, replicas }, "mark")).toEqual(decision);
});

test.each([
  ["never written", old, 0, { do: "nothing", why: "it is as it was before" }],
  ["written", wanted, 2, { do: "write", template: old, replicas: 0 }],
  ["written, and scaled since", wanted, 1, { do: "write", template: old, replicas: 0 }],
  ["somebody else's", foreign, 2, { do: "stop", why: "it was changed by somebody else meanwhile" }],
])("back: %s", (_name, live, replicas, decision) => {
  expect(unraiseDecision(raise, { template: live, replicas }, "mark")).toEqual(decision);
});

test("a colour that already runs it all is not touched; one whose ConfigMaps change starts anew, once", () => {
  const same = { ...raise, before: { template: wanted, configMaps: [], replicas: 2 } };
  expect(raiseDecision(same, { template: wanted, replicas: 2 }, "mark")).toEqual({ do: "nothing", why: "it already is as wanted: not touched" });
  const map = (level: string) => [{ name: "core-config", data: { LEVEL: level }, binaryData: {} }];
  const config = target({ effect: "restore", template: wanted, configMaps: map("info"), restart: false }, { template: wanted, configMaps: map("debug"), replicas: 2 });
  const marked = template("r:2@sha256:b", "green", { [restartAnnotation]: "mark" });
  expect(raiseDecision(config, { template: wanted, replicas: 2 }, "mark")).toEqual({ do: "write", template: marked, replicas: 2 });
  expect(raiseDecision(config, { template: marked, replicas: 2 }, "mark")).toEqual({ do: "nothing", why: "already brought up" });
  expect(unraiseDecision(config, { template: marked, replicas: 2 }, "mark")).toEqual({ do: "write", template: wanted, replicas: 2 });
});

test.each([
  ["blue", false, { do: "write", colour: "green" }],
  ["blue", true, { do: "write", colour: "green" }],
  ["green", true, { do: "nothing", why: "it leads to green" }],
  ["green", false, { do: "stop", why: "it was switched to green by somebody else meanwhile" }],
  ["purple", true, { do: "stop", why: "its selector names purple" }],
  [undefined, true, { do: "stop", why: "its selector names no vigie.dev/colour any more" }],
])("a Service at %s, ours: %s", (now, ours, decision) => {
  const service = { metadata: { name: "core", uid: "s" }, spec: { selector: { app: "core", ...(now === undefined ? {} : { [label]: now }) } } };
  expect(switchDecision(service, label, "blue", "green", ours)).toEqual(decision);
});
