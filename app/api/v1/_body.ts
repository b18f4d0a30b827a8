import { VigieError } from "#lib/domain/error.ts";
import { jsonProblem } from "#lib/domain/json-guard.ts";

const maximumBytes = 65_536;
const longestMs = 10_000;

/** A refusal of a body whose HTTP status says more than 400. */
export class BodyRefused extends VigieError {
  readonly status: number;

  constructor(status: number, message: string) {
    super("invalid", message);
    this.status = status;
  }
}

/** Reads a JSON body within bounds. Throws BodyRefused: 415 another type, 413 more than 64 KiB, 400 no JSON or JSON with what is never needed here. */
export async function readJsonBody(request: Request): Promise<unknown> {
  requireJson(request);
  const bytes = await readBytes(request, maximumBytes, "64 KiB, which no call needs");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new BodyRefused(400, "The body is not valid UTF-8.");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BodyRefused(400, "The body is not valid JSON.");
  }
  const problem = jsonProblem(value);
  if (problem !== null) throw new BodyRefused(400, `The body ${problem}.`);
  return value;
}

/** Throws BodyRefused 415 unless the body is said to be JSON. */
export function requireJson(request: Request): void {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;\s*charset=utf-8\s*)?$/i.test(type)) throw new BodyRefused(415, "The body must be JSON in UTF-8. Send the header Content-Type: application/json.");
}

/** Reads a body of at most `maximum` bytes. Throws BodyRefused 413 at the first byte more (`limit` says it to people), 408 when it has not come within ten seconds. */
export async function readBytes(request: Request, maximum: number, limit: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new BodyRefused(408, `The body did not come within ${longestMs / 1000} s. Send it again, faster.`)), longestMs);
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (done) return Buffer.concat(chunks);
      length += value.byteLength;
      if (length > maximum) throw new BodyRefused(413, `The body is longer than ${limit}.`);
      chunks.push(value);
    }
  } catch (error) {
    // The rest is not read.
    await reader.cancel().catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
