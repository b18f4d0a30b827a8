import { expect, test } from "vitest";
import { titleWithCount } from "#components/shell/title-count.ts";

test.each([
  ["Overview · Vigie", 0, "Overview · Vigie"],
  ["Overview · Vigie", 2, "(2) Overview · Vigie"],
  ["(2) Overview · Vigie", 1, "(1) Overview · Vigie"],
  ["(1) Overview · Vigie", 0, "Overview · Vigie"],
])("%s with %i open", (title, count, counted) => expect(titleWithCount(title, count)).toBe(counted));
