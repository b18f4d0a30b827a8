import { describe, expect, test } from "vitest";
import { changeLine, operationLines, signalLines, stateLines } from "#lib/domain/incident-entries.ts";
import type { HistoryRow, TimelineSignal } from "#lib/domain/incident-entries.ts";
import { titleOf } from "#lib/domain/incident-title.ts";
import type { TitleSignal } from "#lib/domain/incident-title.ts";

const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 21, 12, minute));
const alert = (change: Partial<TitleSignal> = {}): TitleSignal => ({ kind: "alert", state: "firing", severity: "warning", title: "HighErrorRatio", detail: null, annotations: { summary: "3 % of requests fail" }, onsetAt: at(1), ...change });

describe("the sentence of an incident", () => {
  test.each<[string, TitleSignal[], string | null]>([
    ["nothing", [], null],
    ["an alert's summary before its name", [alert()], "3 % of requests fail"],
    ["its name without any", [alert({ annotations: {} })], "HighErrorRatio"],
    ["the worst alert's", [alert(), alert({ severity: "critical", annotations: { summary: "nothing answers" }, onsetAt: at(9) })], "nothing answers"],
    ["the older of two alike", [alert({ annotations: { summary: "second" }, onsetAt: at(2) }), alert({ annotations: { summary: "first" } })], "first"],
    ["a cause before a symptom, however bad", [alert({ severity: "critical" }), alert({ kind: "health", title: "panorama is out of memory" })], "panorama is out of memory"],
    ["a cause that has ended still says most", [alert({ severity: "critical" }), alert({ kind: "health", state: "ended", title: "panorama is out of memory" })], "panorama is out of memory"],
    ["what fires before what has ended", [alert({ state: "ended", severity: "critical", annotations: { summary: "over" } }), alert()], "3 % of requests fail"],
    ["lines and blanks become one line", [alert({ annotations: { summary: " a\n\tb  " } })], "a b"],
    ["an empty summary is none", [alert({ annotations: { summary: "  " }, detail: "it is slow" })], "it is slow"],
  ])("%s", (_what, signals, sentence) => expect(titleOf(signals)).toBe(sentence));
  test("is cut where it would be a story", () => expect(titleOf([alert({ annotations: { summary: "x".repeat(5_000) } })])).toHaveLength(300));
});

describe("lines of a timeline", () => {
  const signal: TimelineSignal = { id: "s", kind: "operation", state: "firing", title: "Promote R-214 to prod failed", detail: null, service: null, onsetAt: at(1), endedAt: null, silence: null, operationId: "o" };
  test("a signal begins, is silenced and ends, each with a key of its own", () => {
    const silence = { id: "q", endsAt: at(60).toISOString(), by: "Rita", comment: "known" };
    expect(signalLines(signal, at(3))).toMatchObject([{ key: "signal:s", kind: "signal", at: at(1), link: "/operations/o" }]);
    expect(signalLines({ ...signal, service: "voyage", silence, state: "ended", endedAt: at(2) }, at(3)).map(({ key, kind, at: when, title }) => [key, kind, when, title])).toEqual([
      ["signal:s", "signal", at(1), "Promote R-214 to prod failed (voyage)"],
      ["silence:q", "silence", at(3), `Silenced until ${silence.endsAt}: Promote R-214 to prod failed`],
      ["signal:s:ended", "signal-ended", at(2), "Promote R-214 to prod failed (voyage) ended"],
    ]);
  });

  test("states: one line where status, cause or version change, of each Big Pod for itself", () => {
    const row = (id: number, change: Partial<HistoryRow> = {}): HistoryRow => ({ id: String(id), bigPod: "core", status: "healthy", cause: null, version: "v1", at: at(id), ...change });
    const rows = [row(1), row(2, { bigPod: "experience" }), row(3), row(4, { status: "progressing", version: "v2" }), row(5, { status: "broken", cause: "auth is down", version: "v2" }), row(6, { status: "broken", cause: "auth is down", version: "v2" }), row(7, { bigPod: "experience" })];
    expect(stateLines([row(1, { at: new Date("2026-11-21T12:01:00.001Z") })])[0]?.link).toBe("/?at=2026-11-21T12:01:01Z");
    expect(stateLines(rows).map((line) => line.title)).toEqual(["core is healthy", "experience is healthy", "core is progressing (v2)", "core is broken"]);
  });

  test("a change leads to its operation, or to the moment it was made", () => {
    const change = { id: "c", at: at(2), summary: "core-config: LOG_LEVEL changed", by: "kubectl", operationId: null };
    expect(changeLine(change)).toMatchObject({ key: "change:c", kind: "change", actor: { name: "kubectl" }, link: "/?at=2026-11-21T12:02:00Z" });
    expect(changeLine({ ...change, operationId: "o" }).link).toBe("/operations/o");
  });

  test("an operation began and came out; one that waits has no line", () => {
    const operation = { id: "o", title: "Promote R-214", reason: "November", status: "returned", note: "auth did not start", actor: { id: "r", name: "Rafael" }, startedAt: at(1), finishedAt: at(4) };
    expect(operationLines(operation).map(({ key, title, detail }) => [key, title, detail])).toEqual([["operation:o:began", "Promote R-214: began", "November"], ["operation:o:returned", "Promote R-214: returned", "auth did not start"]]);
    expect(operationLines({ ...operation, startedAt: null, finishedAt: null })).toEqual([]);
  });
});
