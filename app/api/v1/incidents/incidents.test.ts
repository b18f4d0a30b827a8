import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, installRuntime } from "#app/api/test-portal.ts";
import type { Handler } from "#app/api/v1/_handler.ts";
import * as acknowledge from "#app/api/v1/incidents/[number]/acknowledge/route.ts";
import * as assign from "#app/api/v1/incidents/[number]/assign/route.ts";
import * as merge from "#app/api/v1/incidents/[number]/merge/route.ts";
import * as note from "#app/api/v1/incidents/[number]/note/route.ts";
import * as resolve from "#app/api/v1/incidents/[number]/resolve/route.ts";
import * as one from "#app/api/v1/incidents/[number]/route.ts";
import * as timeline from "#app/api/v1/incidents/[number]/timeline/route.ts";
import * as numbers from "#app/api/v1/incidents/numbers/route.ts";
import * as incidents from "#app/api/v1/incidents/route.ts";
import { errorResponseSchema } from "#lib/contracts/api.ts";
import { incidentListSchema, incidentNumbersSchema, incidentSchema, incidentSummarySchema, timelinePageSchema } from "#lib/contracts/incident.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { Role } from "#lib/domain/access.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { actorWith } from "#lib/services/test-context.ts";
import { createToken } from "#lib/services/token/create.ts";
import { testConfig } from "#lib/worker/test-parts.ts";

let database: TestDatabase;
let context: ServiceContext;
let operator: string;

beforeAll(async () => {
  database = await createTestDatabase();
  ({ context } = installRuntime(database, testConfig));
  operator = await tokenOf("operator");
});
afterAll(() => database.drop());

async function tokenOf(role: Role, environments?: string[]): Promise<string> {
  return (await createToken(context, actorWith("admin"), { name: role, role, environments: environments ?? "*", expiresInDays: 1 })).token;
}
const open = async (token: string, change: object = {}) => call(incidents.POST, "/api/v1/incidents", { token, body: { environment: "prod", bigPod: "experience", title: "Customers see the wrong prices", ...change } });
const at = (number: number) => ({ token: operator, params: { number: String(number) } });

const routes: [string, string, Handler, unknown][] = [
  ["GET", "/api/v1/incidents", incidents.GET, undefined],
  ["POST", "/api/v1/incidents", incidents.POST, { environment: "prod", bigPod: null, title: "Customers call" }],
  ["GET", "/api/v1/incidents/numbers", numbers.GET, undefined],
  ["GET", "/api/v1/incidents/1", one.GET, undefined],
  ["GET", "/api/v1/incidents/1/timeline", timeline.GET, undefined],
  ["POST", "/api/v1/incidents/1/acknowledge", acknowledge.POST, undefined],
  ["POST", "/api/v1/incidents/1/assign", assign.POST, { to: "me" }],
  ["POST", "/api/v1/incidents/1/note", note.POST, { text: "x" }],
  ["POST", "/api/v1/incidents/1/resolve", resolve.POST, { note: "nothing" }],
  ["POST", "/api/v1/incidents/1/merge", merge.POST, { into: 2, reason: "same" }],
];

describe("who calls", () => {
  test.each(routes)("%s %s is not answered to nobody", async (method, path, handler, body) => {
    const answer = await call(handler, path, { method, body, params: { number: "1" } });
    expect([answer.status, errorResponseSchema.parse(answer.body).error.code]).toEqual([401, "unauthenticated"]);
  });

  test("who only reads changes nothing, and who sees one environment sees no other's", async () => {
    const { number } = incidentSummarySchema.parse((await open(operator)).body);
    const viewer = await tokenOf("viewer", ["staging"]);
    for (const [method, path, handler, body] of routes.filter(([, path]) => path.includes("/1"))) {
      expect((await call(handler, path.replace("/1", `/${number}`), { method, body, token: viewer, params: { number: String(number) } })).status).toBe(404);
    }
    expect((await open(viewer, { environment: "staging" })).status).toBe(403);
    expect(incidentListSchema.parse((await call(incidents.GET, "/api/v1/incidents", { token: viewer })).body).incidents).toEqual([]);
  });
});

test("an incident from its opening to its end", async () => {
  const opened = await open(operator, { severity: "critical" });
  expect(opened.status).toBe(201);
  const { number } = incidentSummarySchema.parse(opened.body);
  expect(incidentSummarySchema.parse((await call(acknowledge.POST, "/x", { ...at(number), method: "POST" })).body)).toMatchObject({ status: "acknowledged", assignee: { name: "operator" } });
  expect((await call(assign.POST, "/x", { ...at(number), body: { to: null } })).status).toBe(200);
  expect((await call(note.POST, "/x", { ...at(number), body: { text: "prices come from the cache" } })).status).toBe(200);
  const shown = incidentSchema.parse((await call(one.GET, `/api/v1/incidents/INC-${number}`, { token: operator, params: { number: `INC-${number}` } })).body);
  expect(shown.timeline.map((entry) => entry.kind)).toEqual(["note", "assigned", "acknowledged", "opened"]);
  const page = timelinePageSchema.parse((await call(timeline.GET, "/api/v1/x?limit=3", at(number))).body);
  expect([page.timeline.length, page.next]).toEqual([3, page.timeline[2]?.id]);
  expect(timelinePageSchema.parse((await call(timeline.GET, `/api/v1/x?before=${page.next}`, at(number))).body).timeline.map((entry) => entry.kind)).toEqual(["opened"]);
  expect(incidentSummarySchema.parse((await call(resolve.POST, "/x", { ...at(number), body: { note: "cache emptied" } })).body)).toMatchObject({ status: "resolved" });
  expect((await call(acknowledge.POST, "/x", { ...at(number), method: "POST" })).status).toBe(409);
  expect(incidentListSchema.parse((await call(incidents.GET, "/api/v1/incidents?status=resolved&severity=critical", { token: operator })).body).incidents.map((incident) => incident.number)).toEqual([number]);
  expect(incidentNumbersSchema.parse((await call(numbers.GET, "/api/v1/incidents/numbers?days=7", { token: operator })).body).numbers.map((each) => each.value)).toEqual([null, null, null, null]);
});

test.each<[string, Handler, string, unknown]>([
  ["a status there is not", incidents.GET, "/api/v1/incidents?status=closed", undefined],
  ["a limit beyond the limit", incidents.GET, "/api/v1/incidents?limit=1000", undefined],
  ["days that are none", numbers.GET, "/api/v1/incidents/numbers?days=0", undefined],
  ["a title that is no sentence", incidents.POST, "/api/v1/incidents", { environment: "prod", bigPod: null, title: " " }],
  ["a note longer than notes are", note.POST, "/x", { text: "x".repeat(4_001) }],
  ["merging into nothing", merge.POST, "/x", { into: -1, reason: "same" }],
])("%s is refused with a sentence", async (_what, handler, path, body) => {
  const answer = await call(handler, path, { token: operator, body, params: { number: "1" } });
  expect(answer.status).toBe(400);
  expect(errorResponseSchema.parse(answer.body).error.message).toMatch(/\.$/);
});
