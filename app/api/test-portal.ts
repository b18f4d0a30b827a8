import type { Handler } from "#app/api/v1/_handler.ts";
import type { Config } from "#lib/contracts/config.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { Runtime } from "#lib/runtime/wiring.ts";
import { createTestContext } from "#lib/services/test-context.ts";

/** Stands in for the web process's runtime, which route handlers take from globalThis. */
export function installRuntime(database: TestDatabase, config?: Config): Runtime {
  const context = createTestContext(database.db, config);
  const runtime: Runtime = { context, config: context.config, file: "vigie.yaml", folder: "/", sha256: "", databaseUrl: database.url, log: context.log, secret: "s".repeat(32), secretOf: () => "secret", clusters: () => Promise.reject(new Error("There are no clusters in this test.")) };
  (globalThis as typeof globalThis & { vigieRuntime?: Runtime }).vigieRuntime = runtime;
  return runtime;
}

export interface CallOptions {
  method?: string;
  token?: string;
  headers?: Record<string, string>;
  /** Sent as JSON, unless it is a text already. */
  body?: unknown;
  params?: Record<string, string>;
}

/** Calls a route handler as Next would. */
export async function call(handler: Handler, path: string, options: CallOptions = {}): Promise<{ status: number; body: unknown; headers: Headers; text: string }> {
  const method = options.method ?? (options.body === undefined ? "GET" : "POST");
  const headers = { ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }), ...(options.body === undefined ? {} : { "content-type": "application/json" }), ...options.headers };
  const body = options.body === undefined || typeof options.body === "string" ? options.body : JSON.stringify(options.body);
  const request = new Request(new URL(path, "http://127.0.0.1:3000"), { method, headers, ...(body === undefined ? {} : { body }) });
  const response = await handler(request, { params: Promise.resolve(options.params ?? {}) });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.split(";")[0] === "application/json";
  return { status: response.status, body: isJson ? JSON.parse(text) : null, headers: response.headers, text };
}
