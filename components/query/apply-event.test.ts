import { describe, expect, test } from "vitest";
import { applyEvent, readEvent } from "#components/query/apply-event.ts";
import { fixtureIncident, fixtureNow, fixtureOperation, fixtureSnapshot, fixtureSource, fixtureState } from "#components/query/fixtures.ts";
import { streamEventSchema } from "#lib/contracts/stream.ts";

const before = fixtureSnapshot();

describe("an event of the stream", () => {
  test("replaces one state and leaves the identity of all others", () => {
    const news = fixtureState("prod", "core", "v1.5.2");
    const after = applyEvent(before, { type: "state", data: news }, 101);
    expect(after.position).toBe(101);
    expect(after.states.find((state) => state.environment === "prod" && state.bigPod === "core")).toBe(news);
    expect(after.states.filter((state, index) => state !== before.states[index])).toEqual([news]);
  });

  test("adds what was not known yet", () => {
    const after = applyEvent(before, { type: "state", data: fixtureState("prod", "search", "v1") }, 101);
    expect(after.states).toHaveLength(before.states.length + 1);
  });

  test("never moves the position back", () => {
    expect(applyEvent(before, { type: "source", data: fixtureSource("dev") }, 7).position).toBe(before.position);
    expect(applyEvent(before, { type: "source", data: fixtureSource("dev") }, null).position).toBe(before.position);
  });

  test("keeps the twenty newest changes, newest first, each once", () => {
    let snapshot = before;
    for (let minute = 0; minute < 30; minute += 1) {
      const change = { id: `n${minute}`, environment: "prod", bigPod: null, kind: "config" as const, at: new Date(Date.parse(fixtureNow) + minute * 60_000).toISOString(), summary: "x", by: "x", operationId: null, release: null };
      snapshot = applyEvent(applyEvent(snapshot, { type: "change", data: change }, null), { type: "change", data: change }, null);
    }
    expect(snapshot.changes.map((change) => change.id)).toEqual(Array.from({ length: 20 }, (_, index) => `n${29 - index}`));
  });

  test("drops operations that ended more than an hour before the newest", () => {
    const ended = fixtureOperation({ id: "old", status: "succeeded", requestedAt: "2026-11-21T12:00:00.000Z", finishedAt: "2026-11-21T12:10:00.000Z" });
    const withOld = { ...before, operations: [...before.operations, ended] };
    const after = applyEvent(withOld, { type: "operation", data: fixtureOperation({ id: "new", requestedAt: "2026-11-21T14:06:30.000Z" }) }, 102);
    expect(after.operations.map((operation) => operation.id)).toEqual(["new", "op-1"]);
  });

  test("drops incidents that ended more than an hour before the newest, and lists the newest first", () => {
    const ended = fixtureIncident({ id: "old", number: 3, status: "resolved", resolved: { at: "2026-11-21T12:00:00.000Z", by: "Vigie" } });
    const justEnded = fixtureIncident({ id: "late", number: 4, status: "resolved", resolved: { at: "2026-11-21T14:00:00.000Z", by: "Vigie" } });
    const lasting = fixtureIncident({ id: "lasting", number: 1, openedAt: "2026-11-20T08:00:00.000Z" });
    const after = applyEvent({ ...before, incidents: [justEnded, ended, lasting] }, { type: "incident", data: fixtureIncident() }, 102);
    expect(after.incidents.map((incident) => incident.id)).toEqual(["incident-12", "late", "lasting"]);
    const news = fixtureIncident({ firing: 0 });
    expect(applyEvent(after, { type: "incident", data: news }, 103).incidents[0]).toBe(news);
  });

  test("a snapshot replaces everything", () => {
    const other = fixtureSnapshot({ position: 500, states: [] });
    expect(applyEvent(before, { type: "snapshot", data: other }, null)).toBe(other);
  });

  test("beats and marks change nothing", () => {
    expect(applyEvent(before, { type: "ready", data: { position: 300 } }, 300)).toBe(before);
    expect(applyEvent(before, { type: "beat", data: { now: fixtureNow, workerSeenAt: null } }, null)).toBe(before);
  });
});

describe("reading a message", () => {
  test("the fixture is what the stream's schema allows, by event name or with its type inside", () => {
    const event = { type: "snapshot" as const, data: before };
    expect(streamEventSchema.parse(event)).toEqual(event);
    expect(readEvent("snapshot", JSON.stringify(before))).toEqual(event);
    expect(readEvent("", JSON.stringify(event))).toEqual(event);
  });

  test.each([
    ["beat", "{"],
    ["beat", "null"],
    ["beat", "3"],
    ["news", "{}"],
    ["", '{"type":"news","data":{}}'],
    ["", '{"type":"beat","data":null}'],
  ])("%j %j is skipped", (type, text) => {
    expect(readEvent(type, text)).toBeNull();
  });
});
