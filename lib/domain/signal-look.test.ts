import { describe, expect, test } from "vitest";
import { fingerprintOf, createLabelIndex } from "#lib/domain/signal-fingerprint.ts";
import type { Labels } from "#lib/domain/signal-fingerprint.ts";
import { absentFrom } from "#lib/domain/signal-look.ts";
import type { LookAnswers } from "#lib/domain/signal-look.ts";
import type { AlertRecord, SignalWay } from "#lib/domain/signal-record.ts";
import { blindness, sees } from "#lib/domain/signal-blind.ts";
import type { Sense } from "#lib/domain/signal-blind.ts";

test("a fingerprint is Alertmanager's", () => {
  expect(fingerprintOf({ ok: "1" })).toBe("8d4653b8b9db0024");
  expect(fingerprintOf({ b: "", alertname: "X", a: "b" })).toBe("c4fa8262820e0e19");
});

test("label sets are found by those they hold, and by those that hold them", () => {
  const sets: Labels[] = [{ alertname: "A", app: "core" }, { alertname: "A", app: "core", cluster: "one" }, { alertname: "A", app: "experience", cluster: "one" }, { app: "core" }];
  const index = createLabelIndex(sets, (labels) => labels);
  expect(index.within({ alertname: "A", app: "core", cluster: "one", replica: "0" })).toEqual([sets[0], sets[1]]);
  expect(index.around({ alertname: "A", app: "core" })).toEqual([sets[1]]);
  expect(index.around({ app: "core" })).toEqual([]);
});

describe("what ends an alert", () => {
  const watchdog = { labels: { alertname: "Watchdog" }, annotations: {} };
  const prometheus = [{ ...watchdog, state: "firing" as const, activeAt: new Date(0) }];
  const sent = { alerts: [{ ...watchdog, fingerprint: "w", startsAt: new Date(0), silencedBy: [], generatorURL: null }], silences: [], fresh: false };
  const record = (ways: SignalWay[], state: AlertRecord["state"] = "firing"): AlertRecord => ({
    id: "one", key: "k", title: "t", detail: null, environment: "prod", bigPod: null, service: null, severity: "warning", state, onsetAt: new Date(0), startsAt: null, endedAt: null, seenAt: new Date(0), labels: {}, annotations: {}, ways, silence: null, link: null, fingerprint: "f", fingerprints: ["f"],
  });
  test.each<[string, SignalWay[], LookAnswers, boolean]>([
    ["Prometheus no longer has it", ["prometheus"], { prometheus, alertmanager: null }, true],
    ["Prometheus and Alertmanager no longer have it", ["prometheus", "webhook"], { prometheus, alertmanager: sent }, true],
    ["Prometheus no longer has it, Alertmanager was just started", ["prometheus", "alertmanager"], { prometheus, alertmanager: { ...sent, fresh: true } }, true],
    ["Prometheus is away, Alertmanager gave it up", ["prometheus", "alertmanager"], { prometheus: null, alertmanager: sent }, false],
    ["Prometheus lacks its watchdog: its rules were not evaluated", ["prometheus"], { prometheus: [], alertmanager: sent }, false],
    ["only Alertmanager was ever heard, and no longer has it", ["alertmanager"], { prometheus, alertmanager: sent }, true],
    ["only Alertmanager was ever heard, and is away", ["webhook"], { prometheus, alertmanager: null }, false],
    ["only Alertmanager was ever heard, and was just started", ["alertmanager"], { prometheus, alertmanager: { ...sent, fresh: true } }, false],
    ["only Alertmanager was ever heard, and lacks its watchdog", ["webhook"], { prometheus, alertmanager: { ...sent, alerts: [] } }, false],
    ["nobody answers", ["prometheus", "alertmanager"], { prometheus: null, alertmanager: null }, false],
  ])("%s", (_what, ways, answers, ends) => {
    expect(absentFrom([record(ways)], answers, new Set(), "Watchdog").length).toBe(ends ? 1 : 0);
    expect(absentFrom([record(ways)], answers, new Set(["one"]), "Watchdog")).toEqual([]);
    expect(absentFrom([record(ways, "ended")], answers, new Set(), "Watchdog")).toEqual([]);
  });

  test("without a watchdog an empty answer is believed", () => {
    expect(absentFrom([record(["prometheus"])], { prometheus: [], alertmanager: null }, new Set(), undefined)).toHaveLength(1);
  });
});

describe("blindness", () => {
  const well: Sense = { name: "Prometheus at p", answeredAt: 100_000, trouble: null, watchdogAt: 100_000 };
  const options = { sinceMs: 0, nowMs: 100_000, silentMs: 60_000, watchdog: "Watchdog" };
  test.each<[string, Sense, string | null, boolean]>([
    ["all is well", well, null, true],
    ["no answer for a moment", { ...well, answeredAt: 90_000, watchdogAt: 90_000, trouble: "Prometheus at p cannot be asked: x." }, null, false],
    ["no answer for long", { ...well, answeredAt: 30_000, watchdogAt: 30_000, trouble: "Prometheus at p cannot be asked: x." }, "Prometheus at p cannot be asked: x", false],
    ["never an answer", { ...well, answeredAt: null, watchdogAt: null, trouble: "Prometheus at p cannot be asked: x." }, "Prometheus at p cannot be asked: x", false],
    ["answers without the watchdog for a moment", { ...well, watchdogAt: 70_000 }, null, false],
    ["answers without the watchdog for long", { ...well, watchdogAt: 30_000 }, 'Prometheus at p has no alert "Watchdog", which always fires while alerting works', false],
    ["never the watchdog", { ...well, watchdogAt: null }, 'Prometheus at p has no alert "Watchdog", which always fires while alerting works', false],
  ])("%s", (_what, sense, why, sighted) => {
    for (const senses of [{ prometheus: sense, alertmanager: null }, { prometheus: null, alertmanager: sense }, { prometheus: well, alertmanager: sense }]) {
      expect(blindness(senses, options)?.why ?? null).toBe(why);
      expect(sees(senses, "Watchdog")).toBe(sighted);
    }
  });

  test("concludes nothing from silence where no watchdog is configured, but from no answer", () => {
    const quiet = { ...well, watchdogAt: null };
    expect(blindness({ prometheus: quiet, alertmanager: null }, { ...options, watchdog: undefined })).toBeNull();
    expect(blindness({ prometheus: { ...quiet, answeredAt: 0, trouble: "away." }, alertmanager: null }, { ...options, watchdog: undefined })).toEqual({ why: "away", sinceMs: 0, way: "prometheus" });
  });
});
