import { describe, expect, it } from "vitest";
import { LineTooLong, splitLines, type LineOptions } from "#lib/adapters/kubernetes/lines.ts";

async function split(chunks: (string | Buffer)[], options: LineOptions = { maxBytes: 16, onTooLong: "cut" }): Promise<string[]> {
  async function* source() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const lines: string[] = [];
  for await (const line of splitLines(source(), options)) lines.push(line);
  return lines;
}

describe("lines", () => {
  it.each<[string, (string | Buffer)[], string[]]>([
    ["nothing", [], []],
    ["one chunk", ["a\nb\n"], ["a", "b"]],
    ["no last newline", ["a\nb"], ["a", "b"]],
    ["empty lines", ["\n\na\n"], ["", "", "a"]],
    ["a line over many chunks", ["a", "b", "c\nd", "\n"], ["abc", "d"]],
    ["Windows ends", ["a\r\nb\r", "\n"], ["a", "b"]],
    ["a character cut in two", [Buffer.from("é").subarray(0, 1), Buffer.from("é").subarray(1), "\n"], ["é"]],
    ["a line of exactly the limit", [`${"x".repeat(16)}\ny\n`], ["x".repeat(16), "y"]],
    ["a long line", [`${"x".repeat(20)}\ny\n`], [`${"x".repeat(16)}… (4 more bytes cut)`, "y"]],
    ["a long line in pieces, at the end", ["x".repeat(10), "x".repeat(10), "x".repeat(10)], [`${"x".repeat(16)}… (14 more bytes cut)`]],
    ["a cut within a character", [`${"x".repeat(15)}é\n`], [`${"x".repeat(15)}… (1 more bytes cut)`]],
  ])("%s", async (_title, chunks, lines) => expect(await split(chunks)).toEqual(lines));

  it("refuses a long line where nothing may be lost", async () => {
    await expect(split(["x".repeat(17)], { maxBytes: 16, onTooLong: "throw" })).rejects.toThrow(LineTooLong);
    expect(await split([`${"x".repeat(16)}\n`], { maxBytes: 16, onTooLong: "throw" })).toEqual(["x".repeat(16)]);
  });
});
