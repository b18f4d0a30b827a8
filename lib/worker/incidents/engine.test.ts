import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import { heard, openEngineStage } from "#lib/worker/incidents/test-engine.ts";
import type { EngineStage } from "#lib/worker/incidents/test-engine.ts";
import { notificationConfigSchema } from "#lib/contracts/config.ts";
import { bigPodState, writeState } from "#lib/services/plan/test-platform.ts";
import type { Frame } from "#lib/services/state/frame.ts";
import { createLive } from "#lib/services/state/live.ts";

let stage: EngineStage;
const incidents = () => stage.database.db.incidentRow.findMany({ orderBy: { number: "asc" } });
const entries = async (incidentId: string) => (await stage.database.db.incidentEntryRow.findMany({ where: { incidentId }, orderBy: [{ at: "asc" }, { id: "asc" }] })).map((row) => row.kind);
const audits = async () => (await stage.database.db.auditEntryRow.findMany({ orderBy: { sequence: "asc" } })).map((row) => row.action);
const ended = (secondsAgo = 0) => ({ state: "ended" as const, endedAt: new Date(Date.now() - secondsAgo * 1_000).toISOString() });

describe("signals become incidents", () => {
  beforeEach(async () => void (stage = await openEngineStage()));
  afterEach(() => stage.close());

  test("one incident of a Big Pod, with title, severity, onset, timeline and audit", async () => {
    const onsetAt = new Date(Date.now() - 600_000).toISOString();
    await stage.hear("a");
    await stage.hear("b", { severity: "critical", onsetAt });
    await stage.hear("c", { kind: "health", title: "experience keeps exiting: out of memory", way: "health" });
    await stage.engine.look();
    const [incident, ...others] = await incidents();
    expect(others).toEqual([]);
    expect(incident).toMatchObject({ number: 1, environment: "prod", bigPod: "experience", status: "open", severity: "critical", title: "experience keeps exiting: out of memory", onsetAt: new Date(onsetAt), firing: 3, signals: 3, quietSince: null });
    expect(await entries(incident?.id ?? "")).toEqual(["signal", "signal", "signal", "opened"]);
    expect(await stage.database.db.incidentEntryRow.findFirst({ where: { kind: "signal", late: true } })).toMatchObject({ at: new Date(onsetAt) });
    expect(await audits()).toEqual(["incident.open"]);
    expect(Number(incident?.position)).toBeGreaterThan(0);
  });

  test("pending opens nothing; once it fires it does", async () => {
    await stage.hear("a", { state: "pending" });
    await stage.engine.look();
    expect(await incidents()).toEqual([]);
    expect(await stage.database.db.signalRow.count({ where: { handled: false } })).toBe(0);
    await stage.hear("a");
    await stage.engine.look();
    expect(await incidents()).toMatchObject([{ status: "open", firing: 1 }]);
  });

  test("what fired and ended while no engine looked is an incident all the same", async () => {
    await stage.hear("a");
    await stage.hear("a", ended());
    await stage.hear("b", ended());
    await stage.engine.look();
    expect(await incidents()).toMatchObject([{ status: "open", firing: 0, signals: 2 }]);
  });

  test("signals without a Big Pod go to the environment's, without an environment to the last one's, silent monitoring to its own", async () => {
    await stage.hear("a", { bigPod: null });
    await stage.hear("b", { bigPod: null, environment: null });
    await stage.hear("c", { bigPod: null, environment: "elsewhere" });
    await stage.hear("d", { bigPod: null, kind: "blind", title: "The monitoring of prod is blind" });
    await stage.hear("e", { bigPod: null, environment: "staging" });
    await stage.engine.look();
    const rows = (await incidents()).map(({ environment, bigPod, about, signals }) => ({ environment, bigPod, about, signals }));
    expect(rows).toHaveLength(3);
    expect(rows).toEqual(expect.arrayContaining([
      { environment: "prod", bigPod: null, about: "trouble", signals: 3 },
      { environment: "prod", bigPod: null, about: "monitoring", signals: 1 },
      { environment: "staging", bigPod: null, about: "trouble", signals: 1 },
    ]));
  });

  test("severity rises while it is open and never lowers by itself", async () => {
    await stage.hear("a");
    await stage.engine.look();
    await stage.hear("b", { severity: "critical" });
    await stage.engine.look();
    await stage.hear("b", { severity: "critical", ...ended() });
    await stage.engine.look();
    const [incident] = await incidents();
    expect(incident).toMatchObject({ severity: "critical", firing: 1, signals: 2 });
    expect(await entries(incident?.id ?? "")).toEqual(expect.arrayContaining(["severity", "signal-ended"]));
    expect(await audits()).toEqual(["incident.open", "incident.severity"]);
  });

  test("a silenced signal still fires, and the silence is on the timeline", async () => {
    await stage.hear("a");
    await stage.engine.look();
    await stage.hear("a", { silence: { id: "s-1", endsAt: new Date(Date.now() + 3_600_000).toISOString(), by: "Rita", comment: "known" } });
    await stage.engine.look();
    const [incident] = await incidents();
    expect(incident).toMatchObject({ status: "open", firing: 1, quietSince: null });
    expect(await entries(incident?.id ?? "")).toContain("silence");
    for (let times = 0; times < 2; times += 1) {
      await stage.hear("a", { annotations: { summary: `it is still so ${times}` } });
      await stage.engine.look();
    }
    const lines = await stage.database.db.incidentEntryRow.findMany({ where: { kind: "silence" }, orderBy: { id: "asc" } });
    expect(lines.map((line) => line.title)).toEqual([expect.stringMatching(/^Silenced until .*: HighErrorRatio$/), "No longer silenced: HighErrorRatio"]);
  });
});

describe("an incident ends and comes back", () => {
  beforeEach(async () => void (stage = await openEngineStage({ quietMinutes: 5, flapMinutes: 10 })));
  afterEach(() => stage.close());
  const resolve = async () => {
    await stage.hear("a");
    await stage.engine.look();
    await stage.hear("a", ended(301));
    await stage.engine.look();
  };

  test("quiet long enough: resolved by itself, and not a moment before", async () => {
    await stage.hear("a");
    await stage.engine.look();
    await stage.hear("a", ended(290));
    await stage.engine.look();
    expect(await incidents()).toMatchObject([{ status: "open", firing: 0 }]);
    await stage.database.db.incidentRow.updateMany({ data: { quietSince: new Date(Date.now() - 301_000) } });
    await stage.engine.look();
    expect(await incidents()).toMatchObject([{ status: "resolved", resolvedBy: "Vigie" }]);
    expect(await audits()).toEqual(["incident.open", "incident.resolve"]);
  });

  test("an isolated Big Pod is quiet because nobody reaches it: its incident stays open, and the quiet time begins when it is back", async () => {
    const { db } = stage.database;
    const quiet = async (seconds: number) => void (await db.incidentRow.updateMany({ data: { quietSince: new Date(Date.now() - seconds * 1_000) } }));
    await stage.hear("a");
    await stage.engine.look();
    await stage.hear("a", ended(400));
    const isolation = { how: "scale-to-zero" as const, by: "Rita", since: new Date().toISOString(), operationId: "o", replicas: 2 };
    await writeState(db, bigPodState("prod", "experience", { tag: "v1", digest: `sha256:${"a".repeat(64)}` }, { isolation }));
    await stage.engine.look();
    expect(await incidents()).toMatchObject([{ status: "open", firing: 0 }]);
    await writeState(db, bigPodState("prod", "experience", { tag: "v1", digest: `sha256:${"a".repeat(64)}` }, { isolation: null }));
    await stage.engine.look();
    expect(await incidents()).toMatchObject([{ status: "open", firing: 0 }]);
    await quiet(301);
    await stage.engine.look();
    expect(await incidents()).toMatchObject([{ status: "resolved", resolvedBy: "Vigie" }]);
  });

  test("within the flap time the same one is opened again; later it is a new one", async () => {
    await resolve();
    await stage.database.db.incidentRow.updateMany({ data: { resolvedAt: new Date(Date.now() - 590_000) } });
    await stage.hear("b");
    await stage.engine.look();
    expect(await incidents()).toMatchObject([{ number: 1, status: "open", flapping: true, reopened: 1, resolvedAt: null, firing: 1, signals: 2 }]);
    await stage.hear("b", ended(301));
    await stage.engine.look();
    await stage.database.db.incidentRow.updateMany({ data: { resolvedAt: new Date(Date.now() - 601_000) } });
    await stage.hear("c");
    await stage.engine.look();
    expect(await incidents()).toMatchObject([{ number: 1, status: "resolved", reopened: 1 }, { number: 2, status: "open", flapping: false }]);
    expect(await audits()).toEqual(["incident.open", "incident.resolve", "incident.reopen", "incident.resolve", "incident.open"]);
  });

  test("what a person called resolved stays so while the same signal goes on, whatever is heard of it", async () => {
    await stage.hear("a");
    await stage.engine.look();
    await stage.database.db.incidentRow.updateMany({ data: { status: "resolved", resolvedAt: new Date(), resolvedBy: "Rita" } });
    await stage.hear("a", { severity: "critical", way: "prometheus" });
    await stage.engine.look();
    expect(await incidents()).toMatchObject([{ status: "resolved", severity: "warning", firing: 1 }]);
    await stage.hear("a", ended());
    await stage.engine.look();
    await stage.hear("a again");
    await stage.engine.look();
    expect(await incidents()).toMatchObject([{ status: "open", reopened: 1, firing: 1 }]);
  });

  test("what a person opened does not end by itself, and takes the signals of its place", async () => {
    const at = new Date(Date.now() - 3_600_000);
    await stage.database.db.incidentRow.create({ data: { id: "m", environment: "prod", bigPod: "experience", title: "Customers call", severity: "warning", status: "open", onsetAt: at, openedAt: at, manual: true, position: 0n } });
    await resolve();
    expect(await incidents()).toMatchObject([{ id: "m", status: "open", title: "Customers call", signals: 1, firing: 0 }]);
  });
});

describe("many at once", () => {
  afterEach(() => stage.close());

  test("a thousand alerts make a handful of incidents; none is lost, and each is told once", { timeout: 240_000 }, async () => {
    const notifications = [notificationConfigSchema.parse({ kind: "webhook", name: "hook", url: "https://example.org/x", secret: "env:X", from: "info" })];
    stage = await openEngineStage({}, { notifications });
    const { db } = stage.database;
    const rows = Array.from({ length: 1_000 }, (_, index) => {
      const one = heard(`alert-${index}`, { environment: index % 2 === 0 ? "prod" : "staging", bigPod: ["core", "experience", null][index % 3] ?? null, severity: index % 100 === 0 ? "critical" : "warning" });
      const { way, ...row } = one;
      return { ...row, id: `s-${index}`, silence: undefined, onsetAt: new Date(one.onsetAt), endedAt: null, receivedAt: new Date(), seenAt: new Date(), firedAt: new Date(), ways: [way] };
    });
    await db.signalRow.createMany({ data: rows });
    const before = process.memoryUsage().heapUsed;
    await stage.engine.look();
    const grown = process.memoryUsage().heapUsed - before;
    const all = await incidents();
    expect(all).toHaveLength(6);
    expect(all.reduce((sum, incident) => sum + incident.firing, 0)).toBe(1_000);
    expect(await db.signalRow.count({ where: { OR: [{ handled: false }, { incidentId: null }] } })).toBe(0);
    expect(await db.incidentEntryRow.count({ where: { kind: "signal" } })).toBe(1_000);
    expect(await db.notificationRow.count({ where: { kind: "opened" } })).toBe(6);
    expect(await db.notificationRow.count()).toBeLessThan(20);
    expect(grown).toBeLessThan(64 * 1_048_576);
  });

  test("two engines at once never make two open incidents of one place", async () => {
    stage = await openEngineStage();
    const other = stage.anotherEngine();
    for (let round = 0; round < 8; round += 1) {
      await Promise.all(Array.from({ length: 6 }, (_, index) => stage.hear(`${round}-${index}`, { bigPod: index % 2 === 0 ? "core" : "experience" })));
      await Promise.all([stage.engine.look(), other.look()]);
    }
    await stage.engine.look();
    const all = await incidents();
    expect(all.map((incident) => incident.bigPod).toSorted()).toEqual(["core", "experience"]);
    expect(all.reduce((sum, incident) => sum + incident.signals, 0)).toBe(48);
    expect(await audits()).toEqual(["incident.open", "incident.open"]);
  });

  test("an engine that dies in the middle loses nothing: the next one begins where the last commit was", async () => {
    stage = await openEngineStage();
    await stage.hear("a");
    await stage.hear("b");
    const dying = stage.anotherEngine({ onIncident: [() => Promise.reject(new Error("killed"))] });
    await dying.look();
    expect(await incidents()).toEqual([]);
    expect(await stage.database.db.signalRow.count({ where: { handled: false } })).toBe(2);
    expect(await audits()).toEqual([]);
    await stage.engine.look();
    expect(await incidents()).toMatchObject([{ signals: 2 }]);
    expect(await audits()).toEqual(["incident.open"]);
  });

  test("without the lease, or with one that is lost, nothing is done", async () => {
    stage = await openEngineStage();
    await stage.hear("a");
    await stage.anotherEngine({ lease: () => null }).look();
    await stage.anotherEngine({ lease: () => ({ ...stage.token, epoch: stage.token.epoch + 1n }) }).look();
    expect(await incidents()).toEqual([]);
  });

  test("an engine that listens hears of a signal by itself", async () => {
    stage = await openEngineStage();
    const heardOf = Promise.withResolvers<string>();
    const listening = stage.anotherEngine({ onIncident: [async (_tx, news) => heardOf.resolve(`${news.what} ${news.incident.number}`)] });
    listening.start();
    await stage.hear("a");
    expect(await heardOf.promise).toBe("opened 1");
  });
});

describe("what happened around", () => {
  beforeEach(async () => void (stage = await openEngineStage({ suspectMinutes: 60, dependencies: { experience: ["core"] } })));
  afterEach(() => stage.close());

  test("states, changes and operations from an hour before the onset on, each once", async () => {
    const { db } = stage.database;
    const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    const change = (id: string, bigPod: string | null, minutes: number, environment = "prod") => ({ id, environment, bigPod, kind: "config", at: ago(minutes), summary: id, by: "kubectl", operationId: null, release: null, position: 1n });
    await db.changeRow.createMany({ data: [change("own", "experience", 20), change("needed", "core", 30), change("all", null, 10), change("elsewhere", "experience", 10, "staging"), change("too-early", "experience", 90)] });
    await db.stateHistory.createMany({ data: [["healthy", null, 80], ["broken", "panorama is down", 9], ["broken", "panorama is down", 8], ["healthy", null, 2]].map(([status, cause, minutes]) => ({ environment: "prod", bigPod: "experience", status: String(status), cause: cause === null ? null : String(cause), version: "v1", at: ago(Number(minutes)) })) });
    await db.stateHistory.create({ data: { environment: "prod", bigPod: "core", status: "broken", at: ago(5) } });
    const operation = { kind: "promotion", environment: "prod", reason: "November", planHash: "x", plan: {}, targets: [], actor: { kind: "person", id: "r", name: "Rafael", grants: [] }, actorId: "r", position: 1n };
    await db.operationRow.createMany({
      data: [
        { ...operation, id: "o1", idempotencyKey: "1", title: "Promote R-214 to prod", status: "returned", requestedAt: ago(7), startedAt: ago(7), finishedAt: ago(6), note: "auth did not start" },
        { ...operation, id: "o2", idempotencyKey: "2", title: "Promote R-215 to prod", status: "queued", requestedAt: ago(3), startedAt: null },
        { ...operation, id: "o3", idempotencyKey: "3", title: "Promote R-9 to staging", status: "succeeded", environment: "staging", requestedAt: ago(3), startedAt: ago(3), finishedAt: ago(2) },
      ],
    });
    await stage.hear("a");
    await db.$executeRaw`UPDATE stream_clock SET position = position + 1`;
    await stage.engine.look();
    await stage.engine.look();
    const [incident] = await incidents();
    const lines = await db.incidentEntryRow.findMany({ where: { incidentId: incident?.id ?? "", kind: { in: ["state", "change", "operation"] } }, orderBy: { at: "asc" } });
    expect(lines.map((line) => line.title)).toEqual(["needed", "own", "all", "experience is broken", "Promote R-214 to prod: began", "Promote R-214 to prod: returned", "experience is healthy"]);
    expect(lines.find((line) => line.title === "experience is broken")).toMatchObject({ detail: "panorama is down", late: true });
  });

  test("a line that is written twice stands once", async () => {
    await stage.hear("a");
    await stage.engine.look();
    const [incident] = await incidents();
    const entry = { incidentId: incident?.id ?? "", key: "k", at: new Date(), kind: "note" as const, title: "x" };
    expect([await appendEntry(stage.database.db, entry), await appendEntry(stage.database.db, entry)]).toEqual([true, false]);
  });
});

describe("in the long run", () => {
  afterEach(() => stage.close());

  test("connections that are cut again and again in a storm: nothing is lost, nothing is told twice", { timeout: 240_000 }, async () => {
    stage = await openEngineStage();
    const { db, url } = stage.database;
    const knife = new pg.Client({ connectionString: url, application_name: "knife" });
    await knife.connect();
    let cuts = 0;
    for (let round = 0; round < 6; round += 1) {
      for (let index = 0; index < 40; index += 1) await stage.hear(`${round}-${index}`, { bigPod: ["core", "experience", null][index % 3] ?? null });
      let looking = true;
      const look = stage.engine.look().finally(() => (looking = false));
      // Until one is met at work: a look of a busy machine may begin later than the knife.
      for (let cut = 0; looking && cut === 0; cuts += cut) cut = (await knife.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vigie' AND datname = current_database() AND state <> 'idle'")).rowCount ?? 0;
      await look;
    }
    await knife.end();
    await stage.engine.look();
    const all = await incidents();
    expect(all).toHaveLength(3);
    expect(all.reduce((sum, incident) => sum + incident.firing, 0)).toBe(240);
    expect(await db.signalRow.count({ where: { OR: [{ handled: false }, { incidentId: null }] } })).toBe(0);
    expect(await db.incidentEntryRow.count({ where: { kind: "signal" } })).toBe(240);
    expect((await audits()).filter((action) => action === "incident.open")).toHaveLength(3);
    expect(cuts).toBeGreaterThan(0);
  });

  test("what is older than it is kept for goes with all that belongs to it; what is open, or leads to something that is kept, stays", async () => {
    stage = await openEngineStage({ keepDays: 30 });
    const { db } = stage.database;
    const ago = (days: number) => new Date(Date.now() - days * 24 * 3_600_000);
    const row = (id: string, status: string, days: number, mergedInto: string | null = null) => ({ id, environment: "prod", bigPod: id, title: id, severity: "warning", status, onsetAt: ago(days), openedAt: ago(days), resolvedAt: status === "open" ? null : ago(days), mergedInto, position: 0n });
    await db.incidentRow.createMany({ data: [row("old", "resolved", 31), row("kept", "resolved", 29), row("open", "open", 90), row("into-kept", "merged", 40, "kept"), row("into-old", "merged", 50, "old"), row("into-open", "merged", 80, "open")] });
    await db.incidentEntryRow.createMany({ data: ["old", "kept"].map((incidentId) => ({ incidentId, key: "k", at: ago(31), recordedAt: ago(31), late: false, kind: "note", title: "x" })) });
    await db.incidentEvidenceRow.create({ data: { id: "e", incidentId: "old", environment: "prod", bigPod: "core", name: "log", kind: "logs", content: "x", bytes: 1, at: ago(31) } });
    await db.notificationRow.create({ data: { id: "n", channel: "c", incidentId: "old", kind: "opened", payload: {}, createdAt: ago(31), dueAt: ago(31) } });
    await stage.hear("stray", { state: "ended", endedAt: ago(31).toISOString() });
    await db.signalRow.updateMany({ data: { handled: true } });
    await stage.engine.look();
    expect((await incidents()).map((incident) => incident.id).toSorted()).toEqual(["kept", "open"]);
    expect([await db.incidentEntryRow.count(), await db.incidentEvidenceRow.count(), await db.notificationRow.count(), await db.signalRow.count()]).toEqual([1, 0, 0, 0]);
  });

  test("a timeline cannot be rewritten, not even by Vigie", async () => {
    stage = await openEngineStage();
    await stage.hear("a");
    await stage.engine.look();
    await expect(stage.database.db.incidentEntryRow.updateMany({ data: { title: "nothing happened" } })).rejects.toThrow(/permission denied/);
  });

  test("from a signal to the stream of a browser within two seconds, 19 times of 20", { timeout: 240_000 }, async () => {
    stage = await openEngineStage();
    const live = createLive(stage.context, stage.database.url);
    const subscription = live.subscribe(["prod"], null);
    const frames = subscription.frames[Symbol.asyncIterator]();
    const until = async (wanted: (frame: Frame) => boolean): Promise<void> => {
      for (let frame = await frames.next(); frame.done !== true && !wanted(frame.value); frame = await frames.next());
    };
    stage.engine.start();
    await until((frame) => frame.event.type === "ready");
    const took: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      const began = performance.now();
      await stage.hear(`s-${index}`);
      await until((frame) => frame.event.type === "incident" && frame.event.data.signals === index + 1);
      took.push(performance.now() - began);
    }
    await live.close();
    expect(took.toSorted((a, b) => a - b)[18]).toBeLessThan(2_000);
  });
});
