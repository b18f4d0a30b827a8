import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, installRuntime } from "#app/api/test-portal.ts";
import type { Handler } from "#app/api/v1/_handler.ts";
import * as auditCheckpoints from "#app/api/v1/audit/checkpoints/route.ts";
import * as auditExport from "#app/api/v1/audit/export/route.ts";
import * as auditCsv from "#app/api/v1/audit/export/csv/route.ts";
import * as auditReportCsv from "#app/api/v1/audit/report/csv/route.ts";
import * as auditReportMarkdown from "#app/api/v1/audit/report/markdown/route.ts";
import * as auditReport from "#app/api/v1/audit/report/route.ts";
import * as audit from "#app/api/v1/audit/route.ts";
import * as auditVerify from "#app/api/v1/audit/verify/route.ts";
import * as nowhere from "#app/api/v1/[...path]/route.ts";
import * as breakGlassReview from "#app/api/v1/break-glass/[id]/review/route.ts";
import * as breakGlass from "#app/api/v1/break-glass/route.ts";
import * as approve from "#app/api/v1/operations/[id]/approve/route.ts";
import * as events from "#app/api/v1/events/route.ts";
import * as history from "#app/api/v1/history/route.ts";
import * as strips from "#app/api/v1/history/strips/route.ts";
import * as driftAdopt from "#app/api/v1/drift/adopt/route.ts";
import * as drift from "#app/api/v1/drift/route.ts";
import * as quarantineLift from "#app/api/v1/quarantine/[id]/lift/route.ts";
import * as quarantine from "#app/api/v1/quarantine/route.ts";
import * as abort from "#app/api/v1/operations/[id]/abort/route.ts";
import * as operation from "#app/api/v1/operations/[id]/route.ts";
import * as operations from "#app/api/v1/operations/route.ts";
import * as plans from "#app/api/v1/plans/route.ts";
import * as release from "#app/api/v1/releases/[number]/route.ts";
import * as releases from "#app/api/v1/releases/route.ts";
import * as state from "#app/api/v1/state/route.ts";
import * as sessionRoute from "#app/api/v1/sessions/[id]/route.ts";
import * as sessions from "#app/api/v1/sessions/route.ts";
import * as tokenRoute from "#app/api/v1/tokens/[id]/route.ts";
import * as tokens from "#app/api/v1/tokens/route.ts";
import { apiStateSchema, breakGlassResponseSchema, operationAcceptedSchema, quarantineResponseSchema, auditListResponseSchema, auditVerifyLineSchema, auditVerifyResponseSchema, errorResponseSchema, operationsResponseSchema, releaseResponseSchema, releasesResponseSchema } from "#lib/contracts/api.ts";
import { checkpointsResponseSchema } from "#lib/contracts/checkpoint.ts";
import { breakGlassSchema, planSchema, quarantineSchema } from "#lib/contracts/operation.ts";
import { tokenCreatedSchema } from "#lib/contracts/token.ts";
import { createDatabase } from "#lib/db/client.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { listenForOperations } from "#lib/db/queue.ts";
import type { Role } from "#lib/domain/access.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { bigPodState, recordRelease, sealed, testConfig, watched, writeState } from "#lib/services/plan/test-platform.ts";
import { sessionsResponseSchema } from "#lib/contracts/session.ts";
import { createSignInStore } from "#lib/services/session/sign-in.ts";
import { actorWith } from "#lib/services/test-context.ts";
import type { TestLog } from "#lib/services/test-context.ts";
import { createToken } from "#lib/services/token/create.ts";

let database: TestDatabase;
let context: ServiceContext;
const bootstrap = "bootstrap-token-of-this-test-only-0123456789";
const builds = { old: { tag: "v1.0.0", digest: `sha256:${"a".repeat(64)}` }, new: { tag: "v1.1.0", digest: `sha256:${"b".repeat(64)}` } };

beforeAll(async () => {
  database = await createTestDatabase();
  process.env.VIGIE_BOOTSTRAP_TOKEN = bootstrap;
  ({ context } = installRuntime(database, testConfig("http://127.0.0.1:9")));
  // A worker that was there once: it made the queue.
  await (await listenForOperations(database.url, context.log, () => undefined)).stop();
  await watched(database.db);
  for (const bigPod of ["experience", "commerce"]) {
    await writeState(database.db, bigPodState("staging", bigPod, builds.new));
    await writeState(database.db, bigPodState("prod", bigPod, builds.old));
  }
  for (const [environment, build] of [["prod", builds.old], ["staging", builds.new]] as const) {
    await recordRelease(database.db, environment, { experience: sealed("experience", environment, build), commerce: sealed("commerce", environment, build) }, { contentHash: environment });
  }
});
afterAll(async () => {
  delete process.env.VIGIE_BOOTSTRAP_TOKEN;
  await database.drop();
});

async function tokenOf(role: Role, environments?: string[]): Promise<string> {
  return (await createToken(context, actorWith("admin"), { name: role, role, environments: environments ?? "*", expiresInDays: 1 })).token;
}

async function newestEntry() {
  const row = await database.db.auditEntryRow.findFirst({ orderBy: { sequence: "desc" } });
  return row === null ? null : JSON.parse(row.bytes).body;
}

const routes: [string, string, Handler, string, unknown, Record<string, string>][] = [
  ["GET", "/api/v1/state", state.GET, "read", undefined, {}],
  ["GET", "/api/v1/history?at=2026-11-20T14:02:00Z", history.GET, "read", undefined, {}],
  ["GET", "/api/v1/history/strips?from=2026-11-20T00:00:00Z&to=2026-11-20T14:00:00Z", strips.GET, "read", undefined, {}],
  ["GET", "/api/v1/events?environment=prod&bigPod=experience", events.GET, "read", undefined, {}],
  ["POST", "/api/v1/plans", plans.POST, "write", { kind: "restart", environment: "prod", bigPods: ["experience"] }, {}],
  ["GET", "/api/v1/operations", operations.GET, "read", undefined, {}],
  ["POST", "/api/v1/operations", operations.POST, "write", { planHash: "x".repeat(64), reason: "because" }, {}],
  ["GET", "/api/v1/operations/x", operation.GET, "read", undefined, { id: "x" }],
  ["POST", "/api/v1/operations/x/abort", abort.POST, "write", undefined, { id: "x" }],
  ["POST", "/api/v1/operations/x/approve", approve.POST, "write", { planHash: "x".repeat(64) }, { id: "x" }],
  ["GET", "/api/v1/break-glass", breakGlass.GET, "read", undefined, {}],
  ["POST", "/api/v1/break-glass", breakGlass.POST, "write", { environment: "prod", reason: "everything is down" }, {}],
  ["POST", "/api/v1/break-glass/x/review", breakGlassReview.POST, "write", { note: "it was right" }, { id: "x" }],
  ["GET", "/api/v1/drift", drift.GET, "read", undefined, {}],
  ["POST", "/api/v1/drift/adopt", driftAdopt.POST, "write", { environment: "prod", bigPod: "core", mark: "0123456789", reason: "we want it" }, {}],
  ["GET", "/api/v1/quarantine", quarantine.GET, "read", undefined, {}],
  ["POST", "/api/v1/quarantine/x/lift", quarantineLift.POST, "write", { reason: "the tile server is back" }, { id: "x" }],
  ["GET", "/api/v1/releases?environment=prod", releases.GET, "read", undefined, {}],
  ["GET", "/api/v1/releases/R-1?environment=prod", release.GET, "read", undefined, { number: "R-1" }],
  ["GET", "/api/v1/audit", audit.GET, "read", undefined, {}],
  ["GET", "/api/v1/audit/verify", auditVerify.GET, "read", undefined, {}],
  ["GET", "/api/v1/audit/checkpoints", auditCheckpoints.GET, "read", undefined, {}],
  ["GET", "/api/v1/audit/export", auditExport.GET, "read", undefined, {}],
  ["GET", "/api/v1/sessions", sessions.GET, "read", undefined, {}],
  ["DELETE", "/api/v1/sessions/x", sessionRoute.DELETE, "write", undefined, { id: "x" }],
  ["GET", "/api/v1/audit/export/csv", auditCsv.GET, "read", undefined, {}],
  ["GET", "/api/v1/audit/report?month=2026-11", auditReport.GET, "read", undefined, {}],
  ["GET", "/api/v1/audit/report/csv?month=2026-11", auditReportCsv.GET, "read", undefined, {}],
  ["GET", "/api/v1/audit/report/markdown?month=2026-11", auditReportMarkdown.GET, "read", undefined, {}],
  ["GET", "/api/v1/tokens", tokens.GET, "read", undefined, {}],
  ["POST", "/api/v1/tokens", tokens.POST, "write", { name: "x", role: "viewer", expiresInDays: 1 }, {}],
  ["DELETE", "/api/v1/tokens/x", tokenRoute.DELETE, "write", undefined, { id: "x" }],
];

describe("who calls", () => {
  test.each(routes)("%s %s is not answered to nobody", async (method, path, handler, access, body, params) => {
    const answer = await call(handler, path, { method, body, params });
    expect(answer.status).toBe(401);
    expect(errorResponseSchema.parse(answer.body).error).toMatchObject({ code: "unauthenticated", reference: expect.stringMatching(/.{8}/) });
    expect(answer.headers.get("www-authenticate")).toContain("Bearer");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    if (access === "write") expect(await newestEntry()).toMatchObject({ action: "access.denied", actor: { id: "anonymous" } });
  });

  test.each(routes)("%s %s is not answered to a wrong token", async (method, path, handler, _, body, params) => {
    expect((await call(handler, path, { method, body, params, token: "vgt_0000000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" })).status).toBe(401);
  });

  test.each(routes.filter(([, , , access]) => access === "write"))("%s %s takes no session, which browsers send along by themselves", async (method, path, handler, _, body, params) => {
    const store = createSignInStore(context);
    const person = await store.signIn("x", { subject: "ada", name: "Ada", email: null, emailVerified: false, groups: ["a"] });
    if ("refused" in person) throw new Error(person.refused);
    const session = `session-${path}`;
    await store.createSession(person.userId, session, { provider: "x", replacesToken: null, authenticatedAt: null });
    const answer = await call(handler, path, { method, body, params, headers: { cookie: `vigie-session=${session}` } });
    expect(answer.status).toBe(401);
    expect((await call(state.GET, "/api/v1/state", { headers: { cookie: `vigie-session=${session}` } })).status).toBe(200);
  });

  test("a person's session lists their own; an admin's token lists and ends anybody's, a viewer's none", async () => {
    const store = createSignInStore(context, { device: "Firefox on Linux", address: "10.0.0.3" });
    const person = await store.signIn("x", { subject: "sessions", name: "Sess", email: null, emailVerified: false, groups: ["a"] });
    if ("refused" in person) throw new Error(person.refused);
    await store.createSession(person.userId, "session-of-sess", { provider: "x", replacesToken: null, authenticatedAt: null });
    const cookie = "vigie-session=session-of-sess";
    const own = sessionsResponseSchema.parse((await call(sessions.GET, "/api/v1/sessions", { headers: { cookie } })).body).sessions;
    expect(own).toMatchObject([{ person: "Sess", device: "Firefox on Linux", current: true }]);
    const id = own[0]?.id ?? "";
    expect((await call(sessions.GET, "/api/v1/sessions", { token: await tokenOf("viewer") })).status).toBe(403);
    expect((await call(sessionRoute.DELETE, `/api/v1/sessions/${id}`, { method: "DELETE", token: await tokenOf("approver"), params: { id } })).status).toBe(403);
    const admin = await tokenOf("admin");
    expect(sessionsResponseSchema.parse((await call(sessions.GET, "/api/v1/sessions", { token: admin })).body).sessions.map((session) => session.id)).toContain(id);
    expect((await call(sessionRoute.DELETE, `/api/v1/sessions/${id}`, { method: "DELETE", token: admin, params: { id } })).status).toBe(204);
    expect((await call(sessions.GET, "/api/v1/sessions", { headers: { cookie } })).status).toBe(401);
    expect(await newestEntry()).toMatchObject({ action: "session.revoke", actor: { kind: "token" }, before: { person: "Sess" } });
  });

  test("a viewer reads, and changes nothing; that is an entry", async () => {
    const token = await tokenOf("viewer");
    expect((await call(state.GET, "/api/v1/state", { token })).status).toBe(200);
    for (const [method, handler, path, body, params] of [["POST", tokens.POST, "/api/v1/tokens", { name: "x", role: "admin", expiresInDays: 1 }, {}], ["DELETE", tokenRoute.DELETE, "/api/v1/tokens/x", undefined, { id: "x" }], ["GET", tokens.GET, "/api/v1/tokens", undefined, {}], ["GET", auditExport.GET, "/api/v1/audit/export", undefined, {}]] as const) {
      const answer = await call(handler, path, { method, body, params, token });
      expect(answer.status).toBe(403);
      expect(await newestEntry()).toMatchObject({ action: "access.denied", outcome: "denied", actor: { kind: "token", name: "viewer" } });
    }
  });

  test("a token for one environment sees only that", async () => {
    const token = await tokenOf("viewer", ["staging"]);
    const body = apiStateSchema.parse((await call(state.GET, "/api/v1/state", { token })).body);
    expect(body.environments.map((environment) => environment.name)).toEqual(["staging"]);
    expect((await call(releases.GET, "/api/v1/releases?environment=prod", { token })).status).toBe(404);
    expect((await call(releases.GET, "/api/v1/releases?environment=staging", { token })).status).toBe(200);
  });

  test("the bootstrap token makes the first one", async () => {
    const made = await call(tokens.POST, "/api/v1/tokens", { token: bootstrap, body: { name: "first", role: "viewer", expiresInDays: 7 } });
    expect(made.status).toBe(201);
    const { token, id } = tokenCreatedSchema.parse(made.body);
    expect(await newestEntry()).toMatchObject({ action: "token.create", actor: { kind: "token", id: "bootstrap", name: "bootstrap" } });
    expect((await call(state.GET, "/api/v1/state", { token })).status).toBe(200);
    const gone = await call(tokenRoute.DELETE, `/api/v1/tokens/${id}`, { method: "DELETE", token: bootstrap, params: { id } });
    expect([gone.status, gone.text]).toEqual([204, ""]);
    expect((await call(state.GET, "/api/v1/state", { token })).status).toBe(401);
  });
});

describe("what is answered", () => {
  test("the state, in the documented shape", async () => {
    const { body } = await call(state.GET, "/api/v1/state", { token: bootstrap });
    const { environments } = apiStateSchema.parse(body);
    expect(environments.map((environment) => environment.name)).toEqual(["dev", "staging", "prod"]);
    expect(environments[2]).toMatchObject({ name: "prod", status: "healthy", release: "R-1", source: { state: "live" }, bigPods: [{ name: "experience", status: "healthy", cause: null, release: "R-1", services: [{ name: "app", status: "up", detail: null }] }, { name: "commerce" }] });
    expect(environments[0]).toMatchObject({ name: "dev", status: "unknown", release: null });
  });

  test("the state is stale, not green, once a source is out of step", async () => {
    await watched(database.db, "down");
    const { environments } = apiStateSchema.parse((await call(state.GET, "/api/v1/state", { token: bootstrap })).body);
    await watched(database.db, "live");
    expect(environments[2]).toMatchObject({ status: "stale", source: { state: "down", reason: "connection refused" }, bigPods: [{ status: "stale" }, { status: "stale" }] });
  });

  test("a plan, and an operation once however often it is confirmed", async () => {
    const token = await tokenOf("releaser");
    const planned = await call(plans.POST, "/api/v1/plans", { token, body: { kind: "restart", environment: "prod", bigPods: ["experience"] } });
    expect(planned.status).toBe(200);
    const plan = planSchema.parse(planned.body);
    const body = { planHash: plan.hash, reason: "It leaks memory" };
    const missing = await call(operations.POST, "/api/v1/operations", { token, body });
    expect([missing.status, errorResponseSchema.parse(missing.body).error]).toMatchObject([400, { code: "invalid", message: expect.stringContaining("Idempotency-Key") }]);
    const answers = await Promise.all(Array.from({ length: 5 }, () => call(operations.POST, "/api/v1/operations", { token, body, headers: { "idempotency-key": "one" } })));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
    const ids = new Set(answers.map((answer) => (answer.body as { id: string }).id));
    expect(ids.size).toBe(1);
    const [id = ""] = ids;
    expect((await call(operation.GET, `/api/v1/operations/${id}`, { token, params: { id } })).body).toMatchObject({ id, kind: "restart", status: "queued", environment: "prod" });
    expect(operationsResponseSchema.parse((await call(operations.GET, "/api/v1/operations?environment=prod&limit=1", { token })).body).operations[0]?.id).toBe(id);
    expect((await call(abort.POST, `/api/v1/operations/${id}/abort`, { method: "POST", token, params: { id } })).status).toBe(202);
  });

  test("an operation that waits says for what; approvals, break-glass and quarantine answer in the documented shapes", async () => {
    const token = await tokenOf("releaser");
    const planned = await call(plans.POST, "/api/v1/plans", { token, body: { kind: "restart", environment: "prod", bigPods: ["commerce"] } });
    const { hash } = planSchema.parse(planned.body);
    const accepted = await call(operations.POST, "/api/v1/operations", { token, body: { planHash: hash, reason: "It leaks memory" }, headers: { "idempotency-key": "waits" } });
    expect(operationAcceptedSchema.parse(accepted.body)).toMatchObject({ status: "queued", waits: { for: "turn", position: 1 } });
    const { id } = accepted.body as { id: string };
    const approved = await call(approve.POST, `/api/v1/operations/${id}/approve`, { token: await tokenOf("approver"), body: { planHash: hash }, params: { id } });
    expect([approved.status, errorResponseSchema.parse(approved.body).error.message]).toEqual([409, expect.stringMatching(/needs no approval/)]);
    await call(abort.POST, `/api/v1/operations/${id}/abort`, { method: "POST", token, params: { id } });

    const responder = await tokenOf("responder");
    const opened = await call(breakGlass.POST, "/api/v1/break-glass", { token: responder, body: { environment: "prod", reason: "payments are down" } });
    expect(opened.status).toBe(201);
    const glass = breakGlassSchema.parse(opened.body);
    expect(breakGlassResponseSchema.parse((await call(breakGlass.GET, "/api/v1/break-glass?environment=prod", { token })).body).breakGlass).toEqual([glass]);
    const own = await call(breakGlassReview.POST, `/api/v1/break-glass/${glass.id}/review`, { token: await tokenOf("approver"), body: { note: "it was right" }, params: { id: glass.id } });
    expect([own.status, errorResponseSchema.parse(own.body).error.message]).toEqual([403, expect.stringMatching(/may not review your own/)]);
    const early = await call(breakGlassReview.POST, `/api/v1/break-glass/${glass.id}/review`, { token: bootstrap, body: { note: "it was right" }, params: { id: glass.id } });
    expect([early.status, errorResponseSchema.parse(early.body).error.message]).toEqual([409, expect.stringMatching(/^It is open until/)]);
    expect((await call(breakGlass.POST, "/api/v1/break-glass", { token: responder, body: { environment: "prod", reason: "now" } })).status).toBe(400);

    await database.db.quarantineRow.create({ data: { id: "q1", imagesHash: "x", release: 1, environment: "prod", reason: "it kept crashing", at: new Date() } });
    expect(quarantineResponseSchema.parse((await call(quarantine.GET, "/api/v1/quarantine", { token })).body).quarantine).toMatchObject([{ id: "q1", release: 1, lifted: null }]);
    expect((await call(quarantineLift.POST, "/api/v1/quarantine/q1/lift", { token, body: { reason: "the tile server is back" }, params: { id: "q1" } })).status).toBe(403);
    const lifted = await call(quarantineLift.POST, "/api/v1/quarantine/q1/lift", { token: await tokenOf("approver"), body: { reason: "the tile server is back" }, params: { id: "q1" } });
    expect(quarantineSchema.parse(lifted.body).lifted).toMatchObject({ by: "approver", reason: "the tile server is back" });
  });

  test("releases, without what they seal", async () => {
    const page = releasesResponseSchema.parse((await call(releases.GET, "/api/v1/releases?environment=prod", { token: bootstrap })).body);
    expect(page.releases[0]).toMatchObject({ number: 1, environment: "prod", current: true });
    for (const number of ["1", "R-1"]) {
      const one = await call(release.GET, `/api/v1/releases/${number}?environment=prod`, { token: bootstrap, params: { number } });
      expect(releaseResponseSchema.parse(one.body).configMaps).toContainEqual({ bigPod: "experience", name: "experience-config", keys: ["LOG_LEVEL"] });
      expect(one.text).not.toContain("planted-secret");
    }
    expect((await call(release.GET, "/api/v1/releases/R-999?environment=prod", { token: bootstrap, params: { number: "R-999" } })).status).toBe(404);
  });

  test("the audit log for a spreadsheet and the monthly report are files with fixed names", async () => {
    const csv = await call(auditCsv.GET, "/api/v1/audit/export/csv?outcome=denied", { token: bootstrap });
    expect([csv.status, csv.headers.get("content-type"), csv.headers.get("content-disposition")]).toEqual([200, "text/csv; charset=utf-8; header=present", 'attachment; filename="vigie-audit.csv"']);
    expect(csv.text.split("\r\n")[0]).toMatch(/^"sequence","at","action"/);
    const markdown = await call(auditReportMarkdown.GET, "/api/v1/audit/report/markdown?month=2026-11", { token: bootstrap });
    expect([markdown.status, markdown.headers.get("content-disposition")]).toEqual([200, 'attachment; filename="vigie-audit-2026-11.md"']);
    expect((await call(auditReport.GET, "/api/v1/audit/report?month=2026-11", { token: bootstrap })).body).toMatchObject({ month: "2026-11", sections: [{ name: "promotions" }, { name: "rollbacks" }, { name: "break-glass" }, { name: "denials" }, { name: "approvals" }] });
  });

  test.each(["month=..%2F..%2Fetc%2Fpasswd", "month=2026-11%0d%0aX-Evil:%201", "month=2026-11%22;filename=x", "", "month=2026-11&month=2026-12", "month=2026-11&file=x", "text=ab", "limit=5", "__proto__=1"])("ACCEPTANCE 47: no report is written under a name from outside (%s)", async (query) => {
    for (const handler of [auditCsv.GET, auditReport.GET, auditReportCsv.GET, auditReportMarkdown.GET].slice(query === "" ? 1 : 0)) expect(await call(handler, `/api/v1/audit/report?${query}`, { token: bootstrap })).toMatchObject({ status: 400 });
  });

  test("the audit log: pages, verification and export", async () => {
    const first = auditListResponseSchema.parse((await call(audit.GET, "/api/v1/audit?limit=2", { token: bootstrap })).body);
    expect(first.entries).toHaveLength(2);
    const second = auditListResponseSchema.parse((await call(audit.GET, `/api/v1/audit?limit=2&before=${first.next}`, { token: bootstrap })).body);
    expect(second.entries[0]?.sequence).toBe((first.entries[1]?.sequence ?? 0) - 1);
    const verified = auditVerifyResponseSchema.parse((await call(auditVerify.GET, "/api/v1/audit/verify", { token: bootstrap })).body);
    expect(verified).toMatchObject({ valid: true, firstBad: null });
    const known = `knownSequence=${verified.head.sequence}&knownHash=${verified.head.hash}`;
    expect((await call(auditVerify.GET, `/api/v1/audit/verify?${known}`, { token: bootstrap })).body).toMatchObject({ valid: true });
    const told = await call(auditVerify.GET, "/api/v1/audit/verify", { token: bootstrap, headers: { accept: "application/x-ndjson" } });
    expect([told.status, told.headers.get("content-type")]).toEqual([200, "application/x-ndjson; charset=utf-8"]);
    const lines = told.text.trimEnd().split("\n").map((line) => auditVerifyLineSchema.parse(JSON.parse(line)));
    expect(lines[0]).toMatchObject({ checked: 0 });
    // Two verifications came in between, and each is an entry.
    expect(lines.at(-1)).toMatchObject({ valid: true, entries: verified.entries + 2, checkpoints: { firstBad: null } });
    const state = checkpointsResponseSchema.parse((await call(auditCheckpoints.GET, "/api/v1/audit/checkpoints", { token: bootstrap })).body);
    expect(state).toMatchObject({ everyMinutes: 5, warnings: [{ kind: "none" }], places: [{ name: "home", kind: "file" }] });
    expect((await call(auditVerify.GET, "/api/v1/audit/verify?from=999999", { token: bootstrap, headers: { accept: "application/x-ndjson" } })).status).toBe(404);
    const exported = await call(auditExport.GET, "/api/v1/audit/export?to=3", { token: bootstrap });
    expect(exported.headers.get("content-type")).toContain("application/jsonl");
    expect(exported.text.trimEnd().split("\n").map((line) => JSON.parse(line).sequence)).toEqual([1, 2, 3]);
  });
});

describe("what is refused before anybody looks at it", () => {
  const post = (body: unknown, headers: Record<string, string> = {}) => call(plans.POST, "/api/v1/plans", { token: bootstrap, body, headers });

  test.each([
    ["no JSON", "{", {}, 400],
    ["another type", "kind=restart", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["text that claims to be JSON in another charset", "{}", { "content-type": "application/json; charset=utf-16" }, 415],
    ["more than 64 KiB", JSON.stringify({ kind: "x".repeat(70_000) }), {}, 413],
    ["a tower of brackets", "[".repeat(30_000) + "]".repeat(30_000), {}, 400],
    ["__proto__", '{"kind":"restart","environment":"prod","bigPods":["experience"],"__proto__":{"role":"admin"}}', {}, 400],
    ["constructor", '{"constructor":{"prototype":{}}}', {}, 400],
    ["a NUL", '{"kind":"restart","environment":"prod\\u0000"}', {}, 400],
    ["an unknown member", { kind: "restart", environment: "prod", bigPods: ["experience"], force: true }, {}, 400],
    ["an unknown kind", { kind: "drop" }, {}, 400],
    ["an empty body", "", {}, 400],
  ])("%s", async (_, body, headers, status) => {
    const answer = await post(body, headers);
    expect(answer.status).toBe(status);
    const { error } = errorResponseSchema.parse(answer.body);
    expect(error.code).toBe("invalid");
    expect(error.message).toMatch(/\.$/);
  });

  test.each(["/api/v1/audit?limit=0", "/api/v1/audit?limit=1e9", "/api/v1/audit?before=-1", "/api/v1/audit?before=9007199254740993", "/api/v1/audit?limit=1&limit=2", "/api/v1/audit?colour=red", "/api/v1/audit?text=%00", "/api/v1/audit?from=yesterday", "/api/v1/audit?action=everything"])("%s", async (path) => {
    expect((await call(audit.GET, path, { token: bootstrap })).status).toBe(400);
  });

  test.each(["../../etc/passwd", "a b", "x".repeat(200), "%00", ""])("the id %o leads nowhere", async (id) => {
    expect((await call(operation.GET, "/api/v1/operations/x", { token: bootstrap, params: { id } })).status).toBe(404);
  });

  test("a method that a path does not take", async () => {
    const answer = await call(state.DELETE, "/api/v1/state", { method: "DELETE", token: bootstrap });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET"]);
    expect(errorResponseSchema.parse(answer.body).error.code).toBe("invalid");
  });
});

describe("when something fails", () => {
  test("a database that cannot be reached is 503, with when to try again, and the process lives", async () => {
    const away = createDatabase("postgresql://nobody:hunter2@127.0.0.1:9/none");
    installRuntime({ ...database, db: away }, context.config);
    const answer = await call(state.GET, "/api/v1/state", { token: "vgt_0000000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(answer.text).not.toMatch(/hunter2|127\.0\.0\.1/);
    await away.$disconnect();
    installRuntime(database, context.config);
    expect((await call(state.GET, "/api/v1/state", { token: bootstrap })).status).toBe(200);
  });

  test("ACCEPTANCE 14: a database that is away is 503 with a sentence, and what nobody foresaw is 500 without the inside, found again by its reference", async () => {
    const runtime = installRuntime(database, context.config);
    const log = runtime.log as TestLog;
    for (const [failure, status, code, message] of [
      [Object.assign(new Error("connect ECONNREFUSED 10.0.0.7:5432"), { code: "ECONNREFUSED" }), 503, "unavailable", /cannot reach its database/],
      [new Error("secret inside at /srv/vigie"), 500, "internal", /Something failed inside Vigie/],
    ] as const) {
      const broken = new Proxy(runtime.context.db, { get: () => () => Promise.reject(failure) });
      installRuntime({ ...database, db: broken }, context.config);
      const current = (globalThis as typeof globalThis & { vigieRuntime: typeof runtime }).vigieRuntime;
      current.log = log;
      const answer = await call(state.GET, "/api/v1/state", { token: "vgt_0000000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" });
      expect(answer.status).toBe(status);
      const { error } = errorResponseSchema.parse(answer.body);
      expect(error.code).toBe(code);
      expect(error.message).toMatch(message);
      expect(answer.text).not.toMatch(/10\.0\.0\.7|secret inside|\/srv/);
      expect(log.lines.some((line) => line.fields.reference === error.reference)).toBe(true);
    }
    installRuntime(database, context.config);
  });
});

describe("numbers and paths that cannot be", () => {
  test.each<[Handler, string, number, RegExp]>([
    [operations.GET, "/api/v1/operations?before=3000000000", 400, /before: Too big/],
    [releases.GET, "/api/v1/releases?environment=prod&before=9007199254740991", 400, /before: Too big/],
    [releases.GET, "/api/v1/releases", 400, /environment: is missing/],
    [nowhere.GET, "/api/v1/nothing/here", 404, /There is no \/api\/v1\/nothing\/here\. \/api\/openapi\.json lists/],
  ])("%# %s", async (handler, path, status, sentence) => {
    const answer = await call(handler, path, { token: bootstrap });
    expect([answer.status, errorResponseSchema.parse(answer.body).error.message]).toEqual([status, expect.stringMatching(sentence)]);
  });

  test("a release number that no column holds", async () => {
    const answer = await call(plans.POST, "/api/v1/plans", { token: bootstrap, body: { kind: "rollback", environment: "prod", release: 1e15 } });
    expect([answer.status, errorResponseSchema.parse(answer.body).error.code]).toEqual([400, "invalid"]);
  });
});
