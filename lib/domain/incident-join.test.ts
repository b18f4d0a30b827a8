import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isOver, joinAll, placeOf, verdictFor } from "#lib/domain/incident-join.ts";
import type { JoinIncident, JoinSignal, Place } from "#lib/domain/incident-join.ts";
import { severities, signalKinds, signalStates, worstSeverity } from "#lib/domain/incident-status.ts";

const minute = 60_000;
const now = new Date("2026-11-21T12:00:00Z");
const ago = (minutes: number): Date => new Date(now.getTime() - minutes * minute);
const here: Place = { environment: "prod", bigPod: "experience", about: "trouble" };
const flapMs = 10 * minute;
const signal = (change: Partial<JoinSignal> = {}): JoinSignal => ({ id: "s", kind: "alert", state: "firing", severity: "warning", place: here, onsetAt: ago(2), firedAt: ago(1), incidentId: null, ...change });
const incident = (change: Partial<JoinIncident> = {}): JoinIncident => ({ ...here, id: "i", status: "open", manual: false, severity: "warning", onsetAt: ago(30), resolvedAt: null, mergedInto: null, signals: 1, ...change });
const resolved = (minutes: number, change: Partial<JoinIncident> = {}): JoinIncident => incident({ status: "resolved", resolvedAt: ago(minutes), ...change });

describe("where a signal belongs", () => {
  const known = { environments: ["staging", "prod"], bigPods: ["core", "experience"], fallback: "prod" };
  test.each([
    ["its Big Pod", "alert", "staging", "core", { environment: "staging", bigPod: "core", about: "trouble" }],
    ["the environment without a Big Pod", "health", "staging", null, { environment: "staging", bigPod: null, about: "trouble" }],
    ["the environment when its Big Pod is none of ours", "alert", "prod", "grafana", { environment: "prod", bigPod: null, about: "trouble" }],
    ["the fallback without an environment", "alert", null, "core", { environment: "prod", bigPod: "core", about: "trouble" }],
    ["the fallback for an environment that is none of ours", "operation", "qa", null, { environment: "prod", bigPod: null, about: "trouble" }],
    ["the monitoring, whatever Big Pod it names", "blind", "staging", "core", { environment: "staging", bigPod: null, about: "monitoring" }],
  ] as const)("%s", (_what, kind, environment, bigPod, place) => expect(placeOf({ kind, environment, bigPod }, known)).toEqual(place));
});

describe("what becomes of a signal", () => {
  test.each<[string, Partial<JoinSignal>, JoinIncident[], string]>([
    ["firing, nothing there: opens", {}, [], "open"],
    ["pending: nothing", { state: "pending", firedAt: null }, [], "none"],
    ["pending, with an incident open: still nothing", { state: "pending", firedAt: null }, [incident()], "none"],
    ["heard of only when it had ended: nothing", { state: "ended", firedAt: null }, [], "none"],
    ["heard of only when it had ended, with an incident open: kept with it", { state: "ended", firedAt: null }, [incident()], "join i"],
    ["fired and ended unseen: opens", { state: "ended" }, [], "open"],
    ["an open incident of its place: joins", {}, [incident()], "join i"],
    ["an acknowledged one: joins", {}, [incident({ status: "acknowledged" })], "join i"],
    ["another Big Pod's: opens", {}, [incident({ bigPod: "core" })], "open"],
    ["another environment's: opens", {}, [incident({ environment: "staging" })], "open"],
    ["the environment's: opens its own", {}, [incident({ bigPod: null })], "open"],
    ["the monitoring's does not take the environment's", { place: { ...here, bigPod: null } }, [incident({ bigPod: null, about: "monitoring" })], "open"],
    ["one that a person opened: joins", {}, [incident({ manual: true })], "join i"],
    ["Vigie's own before a person's", {}, [incident({ id: "m", manual: true }), incident()], "join i"],
    ["resolved 9 minutes before it fired: reopens", { firedAt: now }, [resolved(9)], "reopen i"],
    ["resolved exactly the flap time before: reopens", { firedAt: now }, [resolved(10)], "reopen i"],
    ["resolved longer ago: opens", { firedAt: now }, [resolved(10.01)], "open"],
    ["of two that ended, the last", { firedAt: now }, [resolved(9, { id: "old" }), resolved(2)], "reopen i"],
    ["a manual one that never had a signal is not reopened", { firedAt: now }, [resolved(2, { manual: true, signals: 0 })], "open"],
    ["known already: stays, also with one that has ended", { incidentId: "i" }, [resolved(1)], "stay i"],
    ["what its place was merged into: joins that", {}, [incident({ id: "gone", status: "merged", mergedInto: "i", resolvedAt: ago(5) }), incident({ bigPod: "core" })], "join i"],
    ["merged into one that ended a moment ago: reopens that", { firedAt: now }, [incident({ id: "gone", status: "merged", mergedInto: "i", resolvedAt: ago(50) }), resolved(3, { bigPod: "core" })], "reopen i"],
    ["merged into one that ended long ago: opens its own", { firedAt: now }, [incident({ id: "gone", status: "merged", mergedInto: "i", resolvedAt: ago(50) }), resolved(30, { bigPod: "core" })], "open"],
  ])("%s", (_what, change, incidents, expected) => {
    const verdict = verdictFor(signal(change), incidents, flapMs);
    expect("incidentId" in verdict ? `${verdict.do} ${verdict.incidentId}` : verdict.do).toBe(expected);
  });
});

describe("severity and onset", () => {
  const after = (signals: JoinSignal[], before: JoinIncident) => joinAll(signals, [before], { flapMs, newId: () => "new" }).incidents.find((one) => one.id === before.id);
  test("rises with what fires, and never lowers", () => {
    expect(after([signal({ severity: "critical" })], incident())?.severity).toBe("critical");
    expect(after([signal({ severity: "info" })], incident({ severity: "critical" }))?.severity).toBe("critical");
    expect(after([signal({ severity: "critical", state: "ended", incidentId: "i" })], incident())?.severity).toBe("warning");
  });
  test("what has ended is not changed by signals that go on", () => {
    expect(after([signal({ severity: "critical", incidentId: "i", onsetAt: ago(90) })], resolved(1))).toMatchObject({ status: "resolved", severity: "warning", onsetAt: ago(30) });
  });
  test("the onset is the earliest", () => expect(after([signal({ onsetAt: ago(45) }), signal({ id: "t", onsetAt: ago(40) })], incident())?.onsetAt).toEqual(ago(45)));
});

describe("whatever is heard, in whatever order", () => {
  const place = fc.record({ environment: fc.constantFrom("staging", "prod"), bigPod: fc.constantFrom("core", "experience", null), about: fc.constantFrom("trouble" as const, "monitoring" as const) });
  const signals = fc.uniqueArray(
    fc.record({ id: fc.uuid(), kind: fc.constantFrom(...signalKinds), state: fc.constantFrom(...signalStates), severity: fc.constantFrom(...severities), place, onsetAt: fc.integer({ min: 0, max: 60 }).map(ago), firedAt: fc.option(fc.integer({ min: 0, max: 30 }).map(ago)), incidentId: fc.constant(null) }),
    { selector: (one) => one.id, maxLength: 40 },
  );
  const ended = fc.array(fc.record({ place, minutes: fc.integer({ min: 0, max: 30 }), manual: fc.boolean() }), { maxLength: 5 }).map((all) => all.map((one, index) => resolved(one.minutes, { ...one.place, id: `e${index}`, manual: one.manual })));
  const ids = () => {
    let count = 0;
    return () => `n${(count += 1)}`;
  };
  const open = (incidents: readonly JoinIncident[]) => incidents.filter((one) => one.status === "open" && !one.manual).map((one) => `${one.environment}/${one.bigPod}/${one.about}`);

  test("every signal that fires has a home, and no place has two of Vigie's own", () =>
    fc.assert(
      fc.property(signals, ended, (heard, before) => {
        const joined = joinAll(heard, before, { flapMs, newId: ids() });
        const places = open(joined.incidents);
        expect(new Set(places).size).toBe(places.length);
        for (const one of heard) {
          if (one.state === "firing") expect(joined.homes.has(one.id)).toBe(true);
          if (one.state === "pending") expect(joined.homes.has(one.id)).toBe(false);
        }
      }),
    ));

  test("in one batch or one by one, the same signals end up together", () =>
    fc.assert(
      fc.property(signals, (heard) => {
        const together = joinAll(heard, [], { flapMs, newId: ids() });
        const newId = ids();
        let known: JoinIncident[] = [];
        const homes = new Map<string, string>();
        for (const one of heard) {
          const step = joinAll([one], known, { flapMs, newId });
          known = step.incidents;
          for (const [id, home] of step.homes) homes.set(id, home);
        }
        expect([...homes]).toEqual([...together.homes]);
        expect(known).toEqual(together.incidents);
      }),
    ));

  test("an incident is as severe as its worst signal", () =>
    fc.assert(
      fc.property(signals, (heard) => {
        const joined = joinAll(heard, [], { flapMs, newId: ids() });
        for (const one of joined.incidents) expect(one.severity).toBe(worstSeverity(heard.filter((each) => joined.homes.get(each.id) === one.id).map((each) => each.severity)));
      }),
    ));
});

describe("over by itself", () => {
  const quiet = { status: "open" as const, manual: false, firing: 0, quietSince: ago(5) };
  test.each([
    ["quiet for exactly that long", {}, true],
    ["not yet", { quietSince: ago(4.99) }, false],
    ["one fires, silenced or not", { firing: 1 }, false],
    ["acknowledged and quiet", { status: "acknowledged" as const }, true],
    ["opened by a person", { manual: true }, false],
    ["never had a signal that ended", { quietSince: null }, false],
    ["over already", { status: "resolved" as const }, false],
    ["merged", { status: "merged" as const }, false],
  ])("%s", (_what, change, expected) => expect(isOver({ ...quiet, ...change }, now, 5 * minute)).toBe(expected));
});
