import { expect, test } from "vitest";
import { compareFacts } from "#components/audit/facts-compare.ts";

test("leaves of both sides are told by their path", () => {
  const facts = compareFacts({ release: 213, bigPods: { core: { images: { core: "a:1" }, replicas: 2 } } }, { release: 214, bigPods: { core: { images: { core: "a:2" } } }, planHash: "7f3a" });
  expect(facts).toEqual([
    { path: "release", before: "213", after: "214" },
    { path: "bigPods.core.images.core", before: "a:1", after: "a:2" },
    { path: "bigPods.core.replicas", before: "2", after: null },
    { path: "planHash", before: null, after: "7f3a" },
  ]);
});

test("nothing recorded is no fact; lists and odd values are readable", () => {
  expect(compareFacts(null, null)).toEqual([]);
  expect(compareFacts(null, { environments: ["staging", "prod"], empty: {}, none: null, n: [1, { a: 2 }] })).toEqual([
    { path: "environments", before: null, after: "staging, prod" },
    { path: "empty", before: null, after: "{}" },
    { path: "none", before: null, after: "null" },
    { path: "n", before: null, after: '[1,{"a":2}]' },
  ]);
});

test("a huge record is bounded", () => {
  const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key${index}`, index]));
  expect(compareFacts(wide, wide)).toHaveLength(300);
});
