import { describe, expect, test } from "vitest";
import { minutes, rulesInWords } from "#components/guards/guard-rules.ts";
import { environmentConfigSchema } from "#lib/contracts/config.ts";

const environment = (name: string, policy: object = {}) => environmentConfigSchema.parse({ name, namespace: name, cluster: { inCluster: true }, policy });
const inWords = (policy: object, drill: string | null = null) => {
  const prod = environment("prod", policy);
  return rulesInWords({ environments: [environment("staging"), prod, environment("last")] }, prod, drill);
};

describe("a configuration in words", () => {
  test("the least there is", () => {
    expect(inWords({})).toMatchObject({
      promotesFrom: "staging",
      strategy: "rolling",
      approvals: "none needed",
      drill: "Rehearsed by hand only: no drill is configured.",
      mayDrill: true,
      watch: "for 15 min after a promotion: when its Big Pods fail or alert, Vigie proposes the rollback and leaves it to you",
    });
  });
  test("approvals, strategy, watch, soak, drill", () => {
    const rules = inWords({ approvals: { required: 2, expiresMinutes: 90 }, strategy: { kind: "blue-green", standbyMinutes: 45 }, watch: { watchMinutes: 30, mode: "rollback" }, soakMinutes: 60 }, "monday at 05:00 UTC");
    expect(rules.approvals).toBe("2 different people other than who asks; an approval holds for 1 h 30 min, and for the plan it was given to");
    expect(rules.strategyWords).toContain("the old colour is kept 45 min");
    expect(rules.watch).toContain("Vigie rolls back by itself, once");
    expect(rules.before[0]?.words).toBe("the source was healthy for 1 h without a break");
    expect(rules.drill).toBe("Rehearsed by itself: monday at 05:00 UTC.");
  });
  test("every kind of gate, with the query it asks", () => {
    const metric = { kind: "metric", name: "errors", query: "sum(rate(errors[5m]))", pass: "< 0.01", count: 5, intervalSeconds: 30, failureLimit: 1 };
    const { before, after } = inWords({ bakeMinutes: 10, gates: { before: [{ kind: "parity" }, { kind: "no-incident" }, { kind: "smoke" }, metric], after: [{ kind: "no-new-alert" }, { kind: "smoke", checks: [{ url: "https://status.example.org", jsonPath: "$.ok", equals: true }] }] } });
    expect(before.at(-1)).toEqual({ words: "metric “errors” is < 0.01, asked 5 times every 30 s, up to 1 may fail; no data never passes", query: "sum(rate(errors[5m]))" });
    expect(before.map(({ words }) => words).join("\n")).toMatch(/parity[^]*no open incident[^]*health path of every service/);
    expect(after.map(({ words }) => words)).toEqual([expect.stringContaining("always"), expect.stringContaining("no alert"), "smoke check: https://status.example.org answers 200 within 5000 ms, with true at $.ok", "asked again and again for 10 min"]);
  });
  test("the last environment is never rehearsed", () => {
    const last = environment("last");
    expect(rulesInWords({ environments: [environment("dev"), last] }, last, "monday")).toMatchObject({ mayDrill: false, drill: "Not rehearsed here: this is the last environment." });
  });
});

test.each([
  [0, "0 min"],
  [45, "45 min"],
  [240, "4 h"],
  [90, "1 h 30 min"],
  [2160, "1 d 12 h"],
])("%d minutes are %s", (count, words) => expect(minutes(count)).toBe(words));
