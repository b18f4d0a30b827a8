import { describe, expect, test } from "vitest";
import { actions } from "#lib/domain/access.ts";
import type { Action } from "#lib/domain/access.ts";
import { isRecent, recentSignInMinutes } from "#lib/domain/step-up.ts";

const environments = (policies: Record<string, number | undefined>) => Object.entries(policies).map(([name, minutes]) => ({ name, policy: { recentSignInMinutes: minutes } }));
const settings = { recentSignInMinutes: 60, environments: environments({ dev: undefined, staging: 15, prod: undefined }) };

describe("how recent a sign-in must be", () => {
  test.each<[Action, string | null, number]>([
    ["operation.request.promotion", "dev", 0],
    ["operation.request.promotion", "staging", 15],
    ["operation.request.promotion", "prod", 60],
    ["operation.request.rollback", "prod", 60],
    ["operation.approve", "prod", 60],
    ["operation.abort", "prod", 60],
    ["break-glass.open", "prod", 60],
    ["drift.adopt", "prod", 60],
    ["quarantine.lift", "prod", 60],
    ["token.create", null, 60],
    ["token.revoke", null, 0],
    ["session.revoke", null, 0],
    ["plan.promotion", "prod", 0],
    ["state.read", "prod", 0],
    ["incident.work", "prod", 0],
    ["operation.request.promotion", "gone", 60],
    ["operation.request.promotion", "constructor", 60],
  ])("%s in %s: %s minutes", (action, environment, minutes) => {
    expect(recentSignInMinutes(action, environment, settings)).toBe(minutes);
  });

  test("0 switches it off, for one environment or everywhere", () => {
    expect(recentSignInMinutes("operation.abort", "prod", { recentSignInMinutes: 60, environments: environments({ dev: undefined, prod: 0 }) })).toBe(0);
    expect(recentSignInMinutes("token.create", null, { recentSignInMinutes: 0, environments: environments({ dev: undefined, prod: 30 }) })).toBe(0);
    expect(recentSignInMinutes("operation.abort", "prod", { recentSignInMinutes: 0, environments: environments({ dev: undefined, prod: 30 }) })).toBe(30);
  });

  test("whoever adds a way to change an environment decides here: every operation asks, nothing that only reads does", () => {
    const asks = actions.filter((action) => recentSignInMinutes(action, "prod", settings) > 0);
    for (const action of actions) if (action.startsWith("operation.request.")) expect(asks).toContain(action);
    for (const action of actions) if (action.endsWith(".read") || action.startsWith("plan.")) expect(asks).not.toContain(action);
  });
});

test.each<[string, Date | null, number, boolean]>([
  ["just now", new Date(1_000_000_000), 60, true],
  ["at the limit", new Date(1_000_000_000 - 3_600_000), 60, true],
  ["a moment past it", new Date(1_000_000_000 - 3_600_001), 60, false],
  ["unknown", null, 60, false],
  ["unknown, where none is asked for", null, 0, true],
])("a proof made %s", (_, at, minutes, recent) => {
  expect(isRecent(at, minutes, new Date(1_000_000_000))).toBe(recent);
});
