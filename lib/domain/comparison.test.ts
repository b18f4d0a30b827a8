import { describe, expect, it, test } from "vitest";
import { compareAll, compareErrors, compareRestarts, compareSamples, judgeControl } from "#lib/domain/comparison.ts";
import type { ErrorVerdict, Measured } from "#lib/domain/comparison.ts";

const value = (given: number): Measured => ({ kind: "value", value: given });
const none: Measured = { kind: "none" };
const counts = (errors: number, requests: number, errorsAfter: number, requestsAfter: number, troubles: string[] = []) =>
  compareErrors({ before: { requests: value(requests), errors: value(errors) }, after: { requests: value(requestsAfter), errors: value(errorsAfter) }, troubles });

/**
 * The numbers: errors go from 0.5 % to 2 %, four minutes after the change. With the default configuration the before-window is an hour
 * (four times compareMinutes), so at 120 requests a minute: 36 errors of 7,200 before, 9.6, that is 10, of 480 after. By scipy:
 * fisher_exact([[10, 470], [36, 7164]], "greater") = 4.379e-4. With four minutes before as well (2 of 480) the same test gives 0.0187: the hour makes the difference.
 */
describe("the issue's numbers", () => {
  it("30 requests a minute, 0.5 % to 2 %, four minutes: insufficient data", () => {
    expect(counts(9, 1_800, 2.4, 120)).toMatchObject({ verdict: "insufficient-data", after: { requests: 120, errors: 2 }, p: expect.closeTo(0.14737, 5) });
    // An equal window before it says no more, nor does rounding up.
    expect(counts(0.6, 120, 2.4, 120)).toMatchObject({ verdict: "insufficient-data" });
    expect(counts(9, 1_800, 3, 120)).toMatchObject({ verdict: "insufficient-data" });
  });

  it("120 requests a minute: worse, p ≈ 4e-4", () => {
    const found = counts(36, 7_200, 9.6, 480);
    expect(found).toMatchObject({ verdict: "worse", before: { requests: 7_200, errors: 36 }, after: { requests: 480, errors: 10 }, sentence: "errors rose from 0.5 % (36 of 7,200) to 2.1 % (10 of 480), p = 0.0004" });
    expect(found.p).toBeCloseTo(4.379e-4, 7);
    expect(counts(2.4, 480, 9.6, 480).p).toBeCloseTo(0.0187, 4);
  });
});

describe("errors", () => {
  test.each([
    ["a clear rise", counts(9, 1_800, 36, 1_800), "worse"],
    ["a rise from nothing", counts(0, 500, 30, 500), "worse"],
    ["few requests that nearly all fail", counts(0, 500, 9, 10), "worse"],
    ["four errors are no proof, however unlikely", counts(0, 100_000, 4, 4), "insufficient-data"],
    ["significant, but less than what counts", counts(2_000, 1_000_000, 2_500, 1_000_000), "no-difference"],
    ["significant and it counts", counts(2_000, 1_000_000, 6_000, 1_000_000), "worse"],
    ["as before, with enough requests", counts(4, 2_000, 4, 2_000), "no-difference"],
    ["none before and after, with enough requests", counts(0, 2_000, 0, 2_000), "no-difference"],
    ["none of a few", counts(0, 50, 0, 50), "insufficient-data"],
    ["fewer, with enough requests", counts(400, 2_000, 4, 2_000), "no-difference"],
    ["not significant, but a rise is not excluded", counts(5, 500, 10, 500), "insufficient-data"],
    ["half failed before already, and after", counts(500, 1_000, 505, 1_000), "no-difference"],
  ])("%s", (_name, found, verdict) => expect(found.verdict).toBe(verdict));

  test.each([
    ["no requests after", counts(1, 1_000, 0, 0), "no requests were counted after the change (1,000 before it)"],
    ["no requests before", counts(0, 0, 9, 1_000), "no requests were counted before the change"],
    ["NaN", counts(1, 1_000, Number.NaN, 1_000), "NaN"],
    ["an infinity", counts(1, Number.POSITIVE_INFINITY, 1, 1_000), "infinity"],
    ["a reset that went below zero", counts(1, 1_000, 1, -5), "negative"],
    ["a partial answer, even if it looks well", counts(4, 2_000, 4, 2_000, ["Prometheus warns: partial"]), "Prometheus warns: partial"],
    ["a partial answer, even if it looks bad", counts(4, 2_000, 900, 2_000, ["Prometheus warns: partial"]), "Prometheus warns: partial"],
    ["no data at all", compareErrors({ before: { requests: none, errors: none }, after: { requests: none, errors: none }, troubles: [] }), "the query of requests gives no data"],
    ["no series of errors on either side", compareErrors({ before: { requests: value(5_000), errors: none }, after: { requests: value(5_000), errors: none }, troubles: [] }), "the query of errors gives no data"],
    ["Prometheus away", compareErrors({ before: { requests: value(5_000), errors: value(1) }, after: { requests: { kind: "trouble", sentence: "Prometheus cannot be asked" }, errors: value(1) }, troubles: [] }), "Prometheus cannot be asked"],
  ])("%s is never a difference, nor the lack of one", (_name, found, words) => {
    expect(found.verdict).toBe("insufficient-data");
    expect(found.sentence).toContain(words);
  });

  it("a series of errors that began with the change counts from zero", () => {
    expect(compareErrors({ before: { requests: value(1_000), errors: none }, after: { requests: value(1_000), errors: value(60) }, troubles: [] })).toMatchObject({ verdict: "worse", before: { errors: 0 } });
  });

  it("errors are never more than requests", () => expect(counts(0, 100, 100.6, 100.4)).toMatchObject({ after: { requests: 100, errors: 100 } }));

  it("more errors after never make it look better, and fewer requests never make it sure", () => {
    const order = ["no-difference", "insufficient-data", "worse"];
    for (const n of [20, 200, 2_000, 20_000]) {
      let last = 0;
      for (let errors = 0; errors <= n; errors += Math.max(1, n / 200)) {
        const place = order.indexOf(counts(0.002 * n, n, errors, n).verdict);
        expect(place).toBeGreaterThanOrEqual(last);
        last = place;
      }
    }
    expect(counts(0, 200, 0, 200).verdict).toBe("insufficient-data");
  });
});

const noise = (mean: number, n: number, spread = 0.05): number[] => Array.from({ length: n }, (_, index) => mean * (1 + spread * Math.sin(index * 2.399)));
const latency = (before: number[], after: number[], more: { troubles?: string[] } = {}) => compareSamples({ name: "latency", unit: "seconds", before, after, expected: { before: Math.max(before.length, after.length), after: Math.max(before.length, after.length) }, troubles: more.troubles ?? [] });

describe("latency", () => {
  test.each([
    ["three times as long", latency(noise(0.04, 15), noise(0.12, 15)), "worse"],
    ["the same", latency(noise(0.04, 15), noise(0.0401, 15)), "no-difference"],
    ["a little longer, surely, but less than what counts", latency(noise(0.04, 15, 0.01), noise(0.043, 15, 0.01)), "no-difference"],
    ["shorter", latency(noise(0.12, 15), noise(0.04, 15)), "no-difference"],
    ["all over the place", latency(noise(0.04, 10, 0.9), noise(0.045, 10, 0.9)), "insufficient-data"],
    ["four values", latency(noise(0.04, 4), noise(0.4, 4)), "insufficient-data"],
    ["gaps", latency(noise(0.04, 15), noise(0.04, 6)), "insufficient-data"],
    ["NaN after, as of a histogram without requests", latency(noise(0.04, 15), Array.from({ length: 15 }, () => Number.NaN)), "insufficient-data"],
    ["nothing", latency([], []), "insufficient-data"],
    ["a warning", latency(noise(0.04, 15), noise(0.04, 15), { troubles: ["Prometheus warns: partial"] }), "insufficient-data"],
    ["zero before and after", latency(Array.from({ length: 15 }, () => 0), Array.from({ length: 15 }, () => 0)), "insufficient-data"],
  ])("%s", (_name, found, verdict) => expect(found).toMatchObject({ verdict }));

  it("says it in a sentence", () => expect(latency(noise(0.04, 15), noise(0.12, 15)).sentence).toMatch(/^latency \(median\) rose from 40(\.\d)? ms to 12\d ms \(15 values before, 15 after, p < 0\.0001, greater in 100 % of pairs\)$/));
});

test("restarts: three more than before in the same time may be chance, ten are not", () => {
  const seconds = { before: 900, after: 900 };
  expect(compareRestarts(value(1), value(3), seconds)).toMatchObject({ before: 1, after: 3, worse: false });
  expect(compareRestarts(value(0), value(10), seconds)).toMatchObject({ worse: true, sentence: "10 restarts after the change, 0 before, p = 0.001" });
  expect(compareRestarts(value(40), value(10), { before: 3_600, after: 900 })).toMatchObject({ worse: false });
  expect(compareRestarts(none, value(3), seconds)).toBeNull();
  expect(compareRestarts(value(Number.NaN), value(3), seconds)).toBeNull();
});

describe("all together", () => {
  const [worse, same, mute] = [counts(9, 1_800, 36, 1_800), counts(4, 2_000, 4, 2_000), counts(0, 5, 0, 5)];
  const [slow, steady] = [latency(noise(0.04, 15), noise(0.12, 15)), latency(noise(0.04, 15), noise(0.04, 15))];
  const all = (given: Partial<Parameters<typeof compareAll>[0]>) => compareAll({ errors: null, latency: null, memory: null, restarts: null, control: null, ...given });

  test.each([
    ["one that is worse is enough", all({ errors: worse, latency: steady }), "worse"],
    ["also when errors could not be counted", all({ errors: mute, latency: slow }), "worse"],
    ["or restarts alone", all({ errors: same, latency: steady, restarts: { worse: true, sentence: "10 restarts" } }), "worse"],
    ["errors and latency both the same", all({ errors: same, latency: steady }), "no-difference"],
    ["errors the same, latency unknown", all({ errors: same, latency: latency([], []) }), "insufficient-data"],
    ["latency the same, errors unknown", all({ errors: mute, latency: steady }), "insufficient-data"],
    ["memory that could not be told from a rise", all({ errors: same, latency: steady, memory: latency(noise(1, 10, 0.9), noise(1.1, 10, 0.9)) }), "insufficient-data"],
    ["memory that is not measured at all", all({ errors: same, latency: steady, memory: latency([], []) }), "no-difference"],
    ["nothing", all({}), "insufficient-data"],
  ])("%s", (_name, found, verdict) => expect(found.verdict).toBe(verdict));

  it("says what was not measured", () => {
    expect(all({ errors: same, latency: steady, memory: latency([], []) }).sentence).toMatch(/; memory was not measured$/);
    expect(all({ errors: same, latency: steady, memory: steady }).sentence).not.toContain("not measured");
  });

  it("a rise that last week had too is told with its doubt", () => {
    const control = judgeControl(worse);
    expect(all({ errors: worse, control }).sentence).toMatch(/^errors rose .*; but the same hours a week before saw a rise too \(0\.5 % to 2\.0 % of 1,800 requests\): the time of day may explain it$/);
    expect(judgeControl(same)?.sentence).toContain("no such rise");
    expect(judgeControl({ ...mute, before: { requests: 0, errors: 0 } } satisfies ErrorVerdict)).toBeNull();
  });
});
