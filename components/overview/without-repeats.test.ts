import { expect, test } from "vitest";
import type { Problem } from "#lib/domain/problems.ts";
import { withoutRepeats } from "#components/overview/without-repeats.ts";

function problem(id: string, overrides: Partial<Problem> = {}): Problem {
  const [environment = null, bigPod = null] = id.split("/");
  return { id, environment, bigPod, status: "stale", cause: "stale, 9 s: the worker that observes the clusters is silent", since: "2026-11-21T14:00:00.000Z", evidence: [], remedy: { kind: "by-hand", why: "Look" }, ...overrides };
}

test("one silence is one line, however many tiles it greys", () => {
  const found = withoutRepeats([problem("prod/core"), problem("prod/commerce"), problem("dev/core")]);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ environment: null, bigPod: null, cause: "3 tiles are stale: the worker that observes the clusters is silent" });
});

test("tiles behind a source that is listed itself are left to it", () => {
  const source = problem("source/x", { environment: "dev", bigPod: null, cause: "Pods of dev cannot be reached" });
  const broken = problem("prod/core", { status: "broken", cause: "core is down" });
  expect(withoutRepeats([broken, source, problem("dev/core", { cause: "stale, 9 s: Pods of dev cannot be reached" })])).toEqual([broken, source]);
});

test("a single stale tile keeps its name", () => {
  const alone = problem("dev/core");
  expect(withoutRepeats([alone])).toEqual([alone]);
});
