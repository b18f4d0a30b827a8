import { describe, expect, test } from "vitest";
import type { Drift } from "#lib/contracts/drift.ts";
import { displayedState } from "#lib/domain/freshness.ts";
import type { Problem } from "#lib/domain/problems.ts";
import { ServiceList } from "#components/big-pod/service-list.tsx";
import { AdoptDialog } from "#components/drift/adopt-dialog.tsx";
import { Attention } from "#components/overview/attention.tsx";
import { PipelineCell } from "#components/overview/pipeline-cell.tsx";
import { fixtureGuard, fixtureNow, fixtureService, fixtureState } from "#components/query/fixtures.ts";
import { renderHtml, renderText } from "#components/test-render.tsx";

const drift: Drift = {
  bigPod: "core", since: "2026-11-21T14:03:00.000Z", by: "kubectl-set, not through Vigie", differences: ["auth v1.5.1 → v1.6.0", "core-config: LOG_LEVEL"],
  wanted: { at: "2026-11-20T09:00:00.000Z", by: "Rafael (promotion)", operationId: "op-1", adopted: false }, back: { kind: "rollback", release: 212 }, mark: "0123456789abcdef",
};
const attention = (given: Drift, problems: Problem[] = []) => <Attention incidents={[]} problems={problems} guards={[fixtureGuard("prod", { drift: [given] })]} titleOf={() => "Core"} actionOf={() => null} />;
const vera = { grants: [{ role: "viewer" as const, environments: "*" as const }] };
const now = new Date(fixtureNow);
const shown = (overrides: Parameters<typeof fixtureState>[3]) => displayedState(fixtureState("prod", "core", "v1.5.1", overrides), [], fixtureNow, now);

describe("a drift among what needs attention", () => {
  test("what, by whom, since when, what it should be, and the choice", () => {
    const text = renderText(attention(drift));
    expect(text).toContain("Core, prod drifted");
    expect(text).toContain("auth v1.5.1 → v1.6.0 core-config: LOG_LEVEL");
    expect(text).toContain("by kubectl-set, not through Vigie");
    expect(text).toContain("Rafael (promotion)");
    expect(text).toMatch(/Return Core in prod to R-212 Adopt what runs…$/);
  });
  test("where only the number of pods differs, that is what it returns to", () => expect(renderText(attention({ ...drift, back: { kind: "scale", replicas: 2 } }))).toContain("Return Core in prod to 2 pods"));
  test("where no release holds it, no button pretends to", () => {
    const text = renderText(attention({ ...drift, back: null }));
    expect(text).toContain("No release holds what is wanted");
    expect(text).not.toContain("Return Core");
  });
  test("who may do neither is told so", () => {
    const html = renderHtml(attention(drift), vera);
    expect(html.match(/aria-disabled="true"/g)).toHaveLength(2);
  });
  test("what would help stands beside the reason, unless it is the same", () => {
    const problem: Problem = { id: "prod/core", environment: "prod", bigPod: "core", status: "broken", cause: "it is broken", since: fixtureNow, evidence: [], remedy: { kind: "by-hand", why: "Look" }, help: "Raise the limit." };
    expect(renderText(attention(drift, [problem]))).toContain("Look. What would help: Raise the limit.");
    expect(renderText(attention(drift, [{ ...problem, help: "Look." }]))).not.toContain("What would help");
  });
});

describe("a drift on its tile", () => {
  const tile = (stale: boolean, given: Drift | null) => {
    const state = shown({});
    return renderText(<table><tbody><tr><PipelineCell bigPod={{ name: "core", title: "Core" }} environment={{ name: "prod", title: "prod" }} state={stale ? state : { ...state, stale: null, status: "healthy" }} drift={given} /></tr></tbody></table>);
  };
  test("in a few words", () => expect(tile(false, drift)).toContain("drifted: auth v1.5.1 → v1.6.0 and 1 more"));
  test("none, nothing", () => expect(tile(false, null)).not.toContain("drifted"));
  test("of what is not seen now nothing is claimed", () => expect(tile(true, drift)).not.toContain("drifted"));
});

test("adopting asks for a reason first, and says what it means", () => {
  const html = renderHtml(<AdoptDialog environment="prod" drift={drift} title="Core" onClose={() => undefined} />);
  expect(html).toContain("From now on this is what is wanted there");
  expect(html).toContain("Say why it is wanted");
});

test("sources that contradict each other are told with their words, per pod; those that agree are not", () => {
  const state = shown({});
  const said = (status: "up" | "down") => fixtureService("auth", { status: "down", accounts: [{ source: "supervisor", status: "down", detail: "FATAL" }, { source: "health", status, detail: null }] });
  const [first, second] = state.pods;
  if (!first || !second) throw new Error("the fixture has two pods");
  const of = (pods: typeof state.pods) => renderText(<ServiceList state={{ ...state, stale: null, services: [fixtureService("auth", { status: "down" })], pods }} />);
  expect(of([{ ...first, services: [said("up")] }, { ...second, services: [said("down")] }])).toContain(`They disagree in ${first.name}: its supervisor says down (FATAL), its health endpoint says up`);
  expect(of([{ ...second, services: [said("down")] }])).not.toContain("disagree");
});
