import type { z } from "zod";
import { errorResponseSchema } from "#lib/contracts/api.ts";
import { CommandEnd, exitCodes } from "#lib/cli/exit.ts";

export interface ClientOptions {
  /** Address of the portal, "https://vigie.example.org". */
  url: string;
  token: string;
  timeoutMs: number;
}

export interface Client {
  get<T extends z.ZodType>(path: string, answer: T): Promise<z.output<T>>;
  post<T extends z.ZodType>(path: string, body: unknown, answer: T, idempotencyKey?: string): Promise<z.output<T>>;
  remove(path: string): Promise<void>;
  /** Body of a GET as it arrives. */
  open(path: string, accept: string, signal?: AbortSignal, headers?: Record<string, string>): Promise<ReadableStream<Uint8Array>>;
}

/** Answers that say "not now" rather than "no": the portal or its database is away, or a proxy in front of it has nobody to ask. */
const unreachableStatuses = new Set([502, 503, 504]);

/** The HTTP API of a portal. Everything that goes wrong is a CommandEnd: refused (2) when the portal answered, unreachable (3) when it did not. */
export function createClient({ url, token, timeoutMs }: ClientOptions): Client {
  const base = new URL(url.endsWith("/") ? url : `${url}/`);

  async function ask(method: string, path: string, options: { body?: unknown; accept?: string; headers?: Record<string, string>; signal?: AbortSignal | undefined }): Promise<Response> {
    const { signal } = options;
    let response: Response;
    try {
      response = await fetch(new URL(path, base), {
        method,
        redirect: "error",
        headers: { authorization: `Bearer ${token}`, accept: options.accept ?? "application/json", ...(options.body === undefined ? {} : { "content-type": "application/json" }), ...options.headers },
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        signal: signal ?? AbortSignal.timeout(timeoutMs),
      });
    } catch (cause) {
      if (signal?.aborted === true) throw cause;
      throw new CommandEnd(exitCodes.unreachable, "unreachable", `Vigie at ${base.origin} cannot be reached (${reason(cause)}). Check --url or VIGIE_URL, and whether the portal runs.`, { cause });
    }
    if (!response.ok) throw await refusal(response, base.origin);
    return response;
  }

  async function parsed<T extends z.ZodType>(response: Response, answer: T): Promise<z.output<T>> {
    const result = answer.safeParse(await response.json().catch(() => null));
    if (!result.success) throw new CommandEnd(exitCodes.unreachable, "unexpected-answer", `What answers at ${base.origin} does not speak like this version of Vigie. Is it the portal, and as new as this command?`, { cause: result.error });
    return result.data;
  }

  return {
    get: async (path, answer) => parsed(await ask("GET", path, {}), answer),
    post: async (path, body, answer, idempotencyKey) => parsed(await ask("POST", path, { body: body ?? {}, headers: idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey } }), answer),
    async remove(path) {
      await ask("DELETE", path, {});
    },
    async open(path, accept, signal, headers = {}) {
      const response = await ask("GET", path, { accept, signal, headers });
      return response.body ?? new ReadableStream({ start: (controller) => controller.close() });
    },
  };
}

async function refusal(response: Response, origin: string): Promise<CommandEnd> {
  const body = errorResponseSchema.safeParse(await response.json().catch(() => null));
  const exitCode = unreachableStatuses.has(response.status) ? exitCodes.unreachable : exitCodes.refused;
  if (body.success) return new CommandEnd(exitCode, body.data.error.code, body.data.error.message, { detail: body.data.error.detail });
  return new CommandEnd(exitCode, `http-${response.status}`, `${origin} answered HTTP ${response.status} without a sentence. Is it the address of the portal?`);
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === "TimeoutError") return "no answer in time";
  const inner = cause.cause;
  if (inner instanceof Error) return "code" in inner && typeof inner.code === "string" ? inner.code : inner.message;
  return cause.message;
}
