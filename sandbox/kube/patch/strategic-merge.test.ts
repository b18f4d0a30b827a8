import { expect, test } from "vitest";
import { strategicMerge } from "#sandbox/kube/patch/strategic-merge.ts";

function deployment(podSpec: Record<string, unknown>): Record<string, any> {
  return { metadata: { name: "d" }, spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } }, template: { spec: podSpec } } };
}

function patched(podSpec: Record<string, unknown>, patch: Record<string, unknown>): any {
  return (strategicMerge("V1Deployment", deployment(podSpec), { spec: { template: { spec: patch } } }) as any).spec.template.spec;
}

const containers = [{ name: "a", image: "a:1", env: [{ name: "X", value: "1" }, { name: "Y", value: "2" }], args: ["one", "two"] }, { name: "b", image: "b:1" }];

test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
  ["elements merge by name", { containers: [{ name: "b", image: "b:2" }] }, { containers: [containers[0], { name: "b", image: "b:2" }] }],
  ["new elements come first", { containers: [{ name: "c", image: "c:1" }] }, { containers: [{ name: "c", image: "c:1" }, ...containers] }],
  ["an element goes by directive", { containers: [{ name: "a", $patch: "delete" }] }, { containers: [containers[1]] }],
  ["a list is replaced by directive", { containers: [{ $patch: "replace" }, { name: "z", image: "z" }] }, { containers: [{ name: "z", image: "z" }] }],
  ["the order can be set", { "$setElementOrder/containers": [{ name: "b" }, { name: "a" }] }, { containers: [containers[1], containers[0]] }],
  ["plain lists are replaced", { containers: [{ name: "a", args: ["three"] }] }, { containers: [{ ...containers[0], args: ["three"] }, containers[1]] }],
  ["null removes a field", { containers: [{ name: "a", args: null, env: [{ name: "X", $patch: "delete" }] }] }, { containers: [{ name: "a", image: "a:1", env: [{ name: "Y", value: "2" }] }, containers[1]] }],
])("%s", (_what, patch, expected) => {
  expect(patched({ containers }, patch)).toEqual(expected);
});

test("retainKeys keeps the named fields only", () => {
  const result = strategicMerge("V1Deployment", deployment({}), { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } }) as any;
  expect(result.spec.strategy).toEqual({ type: "Recreate" });
});

test("finalizers and ports follow their own keys", () => {
  const pod = { metadata: { finalizers: ["a/x", "b/x"] }, spec: { containers: [{ name: "c", ports: [{ containerPort: 80 }, { containerPort: 81 }] }] } };
  const result = strategicMerge("V1Pod", pod, { metadata: { "$deleteFromPrimitiveList/finalizers": ["a/x"], finalizers: ["c/x"] }, spec: { containers: [{ name: "c", ports: [{ containerPort: 81, name: "web" }] }] } }) as any;
  expect(new Set(result.metadata.finalizers)).toEqual(new Set(["b/x", "c/x"]));
  expect(result.spec.containers[0].ports).toEqual([{ containerPort: 80 }, { containerPort: 81, name: "web" }]);
});

test.each([
  [{ spec: { template: { spec: { containers: [{ image: "nameless" }] } } } }, "does not contain declared merge key: name"],
  [{ spec: { $patch: "explode" } }, "unknown patch type found: explode"],
])("a malformed patch is refused: %j", (patch, sentence) => {
  expect(() => strategicMerge("V1Deployment", deployment({ containers }), patch)).toThrow(sentence);
});
