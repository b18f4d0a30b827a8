/** Splits bytes into lines, without decoding half characters and without keeping more than one line. */

export interface LineOptions {
  /** Longest line kept, bytes. */
  maxBytes: number;
  /** What becomes of a longer one: cut with a mark, or an error. */
  onTooLong: "cut" | "throw";
}

export class LineTooLong extends Error {}

const newline = 0x0a;

/**
 * Lines without their newline (and without the carriage return before it). A last line without a newline is a line too.
 * @throws LineTooLong when a line is longer than maxBytes and onTooLong is "throw"
 */
export async function* splitLines(source: AsyncIterable<Buffer>, options: LineOptions): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let size = 0;
  let dropped = 0;

  const add = (piece: Buffer) => {
    const room = options.maxBytes - size;
    if (piece.length > room && options.onTooLong === "throw") throw new LineTooLong(`a line is longer than ${options.maxBytes} bytes`);
    const kept = piece.length > room ? piece.subarray(0, room) : piece;
    if (kept.length > 0) parts.push(kept);
    size += kept.length;
    dropped += piece.length - kept.length;
  };
  const take = (): string => {
    const text = Buffer.concat(parts).toString("utf8").replace(/\r$/, "");
    const line = dropped === 0 ? text : `${text.replace(/\uFFFD$/, "")}… (${dropped} more bytes cut)`;
    parts = [];
    size = 0;
    dropped = 0;
    return line;
  };

  for await (const chunk of source) {
    let from = 0;
    for (let at = chunk.indexOf(newline, from); at !== -1; at = chunk.indexOf(newline, from)) {
      add(chunk.subarray(from, at));
      yield take();
      from = at + 1;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (size > 0 || dropped > 0) yield take();
}
