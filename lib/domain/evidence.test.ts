import fc from "fast-check";
import { expect, test } from "vitest";
import { lastLines, redacted, storable, withinLimit } from "#lib/domain/evidence.ts";

test("values of environment variables are gone everywhere; names and where they come from stay", () => {
  const pod = {
    metadata: { name: "core-1", managedFields: [{ manager: "x" }], annotations: { "kubectl.kubernetes.io/last-applied-configuration": '{"env":[{"value":"planted"}]}', note: "kept" } },
    spec: {
      initContainers: [{ env: [{ name: "A", value: "planted" }] }],
      containers: [{ env: [{ name: "B", value: "planted" }, { name: "C", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }], livenessProbe: { httpGet: { httpHeaders: [{ name: "Authorization", value: "planted" }] } } }],
      ephemeralContainers: [{ env: [{ name: "D", value: "planted" }] }],
    },
  };
  const text = JSON.stringify(redacted(pod));
  expect(text).not.toContain("planted");
  expect(redacted(pod)).toMatchObject({
    metadata: { annotations: { note: "kept" } },
    spec: { containers: [{ env: [{ name: "B", value: "(not kept)" }, { name: "C", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }] }] },
  });
  expect(redacted(pod)).not.toHaveProperty("metadata.managedFields");
});

test("property: no planted value survives, at whatever depth; everything else does", () => {
  const tree = fc.letrec((tie) => ({
    node: fc.oneof({ depthSize: "small" }, fc.integer(), fc.record({ env: fc.constant([{ name: "X", value: "planted" }]) }), fc.array(tie("node"), { maxLength: 3 }), fc.dictionary(fc.constantFrom("a", "b", "spec"), tie("node"), { maxKeys: 3 })),
  }));
  fc.assert(fc.property(tree.node, (value) => !JSON.stringify(redacted(value)).includes("planted")));
});

test.each<[string[], number, string[], number]>([
  [["aa", "bb", "cc"], 100, ["aa", "bb", "cc"], 0],
  [["aa", "bb", "cc"], 6, ["bb", "cc"], 1],
  [["aa", "bb", "cc"], 2, [], 3],
  [[], 10, [], 0],
])("of a log the end is kept: %j in %i bytes", (lines, bytes, kept, left) => {
  expect(lastLines(lines, bytes)).toEqual({ lines: kept, left });
});

test("what does not fit is left out by name", () => {
  const file = (name: string, size: number) => ({ name, kind: "logs" as const, content: "x".repeat(size) });
  const { kept, left } = withinLimit([file("a", 5), file("b", 50), file("c", 5)], 12);
  expect([kept.map((one) => one.name), left]).toEqual([["a", "c"], ["b"]]);
});

test("texts that PostgreSQL cannot hold are made holdable", () => {
  expect(storable("a\u0000b\ud800c")).toBe("a\ufffdb\ufffdc");
});
