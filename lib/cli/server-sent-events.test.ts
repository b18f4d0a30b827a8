import fc from "fast-check";
import { expect, test } from "vitest";
import { readEvents } from "#lib/cli/server-sent-events.ts";

async function read(chunks: readonly Uint8Array[]) {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const events = [];
  for await (const event of readEvents(body)) events.push(event);
  return events;
}

const stream = ": hello\r\n\r\nevent: state\nid: 7\ndata: {\"a\":\ndata: 1}\n\ndata: é\r\rid: 8\nevent:beat\ndata\n\ndata: unfinished\n";
const expected = [
  { id: "7", event: "state", data: '{"a":\n1}' },
  { id: "7", event: "message", data: "é" },
  { id: "8", event: "beat", data: "" },
];

test("messages come out the same wherever the network cuts them", async () => {
  const bytes = new TextEncoder().encode(stream);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: bytes.length })), async (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      expect(await read(at.slice(1).map((end, index) => bytes.slice(at[index], end)))).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});
