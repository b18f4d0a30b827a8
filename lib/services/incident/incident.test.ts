import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { incidentSchema, incidentSummarySchema, timelinePageSchema } from "#lib/contracts/incident.ts";
import { notificationConfigSchema } from "#lib/contracts/config.ts";
import { recordSignal } from "#lib/db/repositories/signal.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { acknowledgeIncident } from "#lib/services/incident/acknowledge.ts";
import { assignIncident } from "#lib/services/incident/assign.ts";
import { listIncidents } from "#lib/services/incident/list.ts";
import { mergeIncident } from "#lib/services/incident/merge.ts";
import { noteIncident } from "#lib/services/incident/note.ts";
import { readIncidentNumbers } from "#lib/services/incident/numbers.ts";
import { openIncident } from "#lib/services/incident/open.ts";
import { readIncident } from "#lib/services/incident/read.ts";
import { resolveIncident } from "#lib/services/incident/resolve.ts";
import { readTimeline } from "#lib/services/incident/timeline.ts";
import { actorWith, createTestContext } from "#lib/services/test-context.ts";
import { incidentQuerySchema, timelineQuerySchema } from "#lib/contracts/incident.ts";
import { createIncidentEngine } from "#lib/worker/incidents/engine.ts";
import { heard } from "#lib/worker/incidents/test-engine.ts";
import { acquireLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { testConfig } from "#lib/worker/test-parts.ts";

const notifications = [notificationConfigSchema.parse({ kind: "webhook", name: "hook", url: "https://example.org/x", secret: "env:X", from: "warning", environments: ["prod"] })];
const config = { ...testConfig, notifications };
const [rita, rolf, viewer] = [actorWith("operator", "*", "Rita"), actorWith("operator", "*", "Rolf"), actorWith("viewer", ["prod"], "Vera")];
let database: TestDatabase;
let context: ReturnType<typeof createTestContext>;
let token: LeaseToken | null;
let look: () => Promise<void>;

beforeAll(async () => {
  database = await createTestDatabase();
  context = createTestContext(database.db, config);
  token = await acquireLease(database.db, "observer", "test", 3_600_000);
  const engine = createIncidentEngine({ context, databaseUrl: database.url, lease: () => token });
  look = () => engine.look();
});
afterAll(() => database.drop());
beforeEach(async () => {
  const { db } = database;
  await db.signalRow.deleteMany();
  await db.incidentEntryRow.deleteMany();
  await db.notificationRow.deleteMany();
  await db.incidentRow.deleteMany();
  await db.operationRow.deleteMany();
});

const hear = (key: string, change: Parameters<typeof heard>[1] = {}) => database.db.$transaction((tx) => recordSignal(tx, heard(key, change)));
const opened = async (key: string, change: Parameters<typeof heard>[1] = {}) => {
  await hear(key, change);
  await look();
  const row = await database.db.signalRow.findUniqueOrThrow({ where: { key } });
  return (await database.db.incidentRow.findUniqueOrThrow({ where: { id: row.incidentId ?? "" } })).number;
};
const refused = async (promise: Promise<unknown>) => await promise.then(() => "nothing", (error: unknown) => (error as { code?: string }).code ?? error);
const outbox = async () => (await database.db.notificationRow.findMany({ orderBy: { createdAt: "asc" } })).map((row) => `${row.channel} ${row.kind}`);
const lastAudit = () => database.db.auditEntryRow.findFirst({ orderBy: { sequence: "desc" } });

describe("acknowledging", () => {
  test("says who looks, silences nothing, and stays with the first", async () => {
    const number = await opened("a");
    expect(await acknowledgeIncident(context, rita, number)).toMatchObject({ status: "acknowledged", acknowledged: { by: { name: "Rita" } }, assignee: { name: "Rita" }, firing: 1 });
    expect(await lastAudit()).toMatchObject({ action: "incident.acknowledge", actorName: "Rita", environment: "prod" });
    expect(await acknowledgeIncident(context, rolf, `INC-${number}`)).toMatchObject({ acknowledged: { by: { name: "Rita" } } });
    await hear("b", { severity: "critical" });
    await look();
    expect(await readIncident(context, rita, number)).toMatchObject({ status: "acknowledged", severity: "critical", firing: 2 });
    expect(await outbox()).toEqual(["hook opened", "hook acknowledged", "hook updated"]);
    const payload = await database.db.notificationRow.findFirst({ where: { kind: "acknowledged" } });
    expect(incidentSummarySchema.parse(payload?.payload)).toMatchObject({ number, status: "acknowledged" });
  });

  test("after it came back nobody has acknowledged it yet", async () => {
    const number = await opened("a");
    await acknowledgeIncident(context, rita, number);
    await resolveIncident(context, rita, number, { note: "went away" });
    await hear("a", { state: "ended", endedAt: new Date().toISOString() });
    await hear("b");
    await look();
    expect(await readIncident(context, rita, number)).toMatchObject({ status: "open", acknowledged: null, flapping: true, reopened: 1 });
    expect(await acknowledgeIncident(context, rolf, number)).toMatchObject({ acknowledged: { by: { name: "Rolf" } }, assignee: { name: "Rita" } });
  });
});

describe("who may, and what is refused", () => {
  test("viewers read their environments and change nothing; the attempt is in the log", async () => {
    const number = await opened("a");
    await opened("s", { environment: "staging", bigPod: "core" });
    expect((await listIncidents(context, viewer, incidentQuerySchema.parse({}))).incidents.map((incident) => incident.environment)).toEqual(["prod"]);
    expect(await refused(acknowledgeIncident(context, viewer, number))).toBe("denied");
    expect(await lastAudit()).toMatchObject({ action: "access.denied", actorName: "Vera" });
    expect(await refused(readIncident(context, viewer, number + 1))).toBe("not-found");
    expect(await refused(listIncidents(context, viewer, incidentQuerySchema.parse({ environment: "staging" })))).toBe("not-found");
  });

  test.each([
    ["a number that does not exist", () => readIncident(context, rita, 999), "not-found"],
    ["no number at all", () => readIncident(context, rita, "1; DROP"), "not-found"],
    ["an empty note", () => noteIncident(context, rita, 1, { text: " " }), "invalid"],
    ["a note with a NUL", () => noteIncident(context, rita, 1, { text: `a${String.fromCharCode(0)}b` }), "invalid"],
    ["an unknown environment", () => openIncident(context, rita, { environment: "nowhere", bigPod: null, title: "Customers call" }), "not-found"],
    ["an unknown Big Pod", () => openIncident(context, rita, { environment: "prod", bigPod: "nothing", title: "Customers call" }), "not-found"],
    ["a body that is none", () => openIncident(context, rita, "prod"), "invalid"],
  ])("%s", async (_what, attempt, code) => {
    expect(await refused(attempt())).toBe(code);
  });

  test("what has ended is neither acknowledged, assigned, merged nor resolved again; notes are still taken", async () => {
    const number = await opened("a");
    const other = await opened("c", { bigPod: "core" });
    await resolveIncident(context, rita, number, { note: "it was nothing" });
    const attempts = [
      () => acknowledgeIncident(context, rita, number),
      () => assignIncident(context, rita, number, { to: "me" }),
      () => resolveIncident(context, rita, number, { note: "again" }),
      () => mergeIncident(context, rita, number, { into: other, reason: "same" }),
      () => mergeIncident(context, rita, other, { into: number, reason: "same" }),
    ];
    for (const attempt of attempts) {
      expect(await refused(attempt())).toBe("conflict");
    }
    await noteIncident(context, rita, number, { text: "looked at it again\nnothing new" });
    expect((await readIncident(context, rita, number)).timeline).toEqual(expect.arrayContaining([expect.objectContaining({ kind: "note", detail: "looked at it again\nnothing new", by: "Rita" })]));
  });
});

test("assigning: oneself, a person by address, nobody; somebody unknown is refused", async () => {
  const number = await opened("a");
  const id = randomUUID();
  await database.db.userRow.create({ data: { id, name: "Rafael", email: `${id}@example.org` } });
  expect(await assignIncident(context, rita, number, { to: "me" })).toMatchObject({ assignee: { name: "Rita" }, status: "open" });
  expect(await assignIncident(context, rita, number, { to: `${id}@example.org` })).toMatchObject({ assignee: { id, name: "Rafael" } });
  expect(await assignIncident(context, rita, number, { to: null })).toMatchObject({ assignee: null });
  expect(await refused(assignIncident(context, rita, number, { to: "nobody@example.org" }))).toBe("not-found");
});

test("resolving while signals fire says so, and they open nothing", async () => {
  const number = await opened("a");
  const resolved = await resolveIncident(context, rita, number, { note: "known, ticket 7" });
  expect(resolved).toMatchObject({ status: "resolved", resolved: { by: "Rita" }, firing: 1 });
  await hear("a", { severity: "critical" });
  await look();
  const after = await readIncident(context, rita, number);
  expect(after.status).toBe("resolved");
  expect(after.timeline.find((entry) => entry.kind === "resolved")).toMatchObject({ title: "Resolved, though signals still fire", detail: expect.stringContaining("Still firing: HighErrorRatio") });
  expect(await database.db.incidentRow.count()).toBe(1);
});

describe("merging", () => {
  test("signals and later signals go to the other one, and the merged one says where it went", async () => {
    const [from, into] = [await opened("a", { severity: "critical" }), await opened("b", { bigPod: "core" })];
    expect(await mergeIncident(context, rita, from, { into, reason: "core takes experience down" })).toMatchObject({ number: from, status: "merged", mergedInto: into, firing: 0 });
    expect(await readIncident(context, rita, into)).toMatchObject({ severity: "critical", firing: 2, signals: 2 });
    await hear("c");
    await look();
    expect(await readIncident(context, rita, into)).toMatchObject({ firing: 3 });
    expect((await readIncident(context, rita, from)).timeline[0]).toMatchObject({ kind: "merged", link: `/incidents/${into}` });
    const third = await openIncident(context, rita, { environment: "prod", bigPod: null, title: "Everything is slow", severity: "critical" });
    await mergeIncident(context, rita, into, { into: third.number, reason: "all one" });
    expect((await readIncident(context, rita, from)).mergedInto).toBe(third.number);
    await hear("d");
    await look();
    expect(await readIncident(context, rita, third.number)).toMatchObject({ firing: 4, manual: true });
    expect(await database.db.incidentRow.count()).toBe(3);
  });

  test("begins anew when it and somebody who writes signals wait for each other", async () => {
    const [from, into] = [await opened("a"), await opened("b", { bigPod: "core" })];
    await hear("c");
    await look();
    const writer = new pg.Client({ connectionString: database.url });
    await writer.connect();
    await writer.query("BEGIN");
    await writer.query("UPDATE signal SET seen_at = clock_timestamp() WHERE key = 'c'");
    const merging = mergeIncident(context, rita, from, { into, reason: "core takes experience down" });
    // Asked outside the writer's transaction, which would see the same moment for ever.
    const waiting = () => database.db.$queryRaw<unknown[]>`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%signal%'`;
    await expect.poll(async () => (await waiting()).length, { timeout: 60_000, interval: 20 }).toBeGreaterThan(0);
    const wrote = writer.query("UPDATE signal SET seen_at = clock_timestamp() WHERE key = 'a'").then(() => writer.query("COMMIT"), () => writer.query("ROLLBACK"));
    expect(await merging).toMatchObject({ status: "merged", mergedInto: into });
    await wrote;
    await writer.end();
    expect(await readIncident(context, rita, into)).toMatchObject({ firing: 3 });
    expect(await database.db.auditEntryRow.count({ where: { action: "incident.merge" } })).toBeGreaterThan(0);
  });

  test("never into itself, nor into another environment's", async () => {
    const [from, elsewhere] = [await opened("a"), await opened("s", { environment: "staging" })];
    expect(await refused(mergeIncident(context, rita, from, { into: from, reason: "same thing" }))).toBe("invalid");
    expect(await refused(mergeIncident(context, rita, from, { into: elsewhere, reason: "same thing" }))).toBe("invalid");
  });
});

test("what a person opens stands beside Vigie's own, and is told from its severity on", async () => {
  const own = await opened("a");
  const manual = await openIncident(context, rita, { environment: "prod", bigPod: "experience", title: "Customers see the wrong prices", severity: "info" });
  expect(manual).toMatchObject({ manual: true, status: "open", severity: "info" });
  expect(await outbox()).toEqual(["hook opened"]);
  expect((await listIncidents(context, rita, incidentQuerySchema.parse({}))).incidents.map((incident) => incident.number)).toEqual([manual.number, own]);
  const page = await listIncidents(context, rita, incidentQuerySchema.parse({ limit: 1 }));
  expect(page.next).toBe(manual.number);
  expect((await listIncidents(context, rita, incidentQuerySchema.parse({ limit: 1, before: page.next }))).incidents.map((incident) => incident.number)).toEqual([own]);
});

test("a timeline of 500 entries is read in pages, whole and in order, in less than 300 ms", async () => {
  const number = await opened("a");
  const { id } = await database.db.incidentRow.findFirstOrThrow();
  // Many of the same moment: the order within it is that of writing.
  await database.db.incidentEntryRow.createMany({ data: Array.from({ length: 500 }, (_, index) => ({ incidentId: id, key: `k${index}`, at: new Date(Date.now() - Math.floor(index / 7) * 1_000), recordedAt: new Date(), late: false, kind: "note", title: `n${index}` })) });
  await readIncident(context, rita, number);
  const took: number[] = [];
  // The fastest of ten is what it costs; the others also wait for whatever else this machine does.
  for (let reading = 0; reading < 10; reading += 1) {
    const began = performance.now();
    await readIncident(context, rita, number);
    took.push(performance.now() - began);
  }
  const incident = incidentSchema.parse(await readIncident(context, rita, number));
  const seen = [...incident.timeline];
  let next = incident.timelineNext;
  while (next !== null) {
    const page = timelinePageSchema.parse(await readTimeline(context, rita, number, timelineQuerySchema.parse({ before: next, limit: 120 })));
    seen.push(...page.timeline);
    ({ next } = page);
  }
  expect(seen).toHaveLength(502);
  expect(new Set(seen.map((entry) => entry.id)).size).toBe(502);
  expect(seen.map((entry) => entry.at)).toEqual(seen.map((entry) => entry.at).toSorted((a, b) => b.localeCompare(a)));
  expect(Math.min(...took)).toBeLessThan(300);
});

test("numbers come from rows: acknowledged, resolved, failed promotions", async () => {
  const { db } = database;
  const now = Date.now();
  const at = (minutesAgo: number) => new Date(now - minutesAgo * 60_000);
  for (let index = 1; index <= 5; index += 1) {
    const start = index * 100;
    await db.incidentRow.create({ data: { id: `i${index}`, environment: "prod", bigPod: "experience", title: "x", severity: "warning", status: "resolved", onsetAt: at(start), openedAt: at(start - 1), quietSince: at(start - 10 * index), resolvedAt: at(start - 10 * index - 5), resolvedBy: "Vigie", position: 0n } });
    await db.incidentEntryRow.create({ data: { incidentId: `i${index}`, key: "acknowledged:0", at: at(start - 1 - index), recordedAt: new Date(), late: false, kind: "acknowledged", title: "x" } });
    const status = index <= 2 ? "returned" : "succeeded";
    await db.operationRow.create({
      data: { id: `o${index}`, kind: "promotion", environment: "prod", status, title: "x", reason: "x", planHash: "x", plan: {}, targets: [], actor: { kind: "person", id: "r", name: "Rita", grants: [] }, actorId: "r", idempotencyKey: `k${index}`, requestedAt: at(start), startedAt: at(start), finishedAt: at(start - index), position: 0n },
    });
  }
  const { numbers } = await readIncidentNumbers(context, rita, { days: 30 });
  expect(Object.fromEntries(numbers.map((number) => [number.name, [number.n, number.value === null ? null : Math.round(number.value * 100) / 100]]))).toEqual({
    "time-to-acknowledge": [5, 180], "time-to-resolve": [5, 1_800], "failed-deployment-recovery": [2, null], "change-failure-rate": [5, 0.4],
  });
  expect((await readIncidentNumbers(context, viewer, { days: 30, environment: "prod" })).numbers[0]?.n).toBe(5);
});
