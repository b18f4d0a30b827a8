import { describe, expect, test } from "vitest";
import { pipelineGaps } from "#components/overview/gaps.ts";
import { displayedStates } from "#components/query/view.ts";
import { fixtureGuard, fixtureNow, fixtureOperation, fixtureSnapshot, fixtureSource, fixtureState } from "#components/query/fixtures.ts";
import type { PlatformSnapshot } from "#lib/contracts/state.ts";

const may = () => null;

function gapToProd(snapshot: PlatformSnapshot, refused: () => string | null = may) {
  const live = { connection: "open" as const, heardAt: snapshot.now, workerSeenAt: snapshot.workerSeenAt };
  const gap = pipelineGaps(snapshot, displayedStates(snapshot, live, Date.parse(fixtureNow), new WeakMap()), refused)[1];
  if (!gap?.promote) throw new Error("staging → prod has a promotion");
  return { ...gap, promote: gap.promote };
}

function well(overrides: Partial<PlatformSnapshot> = {}): PlatformSnapshot {
  const base = fixtureSnapshot({ operations: [] });
  const states = base.states.map((state) => {
    if (state.bigPod === "core" && state.environment === "staging") return fixtureState("staging", "core", "v1.5.2");
    return state.bigPod === "experience" && state.environment === "prod" ? fixtureState("prod", "experience", "v2.3.0") : state;
  });
  return { ...base, states, ...overrides };
}

describe("between staging and prod", () => {
  test("what differs is told and may be promoted", () => {
    const gap = gapToProd(well());
    expect(gap.summary).toBe("1 image differs");
    expect(gap.lines).toEqual({ core: ["v1.5.1 → v1.5.2"], experience: [], commerce: [] });
    expect(gap.promote).toEqual({ request: { kind: "promotion", from: "staging", to: "prod" }, title: "Promote R-214 to prod", short: "Promote R-214 →", disabledBecause: null });
  });

  test("a source environment that is not healthy says so", () => {
    expect(gapToProd(fixtureSnapshot({ operations: [] })).promote.disabledBecause).toMatch(/core in staging is rolling out/);
  });

  test("an operation in the target is no obstacle: the plan offers to queue behind it", () => {
    const running = well({ operations: [fixtureOperation({ environment: "prod", title: "Roll back prod to R-212" })] });
    expect(gapToProd(running).promote.disabledBecause).toBeNull();
  });

  test("a shut window and missing approvals are no obstacle: the plan offers to wait", () => {
    const guard = fixtureGuard("prod", { approvalsRequired: 2, window: { open: false, name: "monthly", opensAt: "2026-12-01T13:00:00.000Z", closesAt: null, timeZone: "Europe/Paris" } });
    expect(gapToProd(well({ guards: [guard] })).promote.disabledBecause).toBeNull();
  });

  test("a release in quarantine is not promoted again until that is lifted", () => {
    const guard = fixtureGuard("prod", { quarantined: [{ release: 214, reason: "panorama kept crashing", at: fixtureNow }] });
    expect(gapToProd(well({ guards: [guard] })).promote.disabledBecause).toBe("R-214 is in quarantine for prod: panorama kept crashing. It can be promoted once that is lifted (Releases).");
  });

  test("under break-glass an unhealthy source leaves the choice to the plan", () => {
    const breakGlass = { id: "bg-1", by: "Rafael", reason: "payments are down", openedAt: fixtureNow, expiresAt: "2026-11-21T14:20:00.000Z" };
    const unwell = fixtureSnapshot({ operations: [], guards: [fixtureGuard("prod", { breakGlass })] });
    expect(gapToProd(unwell).promote.disabledBecause).toBeNull();
    expect(gapToProd({ ...unwell, now: "2026-11-21T14:20:00.000Z" }).promote.disabledBecause).not.toBeNull();
  });

  test("a target that cannot be seen is never promoted to", () => {
    const blind = well({ sources: [fixtureSource("dev"), fixtureSource("staging"), fixtureSource("prod", { status: "down", reason: "connection refused", contactAt: "2026-11-21T14:05:00.000Z" })] });
    expect(gapToProd(blind).promote.disabledBecause).toMatch(/prod cannot be seen now/);
  });

  test("nothing that differs is nothing to promote", () => {
    const same = well();
    const states = same.states.map((state) => (state.bigPod === "core" && state.environment === "prod" ? fixtureState("prod", "core", "v1.5.2") : state));
    const gap = gapToProd({ ...same, states });
    expect(gap.summary).toBe("the same");
    expect(gap.promote.disabledBecause).toBe("prod already runs the same images as staging.");
  });

  test("a role that may not comes first", () => {
    expect(gapToProd(well(), () => "Promoting to prod takes the role releaser.").promote.disabledBecause).toBe("Promoting to prod takes the role releaser.");
  });
});
