import { z } from "zod";
import { errorResponseSchema } from "#lib/contracts/api.ts";
import { endpoints, streamEndpoint } from "#lib/contracts/endpoints.ts";
import type { Endpoint } from "#lib/contracts/endpoints.ts";
import { answerCodes, errorHttpStatus } from "#lib/domain/error.ts";
import type { AnswerCode } from "#lib/domain/error.ts";

type Json = Record<string, unknown>;

const ndjson = "application/x-ndjson";

const errorDescriptions: Record<AnswerCode, string> = {
  unauthenticated: "No token or session, or one that is over",
  "sign-in-again": "This takes a more recent sign-in; only people in a browser are told so, never tokens",
  denied: "The role does not allow it; the attempt is in the audit log",
  invalid: "Something in the request is not as described; `detail` says what",
  conflict: "The world has moved, or something else runs; `detail` holds the difference",
  "not-found": "There is no such thing, or none that you may see",
  limited: "Too many of these calls; Retry-After says when the next may come",
  upstream: "A registry or cluster could not be asked",
  unavailable: "Vigie cannot answer now; nothing was done",
  internal: "A mistake of Vigie's own; `reference` leads to it in the log",
};

export const allEndpoints: readonly Endpoint[] = [...Object.values(endpoints), streamEndpoint];

/** The schema of what is sent over the wire: inputs as they are before, outputs as they are after parsing. */
function jsonSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, target: "draft-2020-12", unrepresentable: "any" });
  return rest;
}

function parameters(endpoint: Endpoint): Json[] {
  const inPath = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map((match) => ({ name: match[1], in: "path", required: true, schema: { type: "string", maxLength: 100 } }));
  const query = jsonSchema(endpoint.query, "input") as { properties?: Record<string, Json>; required?: string[] };
  const inQuery = Object.entries(query.properties ?? {}).map(([name, schema]) => ({ name, in: "query", required: query.required?.includes(name) ?? false, schema: parameterSchema(endpoint, name, schema) }));
  const key = { name: "Idempotency-Key", in: "header", required: true, description: "1 to 200 visible ASCII characters; one key for one intent", schema: { type: "string", pattern: "^[\\x21-\\x7e]{1,200}$" } };
  return [...inPath, ...inQuery, ...(endpoint.idempotencyKey ? [key] : [])];
}

/** Coerced numbers take any input; what they become says more. */
function parameterSchema(endpoint: Endpoint, name: string, schema: Json): Json {
  if (Object.keys(schema).some((key) => key !== "default")) return schema;
  const after = jsonSchema(endpoint.query, "output") as { properties?: Record<string, Json> };
  return after.properties?.[name] ?? schema;
}

function responses(endpoint: Endpoint, errorReference: Json): Json {
  const { status, description, schema, contentType, lines } = endpoint.success;
  const good: Json = { description, ...(status === 204 ? {} : { content: { [contentType]: { schema: schema === null ? { type: "string" } : jsonSchema(schema, "output") }, ...(lines === null ? {} : { [ndjson]: { schema: jsonSchema(lines, "output") } }) } }) };
  const bad = answerCodes
    .filter((code) => endpoint.errors.includes(code))
    .map((code): [string, Json] => [String(errorHttpStatus[code]), { description: errorDescriptions[code], content: { "application/json": { schema: errorReference } } }]);
  const notReady: [string, Json][] = endpoint.id === "readyz" && schema !== null ? [["503", { description: "Not ready, with the reasons", content: { [contentType]: { schema: jsonSchema(schema, "output") } } }]] : [];
  return { [String(status)]: good, ...Object.fromEntries([...bad, ...notReady]) };
}

function operation(endpoint: Endpoint): Json {
  const errorReference = { $ref: "#/components/schemas/Error" };
  return {
    operationId: endpoint.id,
    summary: endpoint.summary,
    ...(endpoint.description === undefined ? {} : { description: endpoint.description }),
    security: endpoint.access === "public" ? [] : endpoint.access === "read" ? [{ token: [] }, { session: [] }] : [{ token: [] }],
    parameters: parameters(endpoint),
    ...(endpoint.body === null ? {} : { requestBody: { required: true, content: { "application/json": { schema: jsonSchema(endpoint.body, "input") } } } }),
    responses: responses(endpoint, errorReference),
  };
}

/** GET /api/openapi.json. `sessionCookie` is the name of the session's cookie at this portal. */
export function openapiDocument(server: { url: string; sessionCookie: string; version: string }): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of allEndpoints) paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method.toLowerCase()]: operation(endpoint) };
  return {
    openapi: "3.1.0",
    info: { title: "Vigie", version: server.version, description: "The services behind the portal: what runs where, plans, operations, releases, the audit log. Every call is judged by the role of its caller at that moment." },
    servers: [{ url: server.url }],
    paths,
    components: {
      schemas: { Error: jsonSchema(errorResponseSchema, "output") },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "An API token (vgt_…), with a role, environments and an end." },
        session: { type: "apiKey", in: "cookie", name: server.sessionCookie, description: "The session of a person in the portal; for reading only." },
      },
    },
  };
}
