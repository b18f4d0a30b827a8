import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { configSchema } from "#lib/contracts/config.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { insertTestIncident } from "#lib/db/test-incident.ts";
import { VigieError } from "#lib/domain/error.ts";
import { mostAttempts } from "#lib/domain/notification.ts";
import type { NotificationKind } from "#lib/domain/notification.ts";
import { NotifyError } from "#lib/ports/notify.ts";
import type { Announcement, NotifyChannel } from "#lib/ports/notify.ts";
import { createTestContext, testConfig } from "#lib/services/test-context.ts";
import { listAudit } from "#lib/services/audit/list.ts";
import { actorWith } from "#lib/services/test-context.ts";
import { listNotifications } from "#lib/services/notification/list.ts";
import { retryNotification } from "#lib/services/notification/retry.ts";
import { testChannel } from "#lib/services/notification/send-test.ts";
import { createNotifier } from "#lib/worker/incidents/notify.ts";

let database: TestDatabase;
beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());
afterEach(async () => {
  await database.db.$executeRaw`DELETE FROM notification`;
  await database.db.$executeRaw`DELETE FROM notification_channel`;
});

const webhook = (name: string) => ({ kind: "webhook", name, url: "https://hooks.example.org/", secret: "env:NONE" });
const config = configSchema.parse({ ...testConfig, notifications: [webhook("one"), webhook("two")] });
const admin = actorWith("admin");

interface Sent extends Announcement {
  thread: string | null;
}

/** A channel whose other end is the test: it remembers, and does as it is told. */
function channelOf(answer: (announcement: Announcement, count: number) => Promise<{ thread: string | null }> | { thread: string | null } = () => ({ thread: null }), absorbs: NotifyChannel["absorbs"] = "none"): NotifyChannel & { sent: Sent[] } {
  const sent: Sent[] = [];
  return { absorbs, paceMs: 0, sent, send: async (announcement, thread) => (sent.push({ ...announcement, thread }), answer(announcement, sent.length)) };
}

function notifierOf(channels: Record<string, NotifyChannel>, delayMs: (attempt: number, random: number) => number = () => 0) {
  const context = createTestContext(database.db, config);
  const channel = (name: string): NotifyChannel => {
    const found = channels[name];
    if (found === undefined) throw new VigieError("not-found", `no ${name}`);
    return found;
  };
  return { context, ...createNotifier({ context, notify: { channel }, portalUrl: "https://vigie.example.org", random: () => 0.5, delayMs }) };
}

async function write(channel: string, incident: IncidentSummary, kind: NotificationKind): Promise<string> {
  const id = randomUUID();
  await database.db.$executeRaw`INSERT INTO notification (id, channel, incident_id, kind, payload, created_at, due_at) VALUES (${id}, ${channel}, ${incident.id}, ${kind}, ${JSON.stringify(incident)}::jsonb, clock_timestamp(), clock_timestamp())`;
  return id;
}

const entriesOf = (incidentId: string) => database.db.incidentEntryRow.findMany({ where: { incidentId }, orderBy: { id: "asc" } });

describe("the outbox", () => {
  test("tells each channel once, in order, with a link, and the timeline says so", async () => {
    const incident = await insertTestIncident(database.db);
    const [one, two] = [channelOf(), channelOf()];
    for (const kind of ["opened", "acknowledged", "resolved"] as const) for (const name of ["one", "two"]) await write(name, incident, kind);
    const notifier = notifierOf({ one, two });
    await notifier.look();
    await notifier.look();
    for (const channel of [one, two]) expect(channel.sent.map(({ kind }) => kind)).toEqual(["opened", "acknowledged", "resolved"]);
    expect(one.sent[0]).toMatchObject({ link: `https://vigie.example.org/incidents/${incident.number}`, platform: "Testing", incident: { title: incident.title }, attempt: 1 });
    expect((await entriesOf(incident.id)).map(({ kind, title }) => [kind, title])).toContainEqual(["notification", "one was told: opened"]);
    expect(await entriesOf(incident.id)).toHaveLength(6);
  });

  test("several workers at once: each is still sent once", async () => {
    const incidents = await Promise.all(Array.from({ length: 10 }, () => insertTestIncident(database.db)));
    for (const incident of incidents) await write("one", incident, "opened");
    const one = channelOf();
    await Promise.all([1, 2, 3].map(() => notifierOf({ one, two: channelOf() }).look()));
    expect(one.sent.map(({ incidentId }) => incidentId).sort()).toEqual(incidents.map(({ id }) => id).sort());
  });

  test("a channel that hangs holds back neither another nor the look of others", async () => {
    const incident = await insertTestIncident(database.db);
    const release = Promise.withResolvers<{ thread: null }>();
    const asked = Promise.withResolvers<void>();
    const two = channelOf();
    await write("one", incident, "opened");
    await write("two", incident, "opened");
    const notifier = notifierOf({ one: channelOf(() => (asked.resolve(), release.promise)), two });
    const first = notifier.look();
    await asked.promise;
    await write("two", incident, "resolved");
    const second = notifier.look();
    await expect.poll(() => two.sent.length).toBe(2);
    release.resolve({ thread: null });
    await Promise.all([first, second]);
  });

  test("what failed is tried again, later things of that incident wait for it, those of others do not", async () => {
    const [sick, well] = [await insertTestIncident(database.db), await insertTestIncident(database.db)];
    const one = channelOf(({ incidentId }, count) => {
      if (incidentId === sick.id && count === 1) throw new NotifyError("Its server is away.");
      return { thread: null };
    });
    const first = await write("one", sick, "opened");
    await write("one", sick, "resolved");
    await write("one", well, "opened");
    const notifier = notifierOf({ one, two: channelOf() }, () => 3_600_000);
    await notifier.look();
    expect(one.sent.map(({ incidentId, kind }) => [incidentId === sick.id, kind])).toEqual([[true, "opened"], [false, "opened"]]);
    expect(await database.db.notificationRow.findUnique({ where: { id: first } })).toMatchObject({ attempts: 1, lastError: "Its server is away.", sentAt: null, deadAt: null });
    await database.db.$executeRaw`UPDATE notification SET due_at = clock_timestamp() WHERE id = ${first}`;
    await notifier.look();
    expect(one.sent.slice(2).map(({ incidentId, kind, attempt }) => [incidentId === sick.id, kind, attempt])).toEqual([[true, "opened", 2], [true, "resolved", 1]]);
  });

  test("what fails for good is a dead letter: counted, audited, in the timeline, seen, and sent again when asked", async () => {
    const incident = await insertTestIncident(database.db);
    let mended = false;
    const one = channelOf(() => {
      if (mended) return { thread: null };
      throw new NotifyError("It refuses: password=hunter2");
    });
    const id = await write("one", incident, "opened");
    const notifier = notifierOf({ one, two: channelOf() });
    await notifier.look();
    expect(one.sent).toHaveLength(mostAttempts);
    const listed = await listNotifications(notifier.context, admin);
    expect(listed.dead).toMatchObject([{ id, channel: "one", kind: "opened", attempts: mostAttempts, sentence: "It refuses: password=[removed]", incident: { number: incident.number } }]);
    expect(listed.channels.map(({ name, dead, failing }) => [name, dead, failing?.sentence])).toEqual([["one", 1, "It refuses: password=[removed]"], ["two", 0, undefined]]);
    expect((await entriesOf(incident.id)).map(({ title, detail }) => [title, detail])).toEqual([["one could not be told", "It refuses: password=[removed]"]]);
    const { entries } = await listAudit(notifier.context, admin, { action: "notification.dead" });
    expect(entries[0]).toMatchObject({ environment: "prod", outcome: "failed", after: { notification: id, channel: "one" } });

    // What comes after it goes out all the same.
    mended = true;
    await write("one", incident, "resolved");
    await notifier.look();
    expect(one.sent.at(-1)).toMatchObject({ kind: "resolved" });
    expect((await listNotifications(notifier.context, admin)).channels[0]?.failing).toBeNull();

    await expect(retryNotification(notifier.context, actorWith("viewer"), id)).rejects.toMatchObject({ code: "denied" });
    await retryNotification(notifier.context, admin, id);
    await expect(retryNotification(notifier.context, admin, id)).rejects.toMatchObject({ code: "conflict" });
    await notifier.look();
    expect(one.sent.at(-1)).toMatchObject({ id, kind: "opened", attempt: 1 });
    expect((await listNotifications(notifier.context, admin)).dead).toEqual([]);
  });

  test("what cannot be mended by trying again is not tried again", async () => {
    const incident = await insertTestIncident(database.db);
    const one = channelOf(() => Promise.reject(new NotifyError("The token was revoked.", { permanent: true })));
    await write("one", incident, "opened");
    await notifierOf({ one, two: channelOf() }).look();
    expect(one.sent).toHaveLength(1);
    expect(await database.db.notificationRow.count({ where: { deadAt: { not: null } } })).toBe(1);
  });

  test("a channel that asks for patience is left alone, and no attempt is counted", async () => {
    const incidents = [await insertTestIncident(database.db), await insertTestIncident(database.db)];
    const one = channelOf((_, count) => (count === 1 ? Promise.reject(new NotifyError("Slow down.", { retryAfterMs: 30_000 })) : { thread: null }));
    for (const incident of incidents) await write("one", incident, "opened");
    const notifier = notifierOf({ one, two: channelOf() });
    await notifier.look();
    await notifier.look();
    expect(one.sent).toHaveLength(1);
    const [row] = await database.db.notificationRow.findMany({ where: { incidentId: incidents[0]?.id ?? "" } });
    expect(row).toMatchObject({ attempts: 0, lastError: "Slow down." });
    expect((row?.dueAt.getTime() ?? 0) - Date.now()).toBeGreaterThan(25_000);
    expect((await listNotifications(notifier.context, admin)).channels[0]?.notBefore).not.toBeNull();
  });

  test("a worker that died after sending: once more by the next, with the same id, when its claim has run out", async () => {
    const incident = await insertTestIncident(database.db);
    const id = await write("one", incident, "opened");
    const asked = Promise.withResolvers<void>();
    const lost = channelOf(() => (asked.resolve(), new Promise(() => undefined)));
    void notifierOf({ one: lost, two: channelOf() }).look();
    await asked.promise;
    const one = channelOf();
    const next = notifierOf({ one, two: channelOf() });
    await next.look();
    expect(one.sent).toEqual([]);
    await database.db.$executeRaw`UPDATE notification SET claimed_until = clock_timestamp() WHERE id = ${id}`;
    await next.look();
    expect(one.sent.map((sent) => [sent.id, sent.attempt])).toEqual([[id, 2]]);
  });

  test("of a channel whose message is updated, the newest of what waits says everything", async () => {
    const incident = await insertTestIncident(database.db);
    for (const kind of ["opened", "updated", "acknowledged"] as const) await write("one", { ...incident, title: kind }, kind);
    const one = channelOf(() => ({ thread: "C1:1.1" }), "all");
    const notifier = notifierOf({ one, two: channelOf() });
    await notifier.look();
    expect(one.sent.map(({ kind, incident: told, thread }) => [kind, told?.title, thread])).toEqual([["acknowledged", "acknowledged", null]]);
    expect(await database.db.notificationRow.count({ where: { sentAt: null } })).toBe(0);
    await write("one", incident, "resolved");
    await notifier.look();
    expect(one.sent.at(-1)).toMatchObject({ kind: "resolved", thread: "C1:1.1" });
  });

  test("an old dead letter that is sent again does not take an updated message back to what was", async () => {
    const incident = await insertTestIncident(database.db);
    let away = true;
    const one = channelOf(() => (away ? Promise.reject(new NotifyError("Not in the channel.", { permanent: true })) : { thread: "C1:1.1" }), "all");
    const id = await write("one", { ...incident, title: "opened" }, "opened");
    const notifier = notifierOf({ one, two: channelOf() });
    await notifier.look();
    away = false;
    await write("one", { ...incident, title: "resolved" }, "resolved");
    await notifier.look();
    await retryNotification(notifier.context, admin, id);
    await notifier.look();
    expect(one.sent.slice(1).map(({ kind, incident: told }) => [kind, told?.title])).toEqual([["resolved", "resolved"], ["resolved", "resolved"]]);
    expect(await database.db.notificationRow.count({ where: { sentAt: null } })).toBe(0);
  });

  test("a channel without its secret fails in words; a payload of another version is given up", async () => {
    const incident = await insertTestIncident(database.db);
    const id = await write("one", incident, "opened");
    await database.db.$executeRaw`UPDATE notification SET payload = '{"old": true}' WHERE id = ${id}`;
    await write("two", incident, "opened");
    const notifier = notifierOf({ one: channelOf() }, () => 3_600_000);
    await notifier.look();
    const { channels, dead } = await listNotifications(notifier.context, admin);
    expect(channels[1]).toMatchObject({ waiting: 1, failing: { sentence: "no two" } });
    expect(dead.map(({ sentence }) => sentence)).toEqual(["What is to be told cannot be read: it was written by another version of Vigie."]);
  });

  test("what waits on a channel that was taken away is a dead letter after an hour", async () => {
    const incident = await insertTestIncident(database.db);
    const [old, young] = [await write("gone", incident, "opened"), await write("gone", incident, "resolved")];
    await database.db.$executeRaw`UPDATE notification SET created_at = created_at - interval '2 hours' WHERE id = ${old}`;
    await notifierOf({ one: channelOf(), two: channelOf() }).look();
    const rows = await database.db.notificationRow.findMany({ where: { deadAt: { not: null } } });
    expect(rows.map(({ id }) => id)).toEqual([old]);
    expect(young).toBeTypeOf("string");
  });

  test("a test of a month ago is forgotten, told or not", async () => {
    const notifier = notifierOf({ one: channelOf(), two: channelOf() });
    const [old, young] = [await testChannel(notifier.context, admin, "one"), await testChannel(notifier.context, admin, "two")];
    await database.db.$executeRaw`UPDATE notification SET created_at = created_at - interval '31 days', dead_at = clock_timestamp() WHERE id = ${old.id}`;
    await notifier.look();
    expect((await database.db.notificationRow.findMany()).map(({ id }) => id)).toEqual([young.id]);
  });

  test("a test of a channel goes the same way, and only one waits", async () => {
    const one = channelOf();
    const notifier = notifierOf({ one, two: channelOf() });
    await expect(testChannel(notifier.context, actorWith("viewer"), "one")).rejects.toMatchObject({ code: "denied" });
    await expect(testChannel(notifier.context, admin, "three")).rejects.toMatchObject({ code: "not-found" });
    const first = await testChannel(notifier.context, admin, "one");
    expect(await testChannel(notifier.context, admin, "one")).toEqual(first);
    await notifier.look();
    expect(one.sent).toMatchObject([{ id: first.id, kind: "test", incident: null, by: "admin" }]);
  });

  test("once closed, it sends nothing more", async () => {
    const incident = await insertTestIncident(database.db);
    await write("one", incident, "opened");
    const one = channelOf();
    const notifier = notifierOf({ one, two: channelOf() });
    await notifier.close();
    await notifier.look();
    expect(one.sent).toEqual([]);
  });
});
