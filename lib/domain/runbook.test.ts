import fc from "fast-check";
import { expect, test } from "vitest";
import { fillRunbookUrl, isRunbookName, kebabCase, parseRunbook, runbookLink } from "#lib/domain/runbook.ts";

test.each([
  ["HighErrorRatio", "high-error-ratio"],
  ["HTTPErrors 5xx", "http-errors-5xx"],
  ["already-kebab", "already-kebab"],
  ["KubePodCrashLooping", "kube-pod-crash-looping"],
  ["../../etc/passwd", "etc-passwd"],
  ["—", ""],
])("%s is kept in %s.md", (alert, name) => expect(kebabCase(alert)).toBe(name));

test.each(["..", "../x", "a/b", "a\\b", "a.b", "", "-a", "a-", "a\u0000b", "x".repeat(101)])("%j names no runbook", (name) => expect(isRunbookName(name)).toBe(false));

test("whatever an alert is called, its file is in the folder or there is none", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (alert) => {
    const name = kebabCase(alert);
    return name === "" || isRunbookName(name);
  }));
});

const markdown = `Before it.

# High **error** ratio #

## Look
- [ ] Open the first suspect
* [x] Written as done is a step all the same
1. [ ] A numbered one
   - [ ] Inside another

\`\`\`sh
# not the title
- [ ] not a step
~~~
- [ ] still inside
\`\`\`
~~~~
- [ ] nor this
~~~
- [ ] nor this, the fence is longer
~~~~
- [ ]
- [] no
- [ ] After the code
`;

test("the title and the steps of a runbook, without what stands in code", () => {
  expect(parseRunbook(markdown)).toEqual({
    title: "High error ratio",
    steps: ["Open the first suspect", "Written as done is a step all the same", "A numbered one", "Inside another", "After the code"].map((text, index) => ({ index, text })),
  });
});

test("lines that end in CR LF are the same", () => {
  expect(parseRunbook(markdown.replaceAll("\n", "\r\n"))).toEqual(parseRunbook(markdown));
});

test("a runbook of thousands of steps ends somewhere", () => {
  expect(parseRunbook("- [ ] x\n".repeat(5_000)).steps).toHaveLength(200);
});

test.each([
  ["https://runbooks.example.org/high", ["runbooks.example.org"], "https://runbooks.example.org/high"],
  ["https://a.example.org/x?y#z", ["*.example.org"], "https://a.example.org/x?y#z"],
])("%s is a link", (address, allow, url) => expect(runbookLink(address, allow)).toEqual({ url }));

test.each([
  ["https://evil.example.net/", ["example.org"], "evil.example.net does not stand in runbooks.allow"],
  ["https://example.org.evil.net/", ["example.org"], "does not stand"],
  ["https://example.org@evil.net/", ["example.org"], "name or password"],
  ["https://example.org:8443/", ["example.org"], "does not stand"],
  ["javascript:alert(1)", ["example.org"], "no address of a web page"],
  ["data:text/html,x", [], "no address of a web page"],
  ["//example.org/x", ["example.org"], "no address of a web page"],
])("%s is text, and it says why", (address, allow, why) => expect(runbookLink(address, allow)).toEqual({ refused: expect.stringContaining(why) }));

test("what an alert is called cannot change where the link leads", () => {
  expect(fillRunbookUrl("https://wiki.example.org/$runbook?alert=$alert", { alert: "A&b=c/../#", runbook: "../up" })).toBe("https://wiki.example.org/..%2Fup?alert=A%26b%3Dc%2F..%2F%23");
});
