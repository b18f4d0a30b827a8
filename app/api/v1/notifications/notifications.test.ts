import { afterAll, beforeAll, expect, test } from "vitest";
import { call, installRuntime } from "#app/api/test-portal.ts";
import * as chart from "#app/api/v1/incidents/[number]/postmortem/charts/[name]/route.ts";
import * as postmortem from "#app/api/v1/incidents/[number]/postmortem/route.ts";
import * as runbook from "#app/api/v1/incidents/[number]/runbook/route.ts";
import * as retry from "#app/api/v1/notifications/[id]/retry/route.ts";
import * as channelTest from "#app/api/v1/notifications/channels/[channel]/test/route.ts";
import * as notifications from "#app/api/v1/notifications/route.ts";
import { configSchema } from "#lib/contracts/config.ts";
import { notificationsResponseSchema } from "#lib/contracts/notification.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { insertTestIncident } from "#lib/db/test-incident.ts";
import type { Role } from "#lib/domain/access.ts";
import { actorWith, testConfig } from "#lib/services/test-context.ts";
import { createToken } from "#lib/services/token/create.ts";

let database: TestDatabase;
const tokens: Partial<Record<Role, string>> = {};

beforeAll(async () => {
  database = await createTestDatabase();
  const config = configSchema.parse({ ...testConfig, notifications: [{ kind: "slack", name: "ops", token: "env:SLACK", to: "C1" }, { kind: "webhook", name: "hook", url: "https://hooks.example.org/secret-path?key=1", secret: "env:HOOK" }], server: { url: "https://vigie.example.org" }, runbooks: { folder: "runbooks" } });
  const { context } = installRuntime(database, config);
  context.runbooks = { read: (name) => Promise.resolve(name === "high" ? "# High\n- [ ] Look" : null) };
  for (const role of ["viewer", "operator"] as const) tokens[role] = (await createToken(context, actorWith("admin"), { name: role, role, environments: "*", expiresInDays: 1 })).token;
});
afterAll(() => database.drop());

const as = (role: Role) => ({ token: tokens[role] ?? "" });

test("channels are listed without their secrets, tests and dead letters are sent on request", async () => {
  expect((await call(notifications.GET, "/api/v1/notifications")).status).toBe(401);
  const asked = await call(channelTest.POST, "/api/v1/notifications/channels/ops/test", { ...as("operator"), method: "POST", params: { channel: "ops" } });
  expect([asked.status, asked.body]).toEqual([202, { id: expect.any(String), channel: "ops" }]);
  expect((await call(channelTest.POST, "/x", { ...as("viewer"), method: "POST", params: { channel: "ops" } })).status).toBe(403);
  expect((await call(channelTest.POST, "/x", { ...as("operator"), method: "POST", params: { channel: "none" } })).status).toBe(404);
  const listed = await call(notifications.GET, "/api/v1/notifications", as("viewer"));
  const { channels } = notificationsResponseSchema.parse(listed.body);
  expect(channels.map(({ name, to, waiting }) => [name, to, waiting])).toEqual([["ops", "C1", 1], ["hook", "hooks.example.org", 0]]);
  expect(listed.text).not.toMatch(/env:|secret-path/);

  const { id } = asked.body as { id: string };
  const again = () => call(retry.POST, "/x", { ...as("operator"), method: "POST", params: { id } });
  expect((await again()).status).toBe(409);
  await database.db.$executeRaw`UPDATE notification SET dead_at = clock_timestamp(), last_error = 'It failed.' WHERE id = ${id}`;
  expect(notificationsResponseSchema.parse((await call(notifications.GET, "/api/v1/notifications", as("viewer"))).body).dead).toMatchObject([{ id, incident: null, sentence: "It failed." }]);
  expect((await again()).status).toBe(202);
  expect((await call(retry.POST, "/x", { ...as("operator"), method: "POST", params: { id: "unknown" } })).status).toBe(404);
});

test("a step is ticked; a postmortem is a file to keep", async () => {
  const { number } = await insertTestIncident(database.db);
  const tick = (role: Role, body: unknown) => call(runbook.POST, "/x", { ...as(role), body, params: { number: String(number) } });
  expect((await tick("operator", { runbook: "high", index: 0, ticked: true })).body).toEqual({ changed: true });
  expect((await tick("operator", { runbook: "high", index: 0, ticked: true })).body).toEqual({ changed: false });
  expect((await tick("viewer", { runbook: "high", index: 0, ticked: false })).status).toBe(403);
  expect((await tick("operator", { runbook: "high", index: -1, ticked: false })).status).toBe(400);

  const written = await call(postmortem.GET, "/x", { ...as("viewer"), params: { number: String(number) } });
  expect(written.status).toBe(200);
  expect(written.headers.get("content-type")).toBe("text/markdown; charset=utf-8");
  expect(written.headers.get("content-disposition")).toBe(`attachment; filename="incident-${number}.md"`);
  expect(written.text).toContain(`https://vigie.example.org/incidents/${number}`);
  expect(written.text).toContain("Done: Look");
  expect((await call(postmortem.GET, "/x", { ...as("viewer"), params: { number: "0" } })).status).toBe(404);
  // Nothing can be asked of Prometheus in this test.
  expect((await call(chart.GET, "/x", { ...as("viewer"), params: { number: String(number), name: "errors.svg" } })).status).toBe(502);
});
