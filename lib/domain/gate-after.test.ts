import { describe, expect, test } from "vitest";
import type { GateResult } from "#lib/contracts/operation.ts";
import { bakes, bakeGraceMs, bakeVerdict } from "#lib/domain/gate-after.ts";
import { gate } from "#lib/domain/gate.ts";
import { operationSteps } from "#lib/domain/operation-steps.ts";

const now = new Date("2026-11-21T12:00:00Z");
const gates = (...verdicts: GateResult["verdict"][]): GateResult[] => verdicts.map((verdict, index) => gate(index === 0 ? "rollout" : "metric", verdict, `evidence ${index}`, now));
const bakeMs = 600_000;

test.each([
  ["all pass, before the end", gates("pass", "pass"), 1, true, "waiting", /all pass so far/],
  ["all pass, at the end", gates("pass", "pass"), bakeMs, true, "done", /Everything is up; Metric/],
  ["all pass at the end, but not asked often enough", gates("pass", "pass"), bakeMs * 10, false, "waiting", /all pass/],
  ["one fails at once", gates("pass", "fail"), 1, false, "failed", /Metric: fail, evidence 1/],
  ["one fails, another says nothing", gates("inconclusive", "fail"), 1, false, "failed", /^Metric: fail/],
  ["one says nothing, before the end", gates("pass", "inconclusive"), bakeMs - 1, true, "waiting", /Metric: inconclusive, evidence 1/],
  ["one says nothing, just after the end", gates("pass", "error"), bakeMs + bakeGraceMs - 1, true, "waiting", /Metric: error/],
  ["one says nothing, a minute after the end", gates("pass", "error"), bakeMs + bakeGraceMs, true, "failed", /no data does not pass: Metric: error, evidence 1/],
] as const)("%s", (_, asked, elapsedMs, askedEnough, kind, text) => {
  const verdict = bakeVerdict(asked, { elapsedMs, bakeMs, askedEnough });
  expect(verdict.kind).toBe(kind);
  expect(verdict.text).toMatch(text);
});

describe("the step", () => {
  const policy = { bakeMinutes: 10, gates: { before: [], after: [] } };
  const names = (kind: "promotion" | "rollback", some: typeof policy | null) => operationSteps({ kind, environment: "prod", release: null }, [], some).map((step) => step.name);
  test("stands behind verify of a promotion, where the policy asks for it", () => {
    expect(names("promotion", policy)).toEqual(["check", "verify", "bake"]);
    expect(names("promotion", { ...policy, bakeMinutes: 0 })).toEqual(["check", "verify"]);
    expect(names("promotion", null)).toEqual(["check", "verify"]);
    expect(names("rollback", policy)).toEqual(["check", "verify"]);
  });
  test("one gate alone is reason enough", () => expect(bakes({ bakeMinutes: 0, gates: { before: [], after: [{ kind: "no-new-alert" }] } })).toBe(true));
});
