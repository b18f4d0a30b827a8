import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Handler } from "#app/api/v1/_handler.ts";
import { allEndpoints, openapiDocument } from "#lib/contracts/openapi.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
/** Sign-in speaks to browsers, by redirects. */
const notDescribed = ["/api/auth/{...nextauth}"];

function routeFiles(): { path: string; file: string }[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => /(^|\/)route\.tsx?$/.test(file));
  return files.map((file) => ({ file: join(folder, file), path: `/api/${relative(".", file).replace(/\/route\.tsx?$/, "").replaceAll(/\[([^\]]+)\]/g, "{$1}")}` }));
}

async function served(): Promise<string[]> {
  const found: string[] = [];
  for (const { path, file } of routeFiles().filter((route) => !notDescribed.includes(route.path))) {
    const module = (await import(file)) as Partial<Record<(typeof methods)[number], Handler>>;
    for (const method of methods) {
      const handler = module[method];
      if (handler === undefined) continue;
      // The stream's handler is plain; the others carry their description, and those that only refuse carry none.
      const { endpoint } = handler;
      if (endpoint !== undefined) expect([endpoint.method, endpoint.path]).toEqual([method, path]);
      if (endpoint !== undefined || path === "/api/stream") found.push(`${method} ${path}`);
    }
  }
  return found.sort();
}

describe("the OpenAPI document", () => {
  test("describes every route there is, and no other", async () => {
    expect(await served()).toEqual(allEndpoints.map((endpoint) => `${endpoint.method} ${endpoint.path}`).sort());
  });

  const document = openapiDocument({ url: "https://vigie.example.org", sessionCookie: "__Host-vigie-session", version: "1" });
  const operations = allEndpoints.map((endpoint) => ({ endpoint, operation: (document.paths as Record<string, Record<string, Record<string, unknown>>>)[endpoint.path]?.[endpoint.method.toLowerCase()] ?? {} }));

  test.each(operations)("says what $endpoint.id takes, answers and asks of its caller", ({ endpoint, operation }) => {
    expect(operation.operationId).toBe(endpoint.id);
    const responses = operation.responses as Record<string, { content?: Record<string, { schema: unknown }> }>;
    expect(Object.keys(responses)).toContain(String(endpoint.success.status));
    expect(operation.security).toEqual(endpoint.access === "public" ? [] : endpoint.access === "read" ? [{ token: [] }, { session: [] }] : [{ token: [] }]);
    if (endpoint.access !== "public") expect(Object.keys(responses)).toEqual(expect.arrayContaining(["401", "403", "500", "503"]));
    for (const name of endpoint.path.match(/(?<=\{)\w+(?=\})/g) ?? []) expect(operation.parameters).toContainEqual(expect.objectContaining({ name, in: "path", required: true }));
    expect(operation.requestBody === undefined).toBe(endpoint.body === null);
  });

  test("bodies and parameters are described as they are sent", () => {
    const plan = JSON.stringify(document.paths);
    expect(plan).toContain('"promotion"');
    expect(plan).toContain('"Idempotency-Key"');
    const audit = operations.find(({ endpoint }) => endpoint.id === "listAudit")?.operation.parameters as { name: string; schema: Record<string, unknown> }[];
    expect(audit.find((parameter) => parameter.name === "limit")?.schema).toMatchObject({ type: "integer", maximum: 200, default: 50 });
    expect(audit.map((parameter) => parameter.name)).toEqual(expect.arrayContaining(["before", "actor", "action", "environment", "bigPod", "outcome", "operation", "from", "to", "text"]));
  });

  test("every reference leads somewhere", () => {
    for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)) {
      const target = (name ?? "").slice(2).split("/").reduce<unknown>((found, key) => (found as Record<string, unknown> | undefined)?.[key], document);
      expect(target, name).toBeDefined();
    }
  });
});
