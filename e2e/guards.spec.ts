import { test as base, expect } from "@playwright/test";
import type { Page } from "@playwright/test";
import pg from "pg";
import { axeFindings } from "#e2e/axe.ts";
import { signIn } from "#e2e/fixtures.ts";
import type { PersonName } from "#e2e/fixtures.ts";
import { BreakGlassDialog, GuardsPage, OperationPage, OverviewPage, PlanDialog } from "#e2e/pages.ts";
import { startGuardedPortal } from "#e2e/guarded-portal.ts";
import type { GuardedPortal } from "#e2e/guarded-portal.ts";

type As = (person: PersonName, options?: { colorScheme?: "light" | "dark"; width?: number }) => Promise<Page>;

const test = base.extend<{ as: As }, { portal: GuardedPortal }>({
  portal: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of the fixtures from this pattern
    async ({}, use) => {
      const portal = await startGuardedPortal();
      await use(portal);
      await portal.stop();
    },
    { scope: "worker", timeout: 300_000 },
  ],
  as: async ({ browser, portal }, use) => {
    const complaints: string[] = [];
    const opened: Page[] = [];
    await use(async (person, options = {}) => {
      const context = await browser.newContext({ viewport: { width: options.width ?? 1440, height: 900 }, colorScheme: options.colorScheme ?? "dark", baseURL: portal.url, timezoneId: "America/New_York" });
      const page = await context.newPage();
      page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
      await signIn(page, portal.url, person);
      opened.push(page);
      return page;
    });
    await Promise.all(opened.map((page) => page.context().close()));
    expect(complaints).toEqual([]);
  },
});

test.describe("guards: what holds a promotion back, who lets it go on, and who looks at it afterwards", () => {
  test.describe.configure({ mode: "serial" });

  test("the guards page says the configuration in words, with the next opening in both zones", async ({ as }) => {
    const guards = await new GuardsPage(await as("Rafael")).open();
    await expect(guards.of("staging")).toContainText(/evening: every day \d\d:\d\d–\d\d:\d\d UTC/);
    await expect(guards.of("staging")).toContainText(/next .*\(UTC; .* here\)/);
    await expect(guards.of("prod")).toContainText("1 person other than who asks; an approval holds for 30 min");
    expect(await axeFindings(guards.page)).toEqual([]);
  });

  test("a promotion outside its window is scheduled: it waits in sight, with a countdown, and can be called off", async ({ as }) => {
    const overview = await new OverviewPage(await as("Rafael")).open();
    await expect(overview.verdict).toHaveText("Production is well", { timeout: 60_000 });
    await expect(overview.guards("staging")).toContainText(/opens /);
    await overview.promote(/^Promote R-\d+ to staging$/).click();
    const plan = new PlanDialog(overview.page);
    await expect(plan.gate("window")).toContainText("not yet: it waits for this");
    expect(await axeFindings(overview.page)).toEqual([]);
    await plan.confirm(/^Schedule for .*\(UTC; .* here\)$/);
    const operation = new OperationPage(overview.page);
    await operation.expectOutcome("scheduled");
    await expect(operation.waits).toContainText(/in (1 h|2 h)/);
    expect(await axeFindings(operation.page)).toEqual([]);
    await overview.open();
    await expect(overview.waiting("scheduled")).toContainText(/Promote R-\d+ to staging/);
    await overview.waiting("scheduled").getByRole("link").click();
    await operation.abort();
    await operation.expectOutcome("aborted");
  });

  test("a promotion that wants approval is asked for; who asked cannot approve it, another can, and then it runs", async ({ as }) => {
    const overview = await new OverviewPage(await as("Rafael")).open();
    await overview.promote(/^Promote R-\d+ to prod$/).click();
    await new PlanDialog(overview.page).confirm(/^Ask for approval to promote R-\d+ to prod$/);
    const mine = new OperationPage(overview.page);
    await mine.expectOutcome("awaiting");
    await expect(mine.waits).toContainText("0 of 1 approval given, 1 missing");
    await expect(mine.waits.getByRole("button", { name: "Approve" })).toHaveAttribute("aria-disabled", "true");
    await expect(mine.waits).toContainText("You asked for it: someone else has to approve it.");

    const ada = await as("Ada");
    await ada.goto("/operations?show=waiting");
    await ada.getByRole("link", { name: /Promote R-\d+ to prod/ }).click();
    const theirs = new OperationPage(ada);
    await theirs.approve("looked at the difference");
    await theirs.expectOutcome("succeeded");
    await mine.expectOutcome("succeeded");
    await expect(mine.page.getByRole("list", { name: "Approvals" })).toContainText("looked at the difference");
    await overview.open();
    await expect(overview.cell("experience", "prod")).toContainText("v2.3.0");
  });

  test("break-glass: overruled in the plan, loud on every page, reviewed by someone else", async ({ as, portal }) => {
    const overview = await new OverviewPage(await as("Rafael")).open();
    await overview.promote(/^Promote R-\d+ to staging$/).click();
    const plan = new PlanDialog(overview.page);
    await plan.dialog.getByRole("button", { name: "Overrule with break-glass…" }).click();
    const glass = new BreakGlassDialog(overview.page);
    await expect(glass.dialog).toContainText("Here it overrules");
    expect(await axeFindings(overview.page)).toEqual([]);
    await glass.open("the map tiles are broken for everybody");
    await expect(plan.gate("window")).toContainText("overruled by break-glass");
    await expect(plan.dialog).toContainText("gates are overruled, and someone else will review it");
    await plan.confirm(/^Promote R-\d+ to staging$/);
    const operation = new OperationPage(overview.page);
    await operation.expectOutcome("succeeded");
    await expect(operation.page.locator("[data-break-glass-mark]")).toBeVisible();
    for (const path of ["/", "/operations", "/releases", "/audit", "/settings", "/guards"]) {
      await overview.page.goto(path);
      await expect(overview.breakGlass).toContainText("the map tiles are broken for everybody");
    }
    expect(await axeFindings(overview.page)).toEqual([]);

    await endBreakGlass(portal);
    const ada = await new OverviewPage(await as("Ada")).open();
    await expect(ada.breakGlass).toHaveCount(0, { timeout: 60_000 });
    const review = ada.page.getByRole("list", { name: "Break-glass uses to review" });
    await expect(review).toContainText("1 operation to look at, by someone else");
    await review.getByRole("button", { name: "Review…" }).click();
    await ada.page.getByLabel("What you found").fill("as said: tiles only");
    await ada.page.getByRole("button", { name: "Close the review" }).click();
    await expect(review).toHaveCount(0, { timeout: 60_000 });
    const guards = await new GuardsPage(ada.page).open();
    await expect(guards.page.getByRole("list", { name: "Uses of break-glass" })).toContainText("as said: tiles only");
  });

  for (const colorScheme of ["dark", "light"] as const) {
    test(`nothing scrolls sideways at 360 px, and axe finds nothing there (${colorScheme})`, async ({ as }) => {
      const page = await as("Rafael", { width: 360, colorScheme });
      for (const path of ["/", "/guards", "/operations?show=waiting", "/?do=break-glass:prod"]) {
        await page.goto(path);
        await expect(page.getByRole("heading", { level: 1 }).first()).toBeAttached();
        if (path.includes("do=")) await expect(page.getByRole("dialog")).toBeVisible();
        expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(360);
        expect(await axeFindings(page), path).toEqual([]);
      }
    });
  }
});

/** A quarter of an hour passes: the use is over, and may be reviewed. */
async function endBreakGlass({ stack }: GuardedPortal): Promise<void> {
  const client = new pg.Client({ connectionString: stack.databaseUrl });
  await client.connect();
  try {
    await client.query("UPDATE break_glass SET expires_at = clock_timestamp() WHERE reviewed_at IS NULL");
  } finally {
    await client.end();
  }
}
