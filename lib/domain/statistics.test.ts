import { describe, expect, it, test } from "vitest";
import { binomialAtLeast, fisherGreater, mannWhitneyGreater, median, normalAbove, riseAtMost, wilson } from "#lib/domain/statistics.ts";

const p = (hits: number, n: number, hitsAfter: number, nAfter: number): number => fisherGreater({ n, hits }, { n: nAfter, hits: hitsAfter });

/** A repeatable stream of numbers from 0 to 1 (mulberry32). */
function stream(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("Fisher's exact test", () => {
  test.each([
    // The tea-tasting lady: 3 of 4 and 1 of 4, in the manual of R's fisher.test: 0.2429. By hand: (16 + 1) / C(8,4) = 17/70.
    ["the tea-tasting lady", 1, 4, 3, 4, 17 / 70],
    // By hand: of C(10,5) = 252 ways one has all five hits after.
    ["none of 5, then 5 of 5", 0, 5, 5, 5, 1 / 252],
    ["by scipy 1.17: fisher_exact([[8,2],[3,7]], 'greater')", 3, 10, 8, 10, 0.03488925934746368],
    ["by scipy, hundreds", 3, 600, 13, 612, 0.011345207691198244],
    ["by scipy, thousands", 9, 1800, 36, 1800, 2.97203781353949e-5],
    ["by scipy, a million", 5000, 1_000_000, 5300, 1_000_000, 0.001568760446642488],
    ["by scipy, ten million", 50_000, 10_000_000, 51_000, 10_000_000, 0.0008123720441975753],
    ["nothing failed", 0, 100, 0, 100, 1],
    ["everything failed", 100, 100, 100, 100, 1],
    ["nothing was asked", 0, 0, 0, 0, 1],
  ])("%s", (_name, hits, n, hitsAfter, nAfter, expected) => {
    expect(p(hits, n, hitsAfter, nAfter) / expected).toBeCloseTo(1, 7);
  });

  it("is a sum of all tables at least as extreme", () => {
    const choose = (n: number, k: number): number => (k < 0 || k > n ? 0 : k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
    for (let n = 0; n <= 6; n += 1) for (let m = 0; m <= 7; m += 1) for (let a = 0; a <= n; a += 1) for (let b = 0; b <= m; b += 1) {
      let sum = 0;
      for (let k = b; k <= Math.min(m, a + b); k += 1) sum += choose(m, k) * choose(n, a + b - k);
      expect(p(a, n, b, m)).toBeCloseTo(sum / choose(n + m, a + b), 12);
    }
  });

  it("stays between 0 and 1, falls with every further error after, and has complementary tails", () => {
    const random = stream(7);
    for (let round = 0; round < 300; round += 1) {
      const size = 10 ** (1 + 6 * random());
      const [n, m] = [1 + Math.floor(size * random()), 1 + Math.floor(size * random())];
      const [a, b] = [Math.floor(n * random() ** 4), Math.floor((m - 1) * random() ** 4)];
      const value = p(a, n, b, m);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
      expect(p(a, n, b + 1, m)).toBeLessThanOrEqual(value + 1e-12);
      // "At least b after" and "at least a + 1 before" of the same margins are all there is, when the table [a + 1, b − 1] exists.
      if (b > 0 && a < n) expect(value + p(b - 1, m, a + 1, n)).toBeCloseTo(1, 7);
    }
  });

  it("refuses what is no count", () => {
    expect(() => p(3, 2, 0, 0)).toThrow(RangeError);
    expect(() => p(0.5, 2, 0, 0)).toThrow(RangeError);
    expect(() => p(0, Number.NaN, 0, 0)).toThrow(RangeError);
  });
});

describe("the Mann–Whitney U test", () => {
  it("is R's: wilcox.test of Hollander and Wolfe's permeabilities, W = 35, p = 0.1272", () => {
    const term = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const early = [1.15, 0.88, 0.9, 0.74, 1.21];
    const found = mannWhitneyGreater(early, term);
    expect(found).toMatchObject({ u: 35, effect: 0.7, exact: true });
    expect(found?.p).toBeCloseTo(0.1272, 4);
  });

  test.each([
    ["by hand: one of C(10,5) orders", [1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 25, 1 / 252, true],
    ["the other way round", [5, 6, 7], [1, 2, 3], 0, 1, true],
    ["scipy, exact", [19, 22, 16, 29, 24], [20, 11, 17, 12], 3, 0.9682539682539683, true],
    ["scipy, asymptotic with ties", [1, 2, 2, 3], [2, 3, 3, 4], 13, 0.08601685446091145, false],
    ["twenty each, scipy exact", Array.from({ length: 20 }, (_, i) => 2 * i), Array.from({ length: 20 }, (_, i) => 11 + 2 * i), 295, 0.0047418035956025015, true],
    ["all alike", [1, 1, 1], [1, 1, 1], 4.5, 1, false],
  ])("%s", (_name, before, after, u, expected, exact) => {
    const found = mannWhitneyGreater(before, after);
    expect(found).toMatchObject({ u, exact });
    expect(found?.p).toBeCloseTo(expected, 10);
  });

  it("says nothing of nothing, nor of what is no number", () => {
    expect(mannWhitneyGreater([], [1])).toBeNull();
    expect(mannWhitneyGreater([1], [])).toBeNull();
    expect(mannWhitneyGreater([1, Number.NaN], [1])).toBeNull();
    expect(mannWhitneyGreater([1], [Number.POSITIVE_INFINITY])).toBeNull();
  });

  it("the effects of both directions make one; any monotone scale gives the same; exact and approximate agree", () => {
    const random = stream(11);
    for (let round = 0; round < 60; round += 1) {
      const [before, after] = [Array.from({ length: 2 + Math.floor(random() * 23) }, random), Array.from({ length: 2 + Math.floor(random() * 23) }, random)];
      const [there, back] = [mannWhitneyGreater(before, after), mannWhitneyGreater(after, before)];
      expect((there?.effect ?? 0) + (back?.effect ?? 0)).toBeCloseTo(1, 12);
      expect(mannWhitneyGreater(before.map(Math.exp), after.map(Math.exp))).toEqual(there);
      expect(there?.p).toBeGreaterThanOrEqual(0);
      expect(there?.p).toBeLessThanOrEqual(1);
      if (before.length < 8 || after.length < 8) continue;
      const z = ((there?.u ?? 0) - (before.length * after.length) / 2 - 0.5) / Math.sqrt((before.length * after.length * (before.length + after.length + 1)) / 12);
      expect(there?.p).toBeCloseTo(normalAbove(z), 1.7);
    }
  });
});

test("the normal tail is that of the tables", () => {
  expect(normalAbove(0)).toBeCloseTo(0.5, 15);
  expect(normalAbove(1.6448536269514722)).toBeCloseTo(0.05, 13);
  expect(normalAbove(-1.959963984540054)).toBeCloseTo(0.975, 13);
  expect(normalAbove(6) / 9.865876450376981e-10).toBeCloseTo(1, 10);
  expect(normalAbove(2.8284271) / normalAbove(2.8284272)).toBeCloseTo(1, 6);
});

test("a binomial tail: at least 8 of 10 tosses is 56/1024", () => {
  expect(binomialAtLeast(8, 10, 0.5)).toBeCloseTo(56 / 1024, 12);
  expect(binomialAtLeast(0, 0, 0.5)).toBe(1);
  expect(binomialAtLeast(1, 0, 0.5)).toBe(0);
});

test("Wilson's and Newcombe's intervals", () => {
  // Newcombe's example (a) of 56/70 against 48/80, by method 10: 0.0524 to 0.3339 at 95 % two-sided; ours is one-sided 95 %, so inside.
  const rise = riseAtMost({ n: 80, hits: 48 }, { n: 70, hits: 56 });
  expect(rise).toBeGreaterThan(0.2);
  expect(rise).toBeLessThan(0.3339);
  // R: prop.test(10, 100, correct = FALSE): 0.05522914 to 0.17436566.
  expect(wilson({ n: 100, hits: 10 }, 1.959963984540054).low).toBeCloseTo(0.05522914, 7);
  expect(wilson({ n: 100, hits: 10 }, 1.959963984540054).high).toBeCloseTo(0.17436566, 7);
  expect(riseAtMost({ n: 0, hits: 0 }, { n: 10, hits: 0 })).toBe(1);
});

test("the median", () => {
  expect(median([])).toBeNull();
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});
