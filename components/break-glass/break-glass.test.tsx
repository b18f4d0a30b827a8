import { describe, expect, test } from "vitest";
import { BreakGlassBar } from "#components/break-glass/break-glass-bar.tsx";
import { BreakGlassDialog } from "#components/break-glass/break-glass-dialog.tsx";
import { BreakGlassUses } from "#components/break-glass/break-glass-uses.tsx";
import { OpenReviews } from "#components/break-glass/open-reviews.tsx";
import { ReviewDialog } from "#components/break-glass/review-dialog.tsx";
import { fixtureGuard, fixtureNow, fixtureSnapshot } from "#components/query/fixtures.ts";
import { renderHtml, renderText } from "#components/test-render.tsx";

const nothing = () => undefined;
const breakGlass = { id: "bg-1", by: "Rafael", reason: "payments fail for everybody", openedAt: fixtureNow, expiresAt: "2026-11-21T14:18:30.000Z" };
const review = { id: "bg-0", by: "Rafael", reason: "the certificate ran out", openedAt: "2026-11-21T12:06:00.000Z", operations: 2 };

describe("the bar on every page", () => {
  test("who, where, why, until when", () => {
    expect(renderText(<BreakGlassBar guards={[fixtureGuard("prod", { breakGlass })]} />)).toBe("Break-glass in prod : Rafael overrules its gates. “payments fail for everybody” 12 min 30 s left");
  });
  test("it is gone when its time is", () => {
    expect(renderHtml(<BreakGlassBar guards={[fixtureGuard("prod", { breakGlass: { ...breakGlass, expiresAt: fixtureNow } })]} />)).toBe("");
  });
});

describe("reviews", () => {
  test("what nobody has looked at is listed; what still runs is not reviewed yet", () => {
    const running = { id: "bg-1", by: "Rafael", reason: "payments", openedAt: fixtureNow, operations: 0 };
    const text = renderText(<OpenReviews guards={[fixtureGuard("prod", { breakGlass, openReviews: [review, running] })]} />);
    expect(text).toContain("Rafael broke the glass of prod 2 h ago , “the certificate ran out” · 2 operations to look at, by someone else Review…");
    expect(text).not.toContain("payments");
  });
  test("whoever opened it cannot close it", () => {
    const dialog = <ReviewDialog review={{ ...review, environment: "prod", actorId: "rafael" }} onClose={nothing} />;
    expect(renderText(dialog, { actorId: "rafael" })).toContain("You opened it: someone else has to review it.");
    expect(renderText(dialog, { actorId: "ada" })).toContain("Say what you found: at least three letters.");
    expect(renderText(dialog, { actorId: "ada", grants: [{ role: "responder", environments: "*" }] })).toContain("takes the role approver or admin");
  });
  test("a use tells what was begun under it and who looked at it", () => {
    const use = { id: "bg-0", environment: "prod", by: "Rafael", actorId: "rafael", reason: "the certificate ran out", openedAt: review.openedAt, expiresAt: review.openedAt, operations: [{ id: "op-4", title: "Promote R-213 to prod" }], review: null };
    const snapshot = fixtureSnapshot({ guards: [fixtureGuard("prod", { openReviews: [review] })] });
    expect(renderText(<BreakGlassUses uses={[use]} />, { snapshot })).toContain("to be reviewed Rafael in prod, 2 h ago : “the certificate ran out” Promote R-213 to prod Review…");
    const reviewed = { ...use, review: { by: "Ada", at: fixtureNow, note: "as said" } };
    expect(renderText(<BreakGlassUses uses={[reviewed]} />, { snapshot })).toContain("Ada looked at it just now : “as said”");
    expect(renderText(<BreakGlassUses uses={[]} />)).toBe("Nobody has broken the glass");
  });
});

describe("the dialog that opens it", () => {
  test("says what it overrules, for how long, that it is reviewed, and wants a reason", () => {
    const text = renderText(<BreakGlassDialog environment="prod" overrules={["The window is open"]} onOpened={nothing} onClose={nothing} />);
    expect(text).toContain("For 15 minutes");
    expect(text).toContain("Here it overrules: The window is open");
    expect(text).toContain("Someone else reviews what you did");
    expect(text).toContain("A reason of at least 10 letters goes into the audit log.");
  });
  test("refuses who may not", () => {
    expect(renderText(<BreakGlassDialog environment="prod" onOpened={nothing} onClose={nothing} />, { grants: [{ role: "releaser", environments: "*" }] })).toContain("Break-glass in prod takes the role responder or admin.");
  });
});
