import fc from "fast-check";
import { expect, test } from "vitest";
import { actionArgumentsRefusal, actionHeadersRefusal, longestAction } from "#lib/domain/action-request.ts";

const id = "7f".repeat(21);
test.each<[string, Parameters<typeof actionHeadersRefusal>[0], number | null]>([
  ["a call as the browser makes it", { actionId: id, contentType: "text/plain;charset=UTF-8", contentLength: "17" }, null],
  ["a post to the page", { actionId: null, contentType: "text/plain", contentLength: "2" }, 405],
  ["no id of an action", { actionId: "../../x", contentType: "text/plain", contentLength: "2" }, 400],
  ["a form, which React would read as much more", { actionId: id, contentType: "multipart/form-data; boundary=x", contentLength: "2" }, 415],
  ["no type", { actionId: id, contentType: null, contentLength: "2" }, 415],
  ["no length", { actionId: id, contentType: "text/plain", contentLength: null }, 411],
  ["a length that is none", { actionId: id, contentType: "text/plain", contentLength: "-1" }, 411],
  ["too long", { actionId: id, contentType: "text/plain", contentLength: String(longestAction + 1) }, 413],
])("%s", (_, request, status) => {
  expect(actionHeadersRefusal(request)?.status ?? null).toBe(status);
});

test.each<[string, string, RegExp | null]>([
  ["plain arguments", '[{"kind":"restart","environment":"prod","bigPods":["core"]},null]', null],
  ["an argument that is left out", '["$undefined"]', null],
  ["a reason that begins with a dollar, as React writes it", '["$$5 a day"]', null],
  ["no JSON", "[", /not valid JSON/],
  ["no list", '{"then":1}', /not a list/],
  ["nine", "[1,2,3,4,5,6,7,8,9]", /more than 8/],
  ["a reference to a module", '["$F1"]', /instruction/],
  ["a promise", '[{"a":["$@0"]}]', /instruction/],
  ["a reference into a prototype", '["$1:__proto__:then"]', /instruction/],
  ["a map", '["$Q0"]', /instruction/],
  ["a chunk that pretends to be a promise", '[{"then":"$1:then","status":"resolved_model"}]', /instruction/],
  ["a prototype", '[{"__proto__":{"admin":true}}]', /have the name "__proto__"/],
  ["a constructor", '[{"constructor":{"prototype":{}}}]', /have the name "constructor"/],
  ["a tower", `[${"[".repeat(60)}${"]".repeat(60)}]`, /are nested more than 20 deep/],
  ["a tower that reaches the sky", `[${"[".repeat(30_000)}${"]".repeat(30_000)}]`, /are nested more than 20 deep/],
  ["a NUL", '["a\\u0000"]', /hold a NUL/],
  ["too long", JSON.stringify(["x".repeat(longestAction)]), /at most 64 KiB/],
])("%s", (_, text, reason) => {
  const refusal = actionArgumentsRefusal(text);
  if (reason === null) expect(refusal).toBeNull();
  else expect(refusal?.reason).toMatch(reason);
});

test("any text at all is judged, and what is let through is a short list without instructions", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.array(fc.jsonValue()).map((list) => JSON.stringify(list))), (text) => {
    if (actionArgumentsRefusal(text) !== null) return;
    expect(Array.isArray(JSON.parse(text))).toBe(true);
    JSON.parse(text, (_, value: unknown) => {
      if (typeof value === "string" && value !== "$undefined") expect(value).not.toMatch(/^\$(?!\$)/);
      return value;
    });
  }), { seed: 20261121, numRuns: 300 });
});
