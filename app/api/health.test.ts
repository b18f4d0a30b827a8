import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import * as healthz from "#app/api/healthz/route.ts";
import * as metrics from "#app/api/metrics/route.ts";
import * as openapi from "#app/api/openapi.json/route.ts";
import * as readyz from "#app/api/readyz/route.ts";
import { call, installRuntime } from "#app/api/test-portal.ts";
import { createDatabase } from "#lib/db/client.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { bigPodState, testConfig, watched, writeState } from "#lib/services/plan/test-platform.ts";
import { actorWith } from "#lib/services/test-context.ts";
import { createToken } from "#lib/services/token/create.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(() => {
  delete process.env.HOST;
  delete process.env.NEXTAUTH_URL;
  installRuntime(database);
});

describe("readiness", () => {
  test("waits for a worker, tells when it falls silent, and is ready while it beats", async () => {
    installRuntime(database);
    expect(await call(readyz.GET, "/api/readyz")).toMatchObject({ status: 503, body: { status: "not-ready", checks: [{ name: "database", ok: true }, { name: "worker", ok: false, reason: expect.stringContaining("no worker") }] } });
    await database.db.$executeRaw`INSERT INTO lease VALUES ('observer', 'w', 1, now(), clock_timestamp() - interval '9 seconds', now())`;
    expect(await call(readyz.GET, "/api/readyz")).toMatchObject({ status: 503, body: { checks: [{}, { reason: expect.stringMatching(/last seen (9|10) s ago/) }] } });
    await database.db.$executeRaw`UPDATE lease SET heartbeat_at = clock_timestamp()`;
    expect(await call(readyz.GET, "/api/readyz")).toMatchObject({ status: 200, body: { status: "ready" } });
  });

  test("names a database that does not answer, and nothing of the inside", async () => {
    const away = createDatabase("postgresql://nobody:hunter2@127.0.0.1:9/none");
    installRuntime({ ...database, db: away });
    const answer = await call(readyz.GET, "/api/readyz");
    expect(answer).toMatchObject({ status: 503, body: { checks: [{ name: "database", ok: false }, { name: "worker", ok: false }] } });
    expect(answer.text).not.toMatch(/hunter2|nobody|127\.0\.0\.1/);
    expect((await call(healthz.GET, "/api/healthz")).status).toBe(200);
    await away.$disconnect();
  });

  test("a portal whose sign-in would not be safe is never ready", async () => {
    process.env.HOST = "0.0.0.0";
    installRuntime(database);
    const answer = await call(readyz.GET, "/api/readyz");
    expect(answer).toMatchObject({ status: 400, body: { error: { code: "invalid", message: expect.stringContaining("server.url is missing") } } });
  });
});

describe("metrics", () => {
  test("say what the portal knows of itself", async () => {
    installRuntime(database, testConfig("http://127.0.0.1:9"));
    await watched(database.db);
    await writeState(database.db, bigPodState("prod", "experience", { tag: "v1", digest: `sha256:${"a".repeat(64)}` }));
    await call(healthz.GET, "/api/healthz");
    const { text, status, headers } = await call(metrics.GET, "/api/metrics", { headers: { "x-vigie-peer": "127.0.0.1" } });
    expect([status, headers.get("content-type")]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    for (const line of [/^vigie_big_pod_status\{environment="prod",big_pod="experience",status="healthy"\} 1$/m, /^vigie_operations\{status="running"\} 0$/m, /^vigie_worker_heartbeat_age_seconds \d/m, /^vigie_audit_head_sequence \d+$/m, /^vigie_streams_open 0$/m, /^vigie_database_up 1$/m, /^vigie_http_request_duration_seconds_count\{method="GET",route="\/api\/healthz",status="200"\} \d+$/m, /^vigie_process_resident_memory_bytes \d+$/m]) expect(text).toMatch(line);
    const names = text.split("\n").filter((line) => line.startsWith("# TYPE")).map((line) => line.split(" ")[2]);
    expect(new Set(names).size).toBe(names.length);
  });

  test("are for loopback, or for a token", async () => {
    installRuntime(database);
    const { token } = await createToken(installRuntime(database).context, actorWith("admin"), { name: "prometheus", role: "viewer", expiresInDays: 1 });
    expect((await call(metrics.GET, "/api/metrics", { headers: { "x-vigie-peer": "127.0.0.1", "x-vigie-forwarded": "removed" } })).status).toBe(401);
    expect((await call(metrics.GET, "/api/metrics")).status).toBe(401);
    expect((await call(metrics.GET, "/api/metrics", { token })).status).toBe(200);
    expect((await call(metrics.GET, "/api/metrics", { token: "wrong", headers: { "x-vigie-peer": "127.0.0.1" } })).status).toBe(401);
    process.env.HOST = "0.0.0.0";
    expect((await call(metrics.GET, "/api/metrics", { headers: { "x-vigie-peer": "127.0.0.1" } })).status).toBe(401);
  });

  test("go on without the database, without old numbers", async () => {
    const away = createDatabase("postgresql://nobody:x@127.0.0.1:9/none");
    installRuntime({ ...database, db: away });
    const { text } = await call(metrics.GET, "/api/metrics", { headers: { "x-vigie-peer": "127.0.0.1" } });
    expect(text).toMatch(/^vigie_database_up 0$/m);
    expect(text).not.toContain("vigie_operations");
    await away.$disconnect();
  });
});

test("the OpenAPI document is served to everybody", async () => {
  installRuntime(database);
  expect(await call(openapi.GET, "/api/openapi.json")).toMatchObject({ status: 200, body: { openapi: "3.1.0", servers: [{ url: "http://127.0.0.1:3000" }] } });
});
