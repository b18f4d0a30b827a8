import { describe, expect, test } from "vitest";
import { configSchema } from "#lib/contracts/config.ts";
import { heardAlert } from "#lib/domain/signal-alert.ts";
import { fingerprintOf } from "#lib/domain/signal-fingerprint.ts";
import type { Labels } from "#lib/domain/signal-fingerprint.ts";
import { alertsOfLook } from "#lib/domain/signal-look.ts";
import { hearAlerts } from "#lib/domain/signal-occurrence.ts";
import type { AlertRecord, HeardAlert } from "#lib/domain/signal-record.ts";

const config = configSchema.parse({
  platform: { name: "Test" },
  environments: ["staging", "prod"].map((name) => ({ name, cluster: { inCluster: true }, namespace: `shop-${name}` })),
  bigPods: [{ name: "core", workload: { name: "core" }, services: [{ name: "auth", container: "auth" }] }],
  access: { providers: [{ kind: "github", id: "github", title: "GitHub", clientId: "x", clientSecret: "env:X" }], roles: [{ role: "viewer", users: ["a@example.org"] }] },
});
const context = { config, alerting: config.alerting, only: null };
const labels: Labels = { alertname: "HighErrorRatio", environment: "prod", app: "core", severity: "critical" };
const base = Date.parse("2026-11-21T08:00:00Z");
const at = (seconds: number): Date => new Date(base + seconds * 1000);

/** Everything that was heard, in the order in which it was heard. */
function store(external: Labels = {}) {
  let records: AlertRecord[] = [];
  let serial = 0;
  let clock = base;
  const full = { ...labels, ...external };
  function take(heard: readonly HeardAlert[], seconds: number): void {
    clock = Math.max(clock, at(seconds).getTime());
    const result = hearAlerts(records, heard, new Date(clock), () => `id-${(serial += 1)}`);
    const changed = new Map([...result.moved, ...result.refreshed].map((record) => [record.id, record]));
    records = [...records.map((record) => changed.get(record.id) ?? record), ...result.added];
  }
  return {
    records: () => records,
    /** Prometheus and Alertmanager as they were asked at once; undefined: they do not have it. */
    look(seconds: number, { activeAt, state = "firing", startsAt }: { activeAt?: number; state?: "pending" | "firing"; startsAt?: number }) {
      const prometheus = activeAt === undefined ? [] : [{ labels, annotations: { summary: `at ${seconds}` }, state, activeAt: at(activeAt) }];
      const alerts = startsAt === undefined ? [] : [{ fingerprint: fingerprintOf(full), labels: full, annotations: {}, startsAt: at(startsAt), silencedBy: [], generatorURL: null }];
      take(alertsOfLook({ prometheus, alertmanager: { alerts, silences: [], fresh: false } }, context, at(seconds)), seconds);
    },
    prometheus(seconds: number, activeAt: number, state: "pending" | "firing" = "firing") {
      take(alertsOfLook({ prometheus: [{ labels, annotations: {}, state, activeAt: at(activeAt) }], alertmanager: null }, context, at(seconds)), seconds);
    },
    alertmanager(seconds: number, startsAt: number) {
      take(alertsOfLook({ prometheus: null, alertmanager: { alerts: [{ fingerprint: fingerprintOf(full), labels: full, annotations: {}, startsAt: at(startsAt), silencedBy: [], generatorURL: null }], silences: [], fresh: false } }, context, at(seconds)), seconds);
    },
    webhook(seconds: number, startsAt: number, endsAt: number | null = null) {
      take([heardAlert({ labels: full, annotations: {}, link: null, fingerprints: [fingerprintOf(full)], state: endsAt === null ? "firing" : "ended", activeAt: null, startsAt: at(startsAt), endsAt: endsAt === null ? null : at(endsAt), ways: ["webhook"], surelyAt: null, notInPrometheus: false }, context)], seconds);
    },
  };
}

const summary = (record: AlertRecord | undefined) => record && { state: record.state, onset: (record.onsetAt.getTime() - base) / 1000, ended: record.endedAt && (record.endedAt.getTime() - base) / 1000 };

/** Small, seeded and repeatable: the seed stands in the test's name. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

describe("one occurrence", () => {
  // Active at 10, firing from 70, over at 300.
  const external: Labels[] = [{}, { cluster: "oci-1", prometheus: "monitoring/main" }];
  test.each(Array.from({ length: 200 }, (_none, seed) => seed))("heard by any mix and order of ways, with repeats, is one signal (seed %i)", (seed) => {
    const random = randomOf(seed + 1);
    const heard = store(external[seed % 2]);
    const ways = {
      pending: () => heard.prometheus(60, 10, "pending"),
      prometheus: () => heard.prometheus(100, 10),
      alertmanager: () => heard.alertmanager(100, 70),
      webhook: () => heard.webhook(75, 70),
      resolved: () => heard.webhook(301, 70, 300),
      both: () => heard.look(100, { activeAt: 10, startsAt: 70 }),
      // Prometheus was restarted and begins anew, Alertmanager saw no end.
      restarted: () => heard.look(200, { activeAt: 190, state: "pending", startsAt: 70 }),
    };
    const names = Object.keys(ways) as (keyof typeof ways)[];
    const told = Array.from({ length: 1 + Math.floor(random() * 12) }, () => names[Math.floor(random() * names.length)] ?? "webhook");
    // "restarted" alone cannot know of the earlier activeAt; Alertmanager is asked with it, so that it finds what was known.
    for (const name of told) ways[name]();
    const [only, ...others] = heard.records();
    expect(others, told.join(", ")).toEqual([]);
    const knewOnset = told.some((name) => name === "pending" || name === "prometheus" || name === "both");
    expect(summary(only)?.onset, told.join(", ")).toBe(knewOnset ? 10 : 70);
    expect(only?.state === "ended", told.join(", ")).toBe(told.includes("resolved"));
    if (told.includes("resolved")) expect(summary(only)?.ended).toBe(300);
    expect(only?.labels).toEqual(told.some((name) => name !== "pending" && name !== "prometheus") ? { ...labels, ...external[seed % 2] } : labels);
  });

  test.each(Array.from({ length: 60 }, (_none, seed) => seed))("and the next one of the same labels is another (seed %i)", (seed) => {
    const random = randomOf(seed + 1);
    const heard = store();
    const first = [() => heard.prometheus(30, 10, "pending"), () => heard.look(100, { activeAt: 10, startsAt: 70 }), () => heard.webhook(72, 70)].filter(() => random() < 0.7);
    for (const tell of first) tell();
    const second = [() => heard.webhook(301, 70, 300), () => heard.prometheus(500, 490, "pending"), () => heard.look(600, { activeAt: 490, startsAt: 550 }), () => heard.webhook(553, 550)];
    for (const tell of second.toSorted(() => random() - 0.5)) tell();
    heard.look(700, { activeAt: 490, startsAt: 550 });
    const found = heard.records().toSorted((left, right) => left.onsetAt.getTime() - right.onsetAt.getTime()).map(summary);
    expect(found).toHaveLength(2);
    expect(found[0]).toMatchObject({ state: "ended" });
    expect(found[1]).toEqual({ state: "firing", onset: 490, ended: null });
  });

  test("of which only Alertmanager tells begins when it fires, and earlier once Prometheus says so", () => {
    const heard = store();
    heard.webhook(75, 70);
    expect(summary(heard.records()[0])).toEqual({ state: "firing", onset: 70, ended: null });
    heard.look(80, { activeAt: 10, startsAt: 70 });
    expect(heard.records().map(summary)).toEqual([{ state: "firing", onset: 10, ended: null }]);
    expect(heard.records()[0]?.ways).toEqual(["webhook", "alertmanager", "prometheus"]);
  });

  test("is not brought back by what was asked before its end", () => {
    const heard = store();
    heard.look(100, { activeAt: 10, startsAt: 70 });
    heard.webhook(301, 70, 300);
    heard.look(299, { activeAt: 10, startsAt: 70 });
    expect(heard.records().map(summary)).toEqual([{ state: "ended", onset: 10, ended: 300 }]);
  });

  test("that Prometheus still has well after it was called ended has not ended: Alertmanager gave it up because nobody sent it again", () => {
    const heard = store();
    heard.look(100, { activeAt: 10, startsAt: 70 });
    heard.webhook(401, 70, 400);
    heard.prometheus(403, 10);
    expect(heard.records().map(summary)).toEqual([{ state: "ended", onset: 10, ended: 400 }]);
    heard.prometheus(420, 10);
    expect(heard.records().map(summary)).toEqual([{ state: "firing", onset: 10, ended: null }]);
  });

  test("that only Alertmanager still has, while Prometheus has dropped it, stays ended", () => {
    const heard = store();
    heard.look(100, { activeAt: 10, startsAt: 70 });
    heard.webhook(301, 70, 300);
    heard.look(400, { startsAt: 70 });
    expect(heard.records().map(summary)).toEqual([{ state: "ended", onset: 10, ended: 300 }]);
  });

  test("of two Prometheus servers with the same rules is one", () => {
    const heard = store();
    for (const [seconds, activeAt] of [[40, 10], [42, 25], [44, 10], [46, 25]] as const) heard.prometheus(seconds, activeAt);
    expect(heard.records().map(summary)).toEqual([{ state: "firing", onset: 10, ended: null }]);
  });

  test("that began again without a word of its end in between is two, and the first has ended when the second began", () => {
    const heard = store();
    heard.look(100, { activeAt: 10, startsAt: 70 });
    heard.look(900, { activeAt: 800, startsAt: 860 });
    expect(heard.records().map(summary)).toEqual([{ state: "ended", onset: 10, ended: 800 }, { state: "firing", onset: 800, ended: null }]);
  });

  test("told of late is recorded as ended, beside the one that fires", () => {
    const heard = store();
    heard.webhook(600, 550);
    heard.webhook(610, 70, 300);
    expect(heard.records().map(summary)).toEqual([{ state: "firing", onset: 550, ended: null }, { state: "ended", onset: 70, ended: 300 }]);
  });

  test("changes nothing that matters when it is heard again", () => {
    const first = heardAlert({ labels, annotations: { summary: "5 %" }, link: null, fingerprints: [fingerprintOf(labels)], state: "firing", activeAt: at(10), startsAt: null, endsAt: null, ways: ["prometheus"], surelyAt: at(20), notInPrometheus: false }, context);
    const { added } = hearAlerts([], [first], at(20), () => "one");
    const again = { ...first, annotations: { summary: "6 %" }, detail: "6 %", surelyAt: at(22) };
    expect(hearAlerts(added, [again], at(22), () => "two")).toEqual({ added: [], moved: [], refreshed: [], ids: ["one"] });
    expect(hearAlerts(added, [again], at(90), () => "two")).toMatchObject({ added: [], moved: [], refreshed: [{ id: "one", detail: "6 %" }] });
  });
});

describe("alerts of one rule", () => {
  test("with different labels are different signals, also where one has more labels than another", () => {
    const one = (extra: Labels): HeardAlert => heardAlert({ labels: { ...labels, ...extra }, annotations: {}, link: null, fingerprints: [fingerprintOf({ ...labels, ...extra })], state: "firing", activeAt: null, startsAt: at(10), endsAt: null, ways: ["webhook"], surelyAt: null, notInPrometheus: false }, context);
    let serial = 0;
    const { added } = hearAlerts([], [one({}), one({ service: "auth" }), one({ service: "user" })], at(20), () => `id-${(serial += 1)}`);
    expect(added).toHaveLength(3);
    expect(hearAlerts(added, [one({ service: "user", pod: "x" })], at(20), () => "id-4").added).toHaveLength(1);
  });

  test("of the same labels in two environments are two", () => {
    const plain = { alertname: "DiskFull" };
    const from = (only: string): HeardAlert => heardAlert({ labels: plain, annotations: {}, link: null, fingerprints: [fingerprintOf(plain)], state: "firing", activeAt: at(10), startsAt: null, endsAt: null, ways: ["prometheus"], surelyAt: at(20), notInPrometheus: false }, { ...context, only });
    let serial = 0;
    const { added } = hearAlerts([], [from("prod"), from("staging")], at(20), () => `id-${(serial += 1)}`);
    expect(added.map((record) => record.environment)).toEqual(["prod", "staging"]);
    expect(new Set(added.map((record) => record.key)).size).toBe(2);
  });
});
