import { expect, test } from "vitest";
import { jsonProblem } from "#lib/domain/json-guard.ts";

test.each([
  ['{"a":[1,"x",null,{"b":true}]}', null],
  ['{"__proto__":{"admin":true}}', /__proto__/],
  ['{"a":[{"constructor":{"prototype":1}}]}', /constructor/],
  ['{"a":"\\u0000"}', /NUL/],
  ['{"\\ud800":1}', /surrogate/],
  [`${"[".repeat(20)}${"]".repeat(20)}`, null],
  [`${"[".repeat(30_000)}${"]".repeat(30_000)}`, /nested/],
])("%.60s", (json, expected) => {
  const problem = jsonProblem(JSON.parse(json));
  if (expected === null) expect(problem).toBeNull();
  else expect(problem).toMatch(expected);
});
