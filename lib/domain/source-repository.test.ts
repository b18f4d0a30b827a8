import { expect, test } from "vitest";
import { compareUrl, parseRepository } from "#lib/domain/source-repository.ts";

const there = { host: "github.com", owner: "dreamscape-ai", name: "core-pod" };

test.each([
  ["dreamscape-ai/core-pod", there],
  ["https://github.com/dreamscape-ai/core-pod", there],
  ["https://GitHub.com/dreamscape-ai/core-pod.git", there],
  ["git@github.com:dreamscape-ai/core-pod.git", there],
  ["https://git.example.org:8443/a/b/", { host: "git.example.org:8443", owner: "a", name: "b" }],
  ["https://github.com/dreamscape-ai", null],
  ["https://github.com/a/b/tree/main", null],
  ["javascript://github.com/a/b", null],
  ["file:///etc/passwd", null],
  ["a/..", null],
  ["<b>/x", null],
  ["", null],
])("%s", (text, expected) => expect(parseRepository(text)).toEqual(expected));

test("a page to compare is made of commit ids only", () => {
  const [from, to] = ["a".repeat(40), "b".repeat(40)];
  expect(compareUrl(there, from, to)).toBe(`https://github.com/dreamscape-ai/core-pod/compare/${from}...${to}`);
  expect(compareUrl(there, null, to)).toBe(`https://github.com/dreamscape-ai/core-pod/commit/${to}`);
  expect(compareUrl(there, "main", to)).toBeNull();
  expect(compareUrl(there, null, "x?y=1")).toBeNull();
});
