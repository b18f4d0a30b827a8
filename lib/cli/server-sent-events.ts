export interface ServerSentEvent {
  id: string | null;
  event: string;
  data: string;
}

/** A message longer than this is no message of ours. */
const longestBuffer = 16 * 1024 * 1024;

/** Parses text/event-stream (WHATWG HTML, "Server-sent events", section 9.2.6). Ends when the body ends; an unfinished message is dropped. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let buffer = "";
  let [id, event, data]: [string | null, string, string[]] = [null, "", []];
  for await (const chunk of body) {
    buffer += decoder.decode(chunk, { stream: true });
    if (buffer.length > longestBuffer) throw new Error("A message of the stream is too long.");
    // A lone CR at the end may be the first half of CRLF.
    const lines = buffer.split(/\r\n|\n|\r(?!$)/);
    buffer = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield { id, event: event === "" ? "message" : event, data: data.join("\n") };
        [event, data] = ["", []];
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") data.push(value);
      else if (field === "event") event = value;
      else if (field === "id" && !value.includes("\0")) id = value;
    }
  }
}
