import { request } from "node:http";
import { createInterface } from "node:readline";
import type { Scope } from "#bench/scope.ts";

export interface StreamMessage {
  type: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- looked into field by field
  data: any;
}

/**
 * Opens GET /api/stream as a browser does, over a connection of its own. Resolves at the first event; ends with the scope.
 * Rejects when it is refused; `onMessage` gets every event after that, and an "ended" one if the server ends it.
 */
export function openEventStream(scope: Scope, url: string, headers: Record<string, string>, onMessage: (message: StreamMessage) => void = () => undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}/api/stream`, { agent: false, headers: { accept: "text/event-stream", ...headers } }, (response) => {
      if (response.statusCode !== 200) {
        response.resume();
        reject(new Error(`the stream was refused: ${response.statusCode}`));
        return;
      }
      let type = "";
      const lines = createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY });
      lines.on("line", (line) => {
        if (line.startsWith("event: ")) type = line.slice(7);
        if (!line.startsWith("data: ")) return;
        resolve();
        onMessage({ type, data: JSON.parse(line.slice(6)) });
      });
      // A broken connection is an end like any other.
      lines.on("error", () => undefined);
      response.on("close", () => onMessage({ type: "ended", data: null }));
    });
    call.on("error", reject);
    call.end();
    scope.add(() => void call.destroy());
  });
}

/** Opens as many streams as asked for, one after another, and returns how many are open at any later time. */
export async function openEventStreams(scope: Scope, url: string, cookie: string, count: number): Promise<() => number> {
  let open = 0;
  for (let index = 0; index < count; index++) {
    await openEventStream(scope, url, { cookie }, (message) => {
      if (message.type === "ended" || message.type === "signed-out") open--;
    });
    open++;
  }
  return () => open;
}
