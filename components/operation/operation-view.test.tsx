import { describe, expect, test } from "vitest";
import { OperationView } from "#components/operation/operation-view.tsx";
import { approvalRefused } from "#components/operation/approvals.tsx";
import { fixtureFullOperation, fixtureGate, fixturePlan } from "#components/plan/test-plan.ts";
import { fixtureGuard, fixtureNow, fixtureOperation, fixtureSnapshot } from "#components/query/fixtures.ts";
import { refusal } from "#components/query/permissions.tsx";
import { renderHtml, renderText } from "#components/test-render.tsx";
import type { Operation } from "#lib/contracts/operation.ts";
import type { Grant } from "#lib/domain/access.ts";

const given = { by: "Ada", actorId: "ada", at: "2026-11-21T14:03:00.000Z", expiresAt: "2026-11-21T18:03:00.000Z", note: "looked at the diff" };
const waits = (overrides: Partial<NonNullable<Operation["waits"]>>): NonNullable<Operation["waits"]> => ({ for: "approvals", sentence: "1 of 2 approvals is missing", until: null, position: null, estimate: null, ...overrides });
const awaiting = fixtureFullOperation({ status: "awaiting", startedAt: null, note: null, waits: waits({ until: "2026-11-21T18:06:00.000Z" }), approvals: { required: 2, given: [given], until: "2026-11-21T18:06:00.000Z" } });

describe("an operation that has not begun", () => {
  test("awaiting: who approved, what is missing, until when, and the button for another", () => {
    const text = renderText(<OperationView operation={awaiting} />, { actorId: "carla" });
    expect(text).toContain("1 of 2 approvals given, 1 missing");
    expect(text).toContain("Ada approved it 3 min ago : “looked at the diff”");
    expect(text).toContain("It is refused by itself when that is not complete in 4 h .");
    expect(text).toContain("bind to this very plan ( 7f3ac901aa00 )");
    expect(text).toContain("Approve “Promote R-213 to prod”");
    expect(renderHtml(<OperationView operation={awaiting} />, { actorId: "carla" })).not.toContain("<progress");
  });

  test("the requester reads why they cannot approve it", () => {
    expect(renderHtml(<OperationView operation={awaiting} />, { actorId: "rafael" })).toMatch(/aria-disabled="true" title="You asked for it: someone else has to approve it."/);
  });

  test("scheduled: when, in the environment's time, and in how long", () => {
    const guards = [fixtureGuard("prod", { window: { open: false, name: "monthly", opensAt: "2026-12-01T13:00:00.000Z", closesAt: null, timeZone: "Europe/Paris" } })];
    const operation = fixtureFullOperation({ status: "scheduled", startedAt: null, notBefore: "2026-12-01T13:00:00.000Z", waits: waits({ for: "window", sentence: "Waits for the window “monthly”", until: "2026-12-01T13:00:00.000Z" }) });
    expect(renderText(<OperationView operation={operation} />, { snapshot: fixtureSnapshot({ guards }) })).toContain("Waits for the window “monthly” Tue 1 Dec, 14:00 (Europe/Paris) · in 9 d 22 h");
  });

  test("queued: its place, behind whom, and about how long with its spread", () => {
    const ahead = fixtureOperation({ id: "op-0", environment: "prod", title: "Restart core in prod" });
    const operation = fixtureFullOperation({ id: "op-9", status: "queued", startedAt: null, waits: waits({ for: "turn", sentence: "behind Restart core in prod", position: 1, estimate: { seconds: 120, lowSeconds: 60, highSeconds: 260 } }) });
    const html = renderHtml(<OperationView operation={operation} />, { snapshot: fixtureSnapshot({ operations: [operation, ahead] }) });
    expect(html).toContain('href="/operations/op-0"');
    expect(renderText(<OperationView operation={operation} />, { snapshot: fixtureSnapshot({ operations: [operation, ahead] }) })).toContain("Next in line Behind Restart core in prod (running) . Its turn comes in about 2 min (1 min to 4 min)");
  });

  test("refused: nothing was changed, and why", () => {
    const operation = fixtureFullOperation({ status: "refused", note: "An approval ran out at 18:06.", finishedAt: fixtureNow });
    expect(renderText(<OperationView operation={operation} />)).toContain("It was not run, and nothing was changed An approval ran out at 18:06. Make a new plan");
  });
});

describe("what marks an operation", () => {
  test("break-glass, Vigie's own doing, and what it follows", () => {
    const html = renderHtml(<OperationView operation={fixtureFullOperation({ kind: "rollback", breakGlass: true, automatic: true, followsId: "op-7" })} />);
    expect(html).toContain("under break-glass: gates were overruled");
    expect(html).toContain("begun by Vigie itself");
    expect(html).toMatch(/href="\/operations\/op-7"[^>]*>undoes this operation/);
  });

  test("gates as judged when its turn came take the place of the planned ones; those after the rollout have their own list", () => {
    const gates = [fixtureGate("window", { title: "The window is open", evidence: "open until 17:00" }), fixtureGate("smoke", { phase: "after", title: "Smoke checks", verdict: "fail", evidence: "auth answered 503" })];
    const text = renderText(<OperationView operation={fixtureFullOperation({ gates, plan: fixturePlan({ gates: [fixtureGate("soak", { title: "Soaked" })] }) })} />);
    expect(text).toContain("Gates, when its turn came");
    expect(text).toContain("Gates after the rollout Smoke checks fails auth answered 503");
    expect(text).not.toContain("Soaked");
  });

  test("a proposal that follows it stands on its page", () => {
    const proposal = { operationId: "op-1", release: 212, sentence: "Experience fails since the promotion of R-213: roll back to R-212", evidence: ["panorama exits with code 137"], at: fixtureNow };
    const text = renderText(<OperationView operation={fixtureFullOperation({ status: "succeeded", finishedAt: fixtureNow })} />, { snapshot: fixtureSnapshot({ guards: [fixtureGuard("prod", { proposal })] }) });
    expect(text).toContain("Experience fails since the promotion of R-213: roll back to R-212 panorama exits with code 137");
    expect(text).toContain("Roll back prod to R-212");
  });
});

describe("who may approve", () => {
  const as = (role: Grant["role"], environments: Grant["environments"] = "*") => (action: Parameters<typeof refusal>[1], environment: string | null, doing: string) => refusal([{ role, environments: environments === "*" ? "*" : [...environments] }], action, environment, doing);
  test.each([
    ["the requester", "rafael", as("admin"), /You asked for it/],
    ["who did already", "ada", as("approver"), /approved it already/],
    ["a releaser", "carla", as("releaser"), /takes the role approver or admin/],
    ["an approver of another environment", "carla", as("approver", ["staging"]), /takes the role approver/],
  ])("%s may not", (_, actorId, refused, sentence) => expect(approvalRefused(awaiting, actorId, refused)).toMatch(sentence));
  test("another approver may", () => expect(approvalRefused(awaiting, "carla", as("approver", ["prod"]))).toBeNull());
});
