import fc from "fast-check";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import Markdown from "react-markdown";
import remarkGfm from "remark-gfm";
import { expect, test } from "vitest";
import { markdownRow, markdownText } from "#lib/domain/markdown-text.ts";

const render = (markdown: string): string => renderToStaticMarkup(createElement(Markdown, { remarkPlugins: [remarkGfm] }, markdown));
const decode = (html: string): string => html.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&#x27;", "'").replaceAll("&amp;", "&").replaceAll("\u2060", "");

test.each([
  "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[click](javascript:alert(1))", "![x](https://evil.example/x.png)", "https://evil.example/", "see www.evil.example now",
  "mail a@evil.example", "mailto:a@evil.example", "**bold** _it_ ~~no~~ `code`", "# heading", "- item", "+ item", "1. item", "2) item", "> quote", "a | b | c", "---", "===", "&lt;b&gt; &copy;", "$x$", "[^1]: note", "- [x] done", "\\*", "```sh", "    indented",
])("%j is shown as it is, and does nothing", (text) => {
  expect(decode(render(markdownText(text)))).toBe(`<p>${text.trim()}</p>`);
});

test("whatever a label says, it is one cell of one row", () => {
  const part = fc.constantFrom("<b>", "|", "\\", "`", "*", "_", "[x](y)", "https://e.org", "www.e.org", "@", "a", "~~", "\n", "#", "- ", "1. ", "&amp;", "!", "[^1]", " ", ":", "http:", "e.org");
  fc.assert(fc.property(fc.array(part, { maxLength: 8 }).map((parts) => parts.join("")), (text) => {
    const html = render(["| a | b |", "| --- | --- |", markdownRow([markdownText(text), "end"])].join("\n"));
    const tags = html.match(/<[a-z]+/g);
    expect(tags).toEqual(["<table", "<thead", "<tr", "<th", "<th", "<tbody", "<tr", "<td", "<td"]);
  }), { numRuns: 500 });
});

test("secrets are cut out before marks are made harmless", () => {
  expect(markdownText("ghp_0123456789abcdefghij and password=hun_ter2")).toBe("\\[removed\\] and password=\\[removed\\]");
});
