import { expect, test } from "vitest";
import { addLines, keptLines, matching, plainText } from "#components/big-pod/log-lines.ts";

test.each([
  ["\u001b[31mred\u001b[0m", "red"],
  ["\u001b]0;title\u0007shown", "shown"],
  ["\u001b]8;;http://evil\u001b\\link", "link"],
  ["a\u202eb", "a�b"],
  ["bell\u0007", "bell�"],
  ["tab\tstays", "tab\tstays"],
  ["<b>markup</b>", "<b>markup</b>"],
])("%j is shown as %j", (line, shown) => {
  expect(plainText(line)).toBe(shown);
});

test("the oldest lines fall off and ids go on", () => {
  const first = addLines([], Array.from({ length: keptLines }, (_, index) => `line ${index}`));
  const then = addLines(first, ["new"]);
  expect(then).toHaveLength(keptLines);
  expect(then[0]?.text).toBe("line 1");
  expect(then.at(-1)).toEqual({ id: keptLines + 1, text: "new" });
});

test("search is for words as they stand, not for patterns", () => {
  const lines = addLines([], ["GET /a.b 200", "get /axb 500"]);
  expect(matching(lines, "/A.B").map((line) => line.text)).toEqual(["GET /a.b 200"]);
  expect(matching(lines, "  ")).toBe(lines);
});
