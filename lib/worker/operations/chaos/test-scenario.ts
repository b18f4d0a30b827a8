import { numbers } from "#lib/worker/operations/chaos/test-chaos.ts";
import type { Scenario } from "#lib/worker/operations/chaos/test-chaos.ts";
import type { Strike, StrikeKind } from "#lib/worker/operations/chaos/test-strike.ts";

/** How often which strike: the cheap ones often, those that wait for a lease less. */
const weights: readonly (readonly [StrikeKind, number])[] = [["kill", 46], ["stop", 14], ["cut", 14], ["lost-answers", 14], ["freeze", 8], ["half-open", 4]];

/**
 * The scenario of a seed. Step boundaries are gone through in order, so that each is hit in every long run; moments, counts and everything else are drawn.
 * `promoted`: whether prod runs what was promoted, which decides what can be asked for; `badPossible`: whether there is a build that fails in prod only.
 */
export function scenarioOf(seed: number, state: { promoted: boolean; badPossible: boolean }): Scenario {
  const draw = numbers(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(draw() * items.length)] ?? (items[0] as T); // lists are not empty
  const what = state.promoted ? "back" : pick(state.badPossible ? (["forth", "forth", "aborted", "bad"] as const) : (["forth", "forth", "aborted"] as const));
  const strikes = Array.from({ length: draw() < 0.7 ? 1 : draw() < 0.7 ? 2 : 3 }, (_, index): Strike => {
    let left = draw() * weights.reduce((sum, [, weight]) => sum + weight, 0);
    const kind = weights.find(([, weight]) => (left -= weight) < 0)?.[0] ?? "kill";
    const where = draw();
    if (where < 0.25) return { what: kind, when: { at: "after", ms: Math.floor(draw() * (index === 0 ? 3_000 : 1_000)) } };
    if (where < 0.45) return { what: kind, when: { at: "write", n: 1 + Math.floor(draw() * 3), side: draw() < 0.5 ? "before" : "after" } };
    return { what: kind, when: { at: "journal", n: 1 + ((seed + index * 7) % 14), side: (seed >> 1) % 2 === 0 ? "before" : "after" } };
  });
  return { seed, what, workers: draw() < 0.5 ? 1 : 2, strikes, abortAfterMs: Math.floor(draw() * 2_500) };
}
