import { expect, test } from "vitest";
import { previousRelease, withRelease } from "#components/query/trail.ts";

const trail = [
  { number: 213, proven: false },
  { number: 212, proven: true },
  { number: 208, proven: true },
];

test.each([
  [213, 212],
  [212, 208],
  [208, null],
  [220, 212],
])("from R-%d one goes back to R-%s", (current, expected) => {
  expect(previousRelease(trail, current)).toBe(expected);
});

test("an unproven release is better than none", () => {
  expect(previousRelease([{ number: 3, proven: false }], 4)).toBe(3);
});

test("a release is added once", () => {
  const trails = withRelease({ prod: trail }, "prod", 214);
  expect(trails["prod"]?.[0]).toEqual({ number: 214, proven: false });
  expect(withRelease(trails, "prod", 214)).toBe(trails);
  expect(withRelease({}, "dev", 1)).toEqual({ dev: [{ number: 1, proven: false }] });
});
