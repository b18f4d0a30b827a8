import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, installRuntime } from "#app/api/test-portal.ts";
import type { Handler } from "#app/api/v1/_handler.ts";
import * as events from "#app/api/v1/events/route.ts";
import * as history from "#app/api/v1/history/route.ts";
import * as strips from "#app/api/v1/history/strips/route.ts";
import { errorResponseSchema } from "#lib/contracts/api.ts";
import { eventsSchema, historySchema, stripSchema } from "#lib/contracts/history.ts";
import { nextPosition } from "#lib/db/publish.ts";
import { writeState as observeState } from "#lib/db/repositories/state.ts";
import { bigPodState, testConfig, watched } from "#lib/services/plan/test-platform.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { actorWith } from "#lib/services/test-context.ts";
import { createToken } from "#lib/services/token/create.ts";

let database: TestDatabase;
let context: ServiceContext;
const bootstrap = "bootstrap-token-of-this-test-only-0123456789";
const build = { tag: "v1.0.0", digest: `sha256:${"a".repeat(64)}` };

beforeAll(async () => {
  database = await createTestDatabase();
  process.env.VIGIE_BOOTSTRAP_TOKEN = bootstrap;
  ({ context } = installRuntime(database, testConfig("http://127.0.0.1:9")));
  await watched(database.db);
});
afterAll(async () => {
  delete process.env.VIGIE_BOOTSTRAP_TOKEN;
  await database.drop();
});

describe("history", () => {
  test("the moment, the strips and the events of what the caller may see", async () => {
    const token = (await createToken(context, actorWith("admin"), { name: "viewer", role: "viewer", environments: ["staging"], expiresInDays: 1 })).token;
    for (const environment of ["staging", "prod"]) {
      for (const bigPod of ["experience", "commerce"]) await database.db.$transaction(async (tx) => observeState(tx, bigPodState(environment, bigPod, build), await nextPosition(tx)));
    }
    const now = new Date();
    const at = now.toISOString();
    const then = historySchema.parse((await call(history.GET, `/api/v1/history?at=${at}`, { token })).body);
    expect(then.states.map((one) => [one.environment, one.bigPod])).toEqual([["staging", "experience"], ["staging", "commerce"]]);
    const from = new Date(now.getTime() - 86_400_000).toISOString();
    const over = stripSchema.parse((await call(strips.GET, `/api/v1/history/strips?from=${from}&to=${at}&bigPod=commerce`, { token })).body);
    expect(over.strips.map((one) => [one.environment, one.bigPod])).toEqual([["staging", "commerce"]]);
    expect(eventsSchema.parse((await call(events.GET, "/api/v1/events?environment=staging&bigPod=commerce&limit=5", { token })).body)).toEqual({ events: [], next: null });
    expect((await call(events.GET, "/api/v1/events?environment=prod&bigPod=commerce", { token })).status).toBe(404);
    expect((await call(strips.GET, `/api/v1/history/strips?from=${from}&to=${at}&environment=prod`, { token })).status).toBe(404);
  });

  test.each<[Handler, string, number, RegExp]>([
    [history.GET, "/api/v1/history", 400, /at: /],
    [history.GET, "/api/v1/history?at=yesterday", 400, /at: /],
    [history.GET, "/api/v1/history?at=2999-01-01T00:00:00Z", 400, /has not come yet/],
    [strips.GET, "/api/v1/history/strips?from=2026-01-01T00:00:00Z&to=2026-11-01T00:00:00Z", 400, /at most 92 days/],
    [events.GET, "/api/v1/events?environment=prod&bigPod=nothing", 404, /There is no nothing in prod/],
    [events.GET, "/api/v1/events?environment=prod&bigPod=commerce&limit=0", 400, /limit: /],
  ])("%# %s", async (handler, path, status, sentence) => {
    const answer = await call(handler, path, { token: bootstrap });
    expect([answer.status, errorResponseSchema.parse(answer.body).error.message]).toEqual([status, expect.stringMatching(sentence)]);
  });
});
