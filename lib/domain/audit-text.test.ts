import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keepable, keepableText } from "#lib/domain/audit-text.ts";

const nul = String.fromCharCode(0);

describe("what the audit log can keep", () => {
  test.each([
    ["a NUL", { a: `x${nul}` }, "a"],
    ["half a surrogate pair", { a: { b: ["\ud800"] } }, "a.b.0"],
    ["a NUL in a name", { [`k${nul}`]: 1 }, "k\u2400"],
  ])("%s is refused with its path, or replaced", (_, value, path) => {
    expect(keepable(value, "refuse")).toMatchObject({ path });
    expect(keepable(value, "replace")).toHaveProperty("value");
  });

  test.each([["2^53+1 as bigint", 9007199254740993n], ["2^53", 2 ** 53], ["NaN", Number.NaN], ["infinity", Number.POSITIVE_INFINITY], ["a function", () => 1]])("%s is refused under both rules", (_, value) => {
    expect(keepable({ value }, "refuse")).toMatchObject({ path: "value" });
    expect(keepable({ value }, "replace")).toMatchObject({ path: "value" });
  });

  test("a text that only looks like an escape is kept as it is", () => {
    const text = String.raw`\u0000 \ud800`;
    expect(keepable(text, "refuse")).toEqual({ value: text });
  });

  test("nesting is bounded", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100; level++) deep = [deep];
    expect(keepable(deep, "replace")).toHaveProperty("problem");
  });

  test("any JSON comes back the same when its texts are well-formed", () => {
    fc.assert(fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      const round: unknown = JSON.parse(JSON.stringify(value));
      fc.pre(!JSON.stringify(round).includes(String.raw`\u0000`) && !/\d{16}|e\+/.test(JSON.stringify(round)));
      expect(keepable(round, "refuse")).toEqual({ value: round });
    }));
  });

  test("replaced text is always keepable", () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)), (text) => {
      const kept = keepableText(text);
      expect(kept.isWellFormed() && !kept.includes(nul)).toBe(true);
    }));
  });
});
