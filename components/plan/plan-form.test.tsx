import { describe, expect, test } from "vitest";
import { fixtureGate, fixturePlan } from "#components/plan/test-plan.ts";
import { PlanForm } from "#components/plan/plan-form.tsx";
import { fixtureGuard, fixtureNow, fixtureSnapshot } from "#components/query/fixtures.ts";
import { renderHtml, renderText } from "#components/test-render.tsx";
import type { Plan } from "#lib/contracts/operation.ts";

const nothing = () => undefined;
const form = (plan: Plan) => <PlanForm plan={plan} moved={null} error={null} sending={false} onConfirm={nothing} onPlanAgain={nothing} onClose={nothing} />;
const shut = fixtureGate("window", { title: "The window is open", verdict: "fail", evidence: "opens Tue 1 Dec", rule: "monthly: first tuesday 14:00–17:00 Europe/Paris" });
const missing = fixtureGate("images-present", { title: "The images exist for the nodes", verdict: "error", evidence: "ghcr.io does not answer" });

describe("the plan dialog", () => {
  test("gates that pass are one line; the others stand open with verdict, evidence and rule", () => {
    const html = renderHtml(form(fixturePlan({ ready: false, gates: [...fixturePlan().gates, shut], start: { how: "refused", waits: [] } })));
    expect(html).toMatch(/<details[^>]*data-gates-passed="2"/);
    expect(html.indexOf('data-gate="window"')).toBeLessThan(html.indexOf("<details"));
    const text = renderText(form(fixturePlan({ ready: false, gates: [shut], start: { how: "refused", waits: [] } })));
    expect(text).toContain("The window is open fails opens Tue 1 Dec");
    expect(text).toContain("monthly: first tuesday 14:00–17:00 Europe/Paris , copy rule of The window is open");
  });

  test("an overruled gate keeps its verdict and is loud, and so is the dialog", () => {
    const breakGlass = { id: "bg-1", by: "Rafael", reason: "payments fail for everybody", openedAt: fixtureNow, expiresAt: "2026-11-21T14:18:30.000Z" };
    const plan = fixturePlan({ gates: [{ ...shut, overruled: true }], breakGlassId: "bg-1" });
    const text = renderText(form(plan), { snapshot: fixtureSnapshot({ guards: [fixtureGuard("prod", { breakGlass })] }) });
    expect(text).toContain("Break-glass in prod : gates are overruled, and someone else will review it. “payments fail for everybody” ends in 12 min 30 s");
    expect(text).toContain("The window is open fails overruled by break-glass");
    expect(text).not.toContain("Overrule with break-glass");
  });

  test("what it waits for and what follows is told before the button that starts it", () => {
    const plan = fixturePlan({ ready: false, gates: [shut], start: { how: "waits", waits: [{ for: "approvals", sentence: "2 approvals by others", until: null }, { for: "window", sentence: "the window “monthly”", until: "2026-12-01T13:00:00.000Z" }] }, afterwards: ["It is watched for 15 minutes."] });
    const text = renderText(form(plan), { snapshot: fixtureSnapshot({ guards: [fixtureGuard("prod", { window: { open: false, name: "monthly", opensAt: "2026-12-01T13:00:00.000Z", closesAt: null, timeZone: "Europe/Paris" } })] }) });
    expect(text).toContain("It waits, then begins by itself: 2 approvals by others the window “monthly” Afterwards It is watched for 15 minutes.");
    expect(text).toContain("The window is open not yet: it waits for this opens Tue 1 Dec");
    expect(text).toMatch(/Ask for approval to promote R-213 to prod, scheduled for Tue 1 Dec, 14:00 \(Europe\/Paris\)$/);
  });

  test("break-glass is offered to those who may, when it helps", () => {
    const refused = (gates: Plan["gates"]) => form(fixturePlan({ ready: false, gates, start: { how: "refused", waits: [] } }));
    expect(renderText(refused([shut]))).toContain("Overrule with break-glass… On call and it cannot wait");
    expect(renderText(refused([shut, missing]))).toContain("Overrules The window is open; the others stay.");
    expect(renderText(refused([missing]))).not.toContain("Overrule with");
    expect(renderText(refused([shut]), { grants: [{ role: "releaser", environments: "*" }] })).not.toContain("Overrule with");
  });

  test("a role that may not is told so, and the button stays readable", () => {
    const html = renderHtml(form(fixturePlan()), { grants: [{ role: "viewer", environments: "*" }] });
    expect(html).toMatch(/aria-disabled="true"[^>]*title="This in prod takes the role releaser or responder or admin/);
  });

  test("blue-green says what each Big Pod gets", () => {
    const changes = fixturePlan().changes.map((change) => (change.bigPod === "core" ? { ...change, how: "green is brought up with 2 pods and verified, then the Service switches; blue is kept 30 minutes" } : change));
    const text = renderText(form(fixturePlan({ strategy: "blue-green", changes })));
    expect(text).toContain("staging runs R-213 · blue-green · plan 7f3a·c901");
    expect(text).toContain("green is brought up with 2 pods and verified, then the Service switches; blue is kept 30 minutes");
  });

  test.each([[null, "network", "the pods go on running as they are"], [{ from: 2, to: 0 }, "scale-to-zero", "how many pods it had is remembered"]] as const)("an isolation says what is saved, cut and kept (%j)", (replicas, how, kept) => {
    const plan = fixturePlan({ kind: "isolate", title: "Isolate core in prod", from: null, release: null, changes: [{ bigPod: "core", effect: "isolate", images: [], config: [], template: [], replicas, how: "first its logs are saved" }] });
    const text = renderText(form(plan));
    expect(text).toMatch(/Saved first logs of every container.*Values of environment variables are left out\. Cut .+ Kept /);
    expect(text).toContain(kept);
    expect(renderHtml(form(plan))).toContain(`data-isolation="${how}"`);
    expect(renderText(form(fixturePlan()))).not.toContain("Saved first");
  });
});
