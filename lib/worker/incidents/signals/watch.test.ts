import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silenceSignal } from "#lib/services/signal/silence.ts";
import { endSilence } from "#lib/services/signal/unsilence.ts";
import { actorWith } from "#lib/services/test-context.ts";
import { openSignalStage } from "#lib/worker/incidents/signals/test-signal-stage.ts";
import type { SignalStage } from "#lib/worker/incidents/signals/test-signal-stage.ts";
import { acquireLease, observerLease, releaseLease } from "#lib/worker/lease.ts";

let stage: SignalStage;
beforeEach(async () => {
  stage = await openSignalStage();
});
afterEach(() => stage.stop());

/** LevelHigh of core in prod fires, and everybody knows. Returns when it became active. */
async function fire(): Promise<Date> {
  stage.levels.core = 9;
  await stage.pass(5);
  const activeAt = new Date(stage.clock.now());
  await stage.pass(30);
  await stage.untilAlertmanagerHas(["LevelHigh", "Watchdog"]);
  await stage.look();
  return activeAt;
}
const states = async () => (await stage.signals("alert")).map((row) => row.state);

describe("an alert", () => {
  test("is pending, fires and ends, as one signal from its first moment on", async () => {
    await stage.look();
    expect(await stage.signals()).toEqual([]);
    stage.levels.core = 9;
    await stage.pass(5);
    const activeAt = new Date(stage.clock.now());
    await stage.look();
    expect(await stage.signals()).toMatchObject([{ kind: "alert", state: "pending", onsetAt: activeAt, environment: "prod", bigPod: "core", ways: ["prometheus"], startsAt: null }]);
    await stage.pass(30);
    await stage.untilAlertmanagerHas(["LevelHigh", "Watchdog"]);
    await stage.look();
    expect(await stage.signals()).toMatchObject([{ state: "firing", onsetAt: activeAt, startsAt: new Date(activeAt.getTime() + 30_000), severity: "critical", detail: "The level of core is 9.", handled: false, link: expect.stringContaining("/graph?g0.expr=level") }]);
    stage.levels.core = 1;
    await stage.pass(5);
    await stage.untilAlertmanagerHas(["Watchdog"]);
    await stage.look();
    expect(await states()).toEqual(["firing"]);
    await stage.look();
    const [ended] = await stage.signals();
    expect(ended).toMatchObject({ state: "ended", onsetAt: activeAt });
  });

  test("that never fired leaves nothing behind", async () => {
    stage.levels.core = 9;
    await stage.pass(5);
    await stage.look();
    stage.levels.core = 1;
    await stage.pass(5);
    await stage.look();
    await stage.look();
    expect(await stage.signals()).toEqual([]);
  });

  test("is not ended by an Alertmanager that is away, nor by one that was restarted and is silent", async () => {
    await fire();
    await stage.alertmanager.setFaults({ down: true });
    for (let looks = 0; looks < 4; looks += 1) await stage.look();
    expect(await states()).toEqual(["firing"]);
    await stage.pass(10);
    await stage.alertmanager.setFaults({ down: false });
    for (let looks = 0; looks < 4; looks += 1) await stage.look();
    expect(await states()).toEqual(["firing"]);
    expect(await stage.signals()).toHaveLength(1);
  });

  test("is not ended when Prometheus is away, even when Alertmanager has given it up meanwhile", async () => {
    await fire();
    await stage.prometheus.setFaults({ down: true });
    await stage.pass(600);
    await stage.untilAlertmanagerHas([]);
    for (let looks = 0; looks < 4; looks += 1) await stage.look();
    expect(await states()).toEqual(["firing"]);
    await stage.prometheus.setFaults({ down: false });
    await stage.look();
    expect(await states()).toEqual(["firing"]);
    stage.levels.core = 1;
    await stage.pass(5);
    await stage.look();
    await stage.look();
    expect(await states()).toEqual(["ended"]);
  });

  test("that was called ended and has not ended after all fires anew, out of an incident that is over", async () => {
    const activeAt = await fire();
    const { db } = stage.database;
    const over = await db.incidentRow.create({ data: { id: "over", environment: "prod", bigPod: "core", title: "t", severity: "critical", status: "resolved", onsetAt: activeAt, openedAt: activeAt, resolvedAt: new Date(), position: 0n } });
    const recorded = new Date(Date.now() - 60_000);
    await db.signalRow.updateMany({ data: { state: "ended", endedAt: recorded, seenAt: recorded, incidentId: over.id, handled: true, firedAt: activeAt } });
    await stage.look();
    const [signal, ...others] = await stage.signals("alert");
    expect(others).toEqual([]);
    expect(signal).toMatchObject({ state: "firing", endedAt: null, onsetAt: activeAt, handled: false, incidentId: null });
    expect(signal?.firedAt?.getTime()).toBeGreaterThan(recorded.getTime());
  });

  test("heard again and again moves nothing", async () => {
    await fire();
    await stage.database.db.signalRow.updateMany({ data: { handled: true } });
    for (let looks = 0; looks < 5; looks += 1) {
      await stage.pass(5);
      await stage.look();
    }
    expect((await stage.signals()).map((row) => row.handled)).toEqual([true]);
  });

  test("is recorded by whoever holds the lease, and by nobody else", async () => {
    const mine = stage.lease();
    stage.setLease(null);
    await fire();
    expect(await stage.signals()).toEqual([]);
    if (mine === null) throw new Error("the stage begins with the lease");
    await releaseLease(stage.database.db, mine);
    const theirs = await acquireLease(stage.database.db, observerLease, "another", 600_000);
    stage.setLease(mine);
    await stage.look();
    expect(await stage.signals()).toEqual([]);
    stage.setLease(theirs);
    await stage.look();
    expect(await states()).toEqual(["firing"]);
  });
});

test("a thousand alerts of Alertmanager's are a thousand signals after one look, and looking again is quick and moves nothing", { timeout: 240_000 }, async () => {
  const endsAt = new Date(stage.clock.now() + 3_600_000).toISOString();
  const storm = Array.from({ length: 1_000 }, (_none, index) => ({ labels: { alertname: "PodDown", environment: "prod", app: "core", pod: `core-${index}`, severity: "warning" }, annotations: { summary: `core-${index} is down` }, endsAt }));
  await fetch(`${stage.alertmanager.url}/api/v2/alerts`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(storm) });
  await stage.pass(5);
  await stage.untilAlertmanagerHas([...storm.map(() => "PodDown"), "Watchdog"]);
  const timed = async (): Promise<number> => {
    const begun = performance.now();
    await stage.look();
    return performance.now() - begun;
  };
  const first = await timed();
  expect(await stage.database.db.signalRow.count({ where: { title: "PodDown", state: "firing" } })).toBe(1_000);
  await stage.database.db.signalRow.updateMany({ data: { handled: true } });
  const second = await timed();
  expect(await stage.database.db.signalRow.count({ where: { handled: false } })).toBe(0);
  expect([first < 8_000, second < 4_000], `${Math.round(first)} ms, then ${Math.round(second)} ms`).toEqual([true, true]);
});

describe("a silence", () => {
  const operator = actorWith("operator", ["prod"], "Olga");

  test("is Alertmanager's own, shows on the signal, is audited, and ends", async () => {
    await fire();
    const [signal] = await stage.signals();
    const { id } = await silenceSignal(stage.context, operator, { environment: "prod", signalId: signal?.id ?? "", minutes: 30, comment: "known since this morning" });
    const shown = async () => (await stage.signals())[0]?.silence;
    expect(await shown()).toMatchObject({ id, by: "Olga", comment: "known since this morning" });
    await stage.look();
    expect(await shown()).toMatchObject({ id, by: "Olga" });
    const [kept] = (await stage.context.outside.alerts("prod")?.silences()) ?? [];
    expect(kept).toMatchObject({ id, createdBy: "Olga", comment: "known since this morning", state: "active" });
    expect(kept?.matchers).toEqual(expect.arrayContaining([{ name: "alertname", value: "LevelHigh", isRegex: false, isEqual: true }, { name: "environment", value: "prod", isRegex: false, isEqual: true }]));
    expect((await stage.signals()).map((row) => row.state)).toEqual(["firing"]);
    await expect(endSilence(stage.context, actorWith("operator", ["staging"]), id, { environment: "staging" })).rejects.toMatchObject({ code: "not-found" });
    await expect(endSilence(stage.context, actorWith("operator", ["staging"]), id, { environment: "prod" })).rejects.toMatchObject({ code: "not-found" });
    await endSilence(stage.context, operator, id, { environment: "prod" });
    expect(await shown()).toBeNull();
    await stage.look();
    expect(await shown()).toBeNull();
    const audited = await stage.database.db.auditEntryRow.findMany({ where: { action: { in: ["silence.create", "silence.end"] } }, orderBy: { sequence: "asc" } });
    expect(audited.map((entry) => [entry.action, entry.outcome])).toEqual([["silence.create", "allowed"], ["silence.create", "succeeded"], ["silence.end", "allowed"], ["silence.end", "succeeded"]]);
  });

  test("made in Alertmanager itself shows too", async () => {
    await fire();
    await stage.context.outside.alerts("prod")?.silence({ matchers: [{ name: "alertname", value: "Level.*", isRegex: true, isEqual: true }], startsAt: new Date(stage.clock.now()), endsAt: new Date(stage.clock.now() + 3_600_000), createdBy: "amtool", comment: "by hand" });
    await stage.look();
    expect((await stage.signals())[0]?.silence).toMatchObject({ by: "amtool", comment: "by hand" });
  });

  test("takes the right, an alert that fires, an Alertmanager that answers, and its reason", async () => {
    await fire();
    const [signal] = await stage.signals();
    const wish = { environment: "prod", signalId: signal?.id ?? "", minutes: 30, comment: "known since this morning" };
    await expect(silenceSignal(stage.context, actorWith("viewer"), wish)).rejects.toMatchObject({ code: "denied" });
    await expect(silenceSignal(stage.context, actorWith("operator", ["staging"]), wish)).rejects.toMatchObject({ code: "not-found" });
    await expect(silenceSignal(stage.context, actorWith("operator", ["staging"]), { ...wish, environment: "staging" })).rejects.toMatchObject({ code: "not-found" });
    await expect(silenceSignal(stage.context, operator, { ...wish, comment: "x" })).rejects.toMatchObject({ code: "invalid" });
    await expect(silenceSignal(stage.context, operator, { ...wish, minutes: 1 })).rejects.toMatchObject({ code: "invalid" });
    await expect(silenceSignal(stage.context, operator, { ...wish, signalId: "none" })).rejects.toMatchObject({ code: "not-found" });
    await stage.alertmanager.setFaults({ down: true });
    await expect(silenceSignal(stage.context, operator, wish)).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("cannot be asked") });
    const outcomes = await stage.database.db.auditEntryRow.findMany({ where: { action: "silence.create" }, orderBy: { sequence: "asc" } });
    expect(outcomes.map((entry) => entry.outcome)).toEqual(["allowed", "failed"]);
    await stage.database.db.signalRow.updateMany({ data: { state: "ended", endedAt: new Date() } });
    await expect(silenceSignal(stage.context, operator, wish)).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("the dead man's switch", () => {
  const blind = async () => (await stage.signals("blind")).map((row) => [row.environment, row.state, row.severity, row.title.replace(/:\d+/, ":port")]);

  test("tells of a missing Watchdog, in each environment, and ends nothing meanwhile", async () => {
    await fire();
    await stage.prometheus.setFaults({ watchdogStopped: true });
    stage.levels.core = 1;
    await stage.pass(5);
    await stage.untilAlertmanagerHas([]);
    await stage.look(30);
    expect(await blind()).toEqual([]);
    await stage.look(31);
    const why = 'Prometheus at 127.0.0.1:port has no alert "Watchdog", which always fires while alerting works';
    expect((await blind()).toSorted()).toEqual([["prod", "firing", "critical", `Monitoring is blind in prod: ${why}`], ["staging", "firing", "warning", `Monitoring is blind in staging: ${why}`]]);
    expect(await states()).toEqual(["firing"]);
    await stage.look(60);
    expect(await blind()).toHaveLength(2);
    await stage.prometheus.setFaults({ watchdogStopped: false });
    await stage.pass(5);
    await stage.untilAlertmanagerHas(["Watchdog"]);
    await stage.look();
    expect((await blind()).map(([, state]) => state)).toEqual(["ended", "ended"]);
  });

  test.each([
    ["Prometheus is away", () => stage.prometheus.setFaults({ down: true }), () => stage.prometheus.setFaults({ down: false }), /^Monitoring is blind in prod: Prometheus at .* cannot be asked: the connection is refused$/],
    ["Prometheus answers 503", () => stage.prometheus.setFaults({ unavailable: true }), () => stage.prometheus.setFaults({ unavailable: false }), /^Monitoring is blind in prod: Prometheus at .* cannot be asked: it answers 503/],
    ["Alertmanager is away", () => stage.alertmanager.setFaults({ down: true }), () => stage.alertmanager.setFaults({ down: false }), /^Monitoring is blind in prod: Alertmanager at .* cannot be asked: the connection is refused$/],
  ])("tells when %s", async (_what, begin, end, title) => {
    await stage.pass(5);
    await stage.untilAlertmanagerHas(["Watchdog"]);
    await stage.look();
    await begin();
    await stage.look(30);
    expect(await blind()).toEqual([]);
    await stage.look(40);
    expect((await stage.signals("blind")).find((row) => row.environment === "prod")?.title).toMatch(title);
    await end();
    // Alertmanager is told again when Prometheus next sends.
    await stage.pass(70);
    await stage.untilAlertmanagerHas(["Watchdog"]);
    await stage.look();
    expect((await blind()).map(([, state]) => state)).toEqual(["ended", "ended"]);
  });
});
