import fc from "fast-check";
import { expect, test } from "vitest";
import { Samples } from "#sandbox/prometheus/samples.ts";

const value = fc.oneof(fc.constant(1), fc.nat(), fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0, 2 ** 32, 2 ** 53));
const sample = fc.record({ gapMs: fc.integer({ min: 1, max: 60_000 }), value, stale: fc.boolean() });
const lists = fc.oneof(fc.array(sample, { maxLength: 700 }), fc.integer({ min: 100, max: 400 }).map((length) => Array.from({ length }, (_none, index) => ({ gapMs: 5_000, value: index % 2 === 0 ? index : 7, stale: false }))));

test("gives back what it was given, packed or not", () => {
  fc.assert(fc.property(lists, fc.nat(1000), fc.nat(1000), (list, from, length) => {
    const samples = new Samples();
    let atMs = Date.parse("2026-11-21T08:00:00Z");
    const plain = list.map((one) => ({ ...one, atMs: (atMs += one.gapMs) }));
    for (const one of plain) samples.push(one.atMs, one.value, one.stale);
    expect(samples.length).toBe(plain.length);
    for (const [index, one] of plain.entries()) expect([samples.time(index), samples.value(index), samples.isStale(index)]).toEqual([one.atMs, one.value, one.stale]);
    const [start, end] = [plain[from % Math.max(1, plain.length)]?.atMs ?? 0, plain[(from + length) % Math.max(1, plain.length)]?.atMs ?? 0];
    expect(samples.between(start, end)).toEqual(plain.filter((one) => one.atMs >= start && one.atMs <= end && !one.stale).map((one) => ({ atMs: one.atMs, value: one.value })));
    expect(samples.lastAtOrBefore(start)).toBe(plain.findLastIndex((one) => one.atMs <= start));
    samples.dropBefore(end);
    expect(samples.between(end, atMs)).toEqual(plain.filter((one) => one.atMs >= end && !one.stale).map((one) => ({ atMs: one.atMs, value: one.value })));
  }), { numRuns: 60, seed: 20261121 });
});

test("takes no sample that is not newer than the last", () => {
  const samples = new Samples();
  samples.push(10, 1);
  samples.push(10, 2);
  samples.push(9, 3);
  expect([samples.length, samples.value(0)]).toEqual([1, 1]);
});
