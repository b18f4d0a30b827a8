import { expect, test } from "vitest";
import { plainText } from "#components/big-pod/log-text.ts";

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
