import { describe, expect, test } from "vitest";
import { configMapChanges, sameTemplate, templateChanges, templateImages, withImages } from "#lib/domain/template-diff.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const template = (container: Record<string, unknown>, extra: Record<string, unknown> = {}) => ({ metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "auth", image: "r/a:1", ...container }], ...extra } });

describe("sameTemplate", () => {
  test.each([
    ["itself", template({}), template({}), true],
    ["a restart mark", template({}), { ...template({}), metadata: { labels: { app: "a" }, annotations: { "kubectl.kubernetes.io/restartedAt": "now" } } }, true],
    ["another annotation", template({}), { ...template({}), metadata: { labels: { app: "a" }, annotations: { a: "b" } } }, false],
    ["the same digest under another tag", template({ image: `r/a:1@${digest("a")}` }), template({ image: `r/a:2@${digest("a")}` }), true],
    ["another digest under the same tag", template({ image: `r/a:1@${digest("a")}` }), template({ image: `r/a:1@${digest("b")}` }), false],
    ["a tag against a digest: not known to be the same", template({ image: "r/a:1" }), template({ image: `r/a:1@${digest("a")}` }), false],
    ["env", template({ env: [{ name: "A", value: "1" }] }), template({ env: [{ name: "A", value: "2" }] }), false],
    ["order of containers", { spec: { containers: [{ name: "a" }, { name: "b" }] } }, { spec: { containers: [{ name: "b" }, { name: "a" }] } }, false],
  ])("%s", (_name, a, b, expected) => {
    expect(sameTemplate(a, b)).toBe(expected);
    expect(sameTemplate(b, a)).toBe(expected);
  });
});

describe("templateChanges", () => {
  test.each([
    ["a limit, with values", template({ resources: { limits: { memory: "256Mi" } } }), template({ resources: { limits: { memory: "512Mi" } } }), ["containers[auth].resources.limits.memory 256Mi → 512Mi"]],
    ["an environment variable, without its value", template({ env: [{ name: "KEY", value: "planted-1" }] }), template({ env: [{ name: "KEY", value: "planted-2" }] }), ["containers[auth].env[KEY].value changed"]],
    ["an added variable, without its value", template({ env: [] }), template({ env: [{ name: "KEY", value: "planted" }] }), ["containers[auth].env[KEY] added"]],
    ["arguments, without them", template({ args: ["--token=planted"] }), template({ args: [] }), ["containers[auth].args changed"]],
    ["a container that went", { spec: { containers: [{ name: "a" }, { name: "b" }] } }, { spec: { containers: [{ name: "a" }] } }, ["containers[b] removed"]],
    ["images are listed elsewhere", template({}), template({ image: "r/a:2" }), []],
    ["a scalar that is new", template({}), template({}, { terminationGracePeriodSeconds: 30 }), ["terminationGracePeriodSeconds added: 30"]],
  ])("%s", (_name, before, after, lines) => {
    expect(templateChanges(before, after)).toEqual(lines);
    expect(JSON.stringify(templateChanges(before, after))).not.toContain("planted");
  });

  test("is cut, and says so", () => {
    const many = (value: number) => ({ spec: Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`f${index}`, value])) });
    expect(templateChanges(many(1), many(2))).toHaveLength(41);
    expect(templateChanges(many(1), many(2)).at(-1)).toBe("and 20 more");
  });
});

test("ConfigMaps: keys, never values; one that is only there before is no difference", () => {
  const map = (name: string, data: Record<string, string>) => ({ name, data, binaryData: {} });
  expect(configMapChanges([map("a", { X: "1", Y: "planted" }), map("gone", {})], [map("a", { Y: "2", Z: "3" }), map("new", { Q: "1" })])).toEqual(["a: X", "a: Y", "a: Z", "new: created anew"]);
});

test("images are replaced by container name, init containers too", () => {
  const before = { spec: { initContainers: [{ name: "init", image: "i:1" }], containers: [{ name: "a", image: "a:1", x: 1 }] } };
  const after = withImages(before, { init: "i:2", a: "a:2", "constructor": "no" });
  expect(templateImages(after)).toEqual({ init: "i:2", a: "a:2" });
  expect(templateImages(before)).toEqual({ init: "i:1", a: "a:1" });
});
