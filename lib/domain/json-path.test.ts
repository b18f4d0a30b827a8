import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonPathValue } from "#lib/domain/json-path.ts";

const answer = { status: "pass", checks: [{ ok: true }, { "core:db": [1, 2] }], nothing: null };

test.each([
  ["$", answer], ["$.status", "pass"], ["$.checks[0].ok", true], ['$.checks[1]["core:db"][1]', 2], ["$.nothing", null],
])("%s", (path, expected) => expect(jsonPathValue(path, answer)).toEqual({ found: true, value: expected }));

test.each([
  ["$.missing", /nothing at \$\.missing/], ["$.checks[2]", /nothing at \$\.checks\[2\]/], ["$.checks.length", /nothing/], ["$.status[0]", /nothing/], ["$.nothing.x", /nothing/],
  ["status", /begins with \$/], ["$..status", /not a path at character 2/], ["$.checks[*]", /not a path/], ["$.constructor", /nothing/], ["$.__proto__", /nothing/],
])("%s is not there", (path, sentence) => {
  const found = jsonPathValue(path, answer);
  expect(found.found ? "" : found.sentence).toMatch(sentence);
});

test("never throws, whatever the path and the value", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.string().map((text) => `$${text}`), fc.string().map((text) => `$.a["${text}"]`)), fc.jsonValue(), (path, value) => {
    expect(typeof jsonPathValue(path, value).found).toBe("boolean");
  }));
});
