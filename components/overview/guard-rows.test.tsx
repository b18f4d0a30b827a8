import type { ReactNode } from "react";
import { describe, expect, test } from "vitest";
import { GuardCell, WayBackCell } from "#components/overview/guard-rows.tsx";
import { Proposal } from "#components/overview/proposal.tsx";
import { Running } from "#components/overview/running.tsx";
import { ColourChip } from "#components/patterns/colour-chip.tsx";
import { fixtureGuard, fixtureNow, fixtureOperation } from "#components/query/fixtures.ts";
import { renderHtml, renderText } from "#components/test-render.tsx";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";

const prod = { name: "prod", title: "prod" };
const inRow = (cell: ReactNode) => (
  <table>
    <tbody>
      <tr>{cell}</tr>
    </tbody>
  </table>
);
const guards = (overrides: Partial<EnvironmentGuard>) => renderText(inRow(<GuardCell environment={prod} guard={fixtureGuard("prod", overrides)} />));
const wayBack = (guard: EnvironmentGuard | undefined, grants?: Parameters<typeof renderHtml>[1]) => renderText(inRow(<WayBackCell environment={prod} guard={guard} />), grants);

describe("the guards of a column", () => {
  test("none is said in words", () => expect(guards({})).toBe("prod promotions at any time"));
  test("before the worker has looked, nothing is claimed", () => expect(renderText(inRow(<GuardCell environment={prod} guard={undefined} />))).toBe("prod not looked at yet"));
  test("window, approvals, strategy and quarantine in a line", () => {
    const window = { open: true, name: "monthly", opensAt: null, closesAt: "2026-11-21T16:00:00.000Z", timeZone: "Europe/Paris" };
    expect(guards({ window, approvalsRequired: 2, strategy: "blue-green", quarantined: [{ release: 212, reason: "crashed", at: fixtureNow }] })).toBe("prod open until 17:00 2 approvals blue-green R-212 in quarantine");
  });
});

describe("the way back of a column", () => {
  test("ready, proven, and its button", () => expect(wayBack(fixtureGuard("prod"))).toBe("prod ready to roll back to R-212 proven 2 d ago, 41 s Roll back…"));
  test("why not, and that it was never rehearsed", () => {
    const rollback = { release: null, verdict: "not-ready" as const, sentence: "not ready: Secret core-tls is missing", checkedAt: fixtureNow, proven: null };
    expect(wayBack(fixtureGuard("prod", { rollback }))).toBe("prod not ready: Secret core-tls is missing never rehearsed here");
  });
  test("a rehearsal that failed is not called proven", () => {
    const rollback = { release: 212, verdict: "ready" as const, sentence: "ready to roll back to R-212", checkedAt: fixtureNow, proven: { at: "2026-11-19T14:06:00.000Z", seconds: 41, succeeded: false, operationId: "op-drill" } };
    expect(wayBack(fixtureGuard("prod", { rollback }))).toContain("the last rehearsal failed, 2 d ago");
  });
  test("unknown is unknown", () => expect(wayBack(undefined)).toBe("prod not looked at yet"));
});

test("a proposal says what was seen and offers the way back by name", () => {
  const proposal = { operationId: "op-1", release: 212, sentence: "Experience fails since the promotion of R-213: roll back to R-212", evidence: ["panorama exits with code 137"], at: fixtureNow };
  const text = renderText(<Proposal environment="prod" proposal={proposal} />);
  expect(text).toContain("Experience fails since the promotion of R-213: roll back to R-212 panorama exits with code 137");
  expect(text).toMatch(/Roll back prod to R-212$/);
});

describe("what is under way", () => {
  const waiting = (status: "awaiting" | "scheduled" | "queued", waits: NonNullable<Parameters<typeof fixtureOperation>[0]>["waits"], id: string = status) => fixtureOperation({ id, status, startedAt: null, note: null, waits: waits ?? null });
  test("what waits says for what, apart from what runs", () => {
    const text = renderText(
      <Running
        operations={[
          fixtureOperation(),
          waiting("awaiting", { for: "approvals", sentence: "waits for 1 more approval", until: "2026-11-21T15:06:00.000Z", position: null, estimate: null }),
          waiting("scheduled", { for: "window", sentence: "waits for the window “monthly”", until: "2026-11-21T16:06:00.000Z", position: null, estimate: null }),
          waiting("queued", { for: "turn", sentence: "behind Promote R-214 to staging", until: null, position: 2, estimate: { seconds: 120, lowSeconds: 120, highSeconds: 120 } }),
        ]}
      />,
    );
    expect(text).toContain("waits for 1 more approval · 1 h left");
    expect(text).toContain("waits for the window “monthly” · in 2 h");
    expect(text).toContain("behind Promote R-214 to staging · number 2 in line · about 2 min");
  });
  test("only what runs has a progress bar", () => {
    expect(renderHtml(<Running operations={[fixtureOperation({ status: "awaiting" })]} />)).not.toContain("<progress");
    expect(renderHtml(<Running operations={[fixtureOperation()]} />)).toContain("<progress");
  });
  test("broken glass is marked, and Vigie's own doing is not a person's", () => {
    const text = renderText(<Running operations={[fixtureOperation({ breakGlass: true, automatic: true })]} />);
    expect(text).toContain("break-glass");
    expect(text).toContain("Vigie itself");
  });
});

describe("colours of a Big Pod", () => {
  const now = Date.parse(fixtureNow);
  const standby = { workload: "core-green", replicas: 2, ready: 2, version: "v1.5.1", until: "2026-11-21T14:30:00.000Z" };
  test("the one that serves, the one that is kept and for how long", () => expect(renderText(<ColourChip now={now} colour={{ active: "blue", standby }} />)).toBe("blue serves green v1.5.1 kept 24 min more"));
  test("one that comes up says how far it is", () => expect(renderText(<ColourChip now={now} colour={{ active: "blue", standby: { ...standby, until: null, ready: 1 } }} />)).toBe("blue serves green v1.5.1 comes up · 1/2"));
  test("one that is down is not shown", () => expect(renderText(<ColourChip now={now} colour={{ active: "green", standby: { ...standby, replicas: 0, ready: 0 } }} />)).toBe("green serves"));
});
