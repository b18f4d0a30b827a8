import { expect, test } from "vitest";
import { formatBytes, formatMeasured, formatP, formatRatio } from "#components/incident/numbers-words.ts";

test.each([
  [{ requests: 0, errors: 0 }, null],
  [{ requests: 7204, errors: 29 }, "0.4 %"],
  [{ requests: 3912, errors: 462 }, "11.8 %"],
  [{ requests: 100, errors: 10 }, "10 %"],
  [{ requests: 100, errors: 0 }, "0 %"],
])("errors of requests, where nothing asked is no ratio: %o", (counts, words) => expect(formatRatio(counts)).toBe(words));

test.each([
  [null, null],
  [1e-12, "p < 0.001"],
  [0.0004, "p < 0.001"],
  [0.0012, "p = 0.0012"],
  [0.05, "p = 0.05"],
  [0.4, "p = 0.40"],
  [1, "p = 1.00"],
])("p of %s", (p, words) => expect(formatP(p)).toBe(words));

test("measures with their units", () => {
  expect(formatMeasured(0.21, "seconds")).toBe("210 ms");
  expect(formatMeasured(1.34, "seconds")).toBe("1.34 s");
  expect(formatMeasured(640 * 1024 * 1024, "bytes")).toBe("640 MiB");
  expect(formatMeasured(null, "seconds")).toBe("no value");
  expect(formatMeasured(Number.NaN, "seconds")).toBe("no value");
  expect(formatBytes(0)).toBe("0 B");
  expect(formatBytes(20_480)).toBe("20 KiB");
});
