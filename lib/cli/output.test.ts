import { expect, test } from "vitest";
import { duration, inert, table } from "#lib/cli/output.ts";

test("names and log lines from outside cannot steer the terminal", () => {
  expect(inert("a\u001b[31mred\u001b[0m\u0007b\r\nc\u202ed\u009b")).toBe("a\ufffd[31mred\ufffd[0m\ufffdb\ufffd c\ufffdd\ufffd");
});

test("columns are as wide as what is seen of them", () => {
  expect(table([["A", "B"], ["\u001b[32mlonger\u001b[39m", "x"], ["é", ""]])).toBe("A       B\n\u001b[32mlonger\u001b[39m  x\né\n");
});

test.each([[0.4, "0 s"], [59.6, "1 min 0 s"], [185, "3 min 5 s"], [7_800, "2 h 10 min"]])("%s seconds are said as %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
