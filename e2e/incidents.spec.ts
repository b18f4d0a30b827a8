import type { Page } from "@playwright/test";
import { axeFindings } from "#e2e/axe.ts";
import { expect, test } from "#e2e/fixtures.ts";
import { IncidentPage, IncidentsPage } from "#e2e/incident-pages.ts";
import { OverviewPage, PlanDialog } from "#e2e/pages.ts";

/** The number of the incident that is open in prod for Experience, from the row that shows it. */
async function openedNumber(page: Page): Promise<number> {
  const row = page.locator("[data-incident-row]").filter({ hasText: "Experience, prod" }).first();
  await expect(row).toBeVisible({ timeout: 120_000 });
  return Number(await row.getAttribute("data-incident-row"));
}

test.describe("an incident at night: understood at a glance, undone in two clicks", () => {
  test.describe.configure({ mode: "serial", timeout: 300_000 });
  let number = 0;

  test("nothing is open, and that is said in so many words", async ({ as }) => {
    const list = await new IncidentsPage(await as("Rafael")).open();
    await expect(list.nothingOpen).toContainText("No incident is open");
    await expect(list.page.locator("[data-number]").first()).toContainText("too few to say");
    await list.open("?status=resolved");
    await expect(list.page.locator('[data-absence="empty"]')).toContainText("No incident has ended yet");
    expect(await axeFindings(list.page)).toEqual([]);
  });

  test("a bad release breaks a process: the incident opens on every screen without a reload, with that release as its first suspect", async ({ as, portal }) => {
    const page = await as("Rafael");
    const list = await new IncidentsPage(page).open();
    await expect(page.locator('[data-live="live"]')).toBeVisible();
    const overview = await new OverviewPage(await as("Vera")).open();
    await fetch(`${portal.sandbox.console}/api/faults/release`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ environment: "prod", kind: "fatal" }) });
    number = await openedNumber(list.page);
    await expect(page.locator("[data-open-incidents]")).toBeVisible();
    await expect(page).toHaveTitle(/^\(\d+\) Incidents/);
    await expect(overview.page.getByRole("link", { name: `Open incident ${number}` })).toBeVisible();
    await expect(page.getByText(new RegExp(`Incident ${number} opened in prod`))).toBeAttached();
    const incident = await new IncidentPage(page).open(number);
    await incident.expectStatus("open");
    await expect(incident.suspect(1)).toContainText(/v2\.4\.0-fatal/, { timeout: 60_000 });
    await expect(incident.remedy).toContainText("the plan is shown first", { ignoreCase: true });
  });

  test("it is acknowledged by the keyboard alone, and somebody else sees it at once", async ({ as }) => {
    const mine = await new IncidentPage(await as("Rafael")).open(number);
    const theirs = await new IncidentPage(await as("Vera")).open(number);
    await expect(mine.page.locator('[data-live="live"]')).toBeVisible();
    await mine.page.keyboard.press("Control+k");
    await expect(mine.page.getByRole("dialog").getByRole("combobox")).toBeFocused();
    await mine.page.keyboard.type(`acknowledge incident ${number}`);
    await mine.page.keyboard.press("Enter");
    const confirm = mine.page.getByRole("dialog").getByRole("button", { name: `Acknowledge incident ${number}` });
    await expect(confirm).toBeFocused();
    await mine.page.keyboard.press("Enter");
    await mine.expectStatus("acknowledged");
    await theirs.expectStatus("acknowledged");
    await expect(theirs.head).toContainText("Rafael, releaser is on it");
    await expect(theirs.page.getByRole("button", { name: new RegExp(`^Take incident ${number} over from Rafael`) })).toHaveAttribute("aria-disabled", "true");
  });

  test("a note stands in the timeline for everybody, and its time is a link to it", async ({ as }) => {
    const mine = await new IncidentPage(await as("Rafael")).open(number);
    const theirs = await new IncidentPage(await as("Vera")).open(number);
    await expect(theirs.page.locator('[data-live="live"]')).toBeVisible();
    await mine.note("Tiles are slow in Paris <b>too</b>");
    await expect(mine.timeline).toContainText("Tiles are slow in Paris <b>too</b>");
    await expect(theirs.timeline).toContainText("Tiles are slow in Paris");
    const entry = mine.timeline.locator('[data-kind="note"]').first();
    const anchor = await entry.getAttribute("id");
    await mine.page.goto(`/incidents/${number}?order=oldest&zone=utc#${anchor}`);
    await expect(mine.page.locator(`#${anchor}`)).toHaveAttribute("aria-current", "location");
    await expect(mine.page.locator(`#${anchor}`)).toBeInViewport();
  });

  test("two clicks roll back, with the reason filled in; recovery is verified in sight, and the incident ends", async ({ as, sandbox: _sandbox }) => {
    const incident = await new IncidentPage(await as("Rafael")).open(number);
    await incident.remedy.getByRole("button", { name: /^Roll back prod to R-\d+$/ }).click();
    const plan = new PlanDialog(incident.page);
    await expect(plan.dialog.getByLabel(/Reason/)).toHaveValue(new RegExp(`^Incident ${number}`));
    await plan.confirm(/^Roll back .*prod to R-\d+$/);
    await expect(incident.page).toHaveURL(new RegExp(`/incidents/${number}$`));
    await expect(incident.page.locator("[data-recovery]")).toBeVisible({ timeout: 120_000 });
    await incident.page.locator('[data-recovery="recovered"]').or(incident.page.locator('[data-incident-status="resolved"]')).first().waitFor({ timeout: 240_000 });
    await expect(incident.timeline).toContainText(/Roll back .*prod to R-\d+/);
  });

  test("one is opened, taken and resolved by hand, and merged is told from resolved", async ({ as }) => {
    const list = await new IncidentsPage(await as("Rafael")).open();
    const incident = await list.openByHand("Customers see old prices", "staging");
    await expect(incident.head).toContainText("opened by a person");
    await incident.page.getByRole("button", { name: /^Take incident/ }).click();
    await expect(incident.head).toContainText("Rafael, releaser is on it");
    await incident.page.getByRole("button", { name: /^Resolve incident \d+…$/ }).click();
    await incident.page.getByLabel("What ended it").fill("the cache was emptied");
    await incident.page.getByRole("dialog").getByRole("button", { name: /^Resolve incident/ }).click();
    await incident.expectStatus("resolved");
    await expect(incident.timeline).toContainText("the cache was emptied");
    await list.open("?status=resolved&environment=staging");
    await expect(list.rows.filter({ hasText: "Customers see old prices" })).toContainText("by Rafael");
  });

  for (const colorScheme of ["dark", "light"] as const) {
    test(`axe finds nothing, and nothing scrolls sideways at 360 px (${colorScheme})`, async ({ as }) => {
      const paths = ["/incidents?status=all", `/incidents/${number}`, "/?do=open-incident", `/incidents/${number}?filter=people&order=oldest`];
      for (const width of [360, 1440]) {
        const page = await as("Rafael", { width, colorScheme });
        for (const path of paths) {
          await page.goto(path);
          await expect(page.getByRole("heading", { level: 1 }).first()).toBeAttached();
          if (path.includes("do=")) await expect(page.getByRole("dialog")).toBeVisible();
          expect(await page.evaluate(() => document.documentElement.scrollWidth), `${path} at ${width}`).toBeLessThanOrEqual(width);
          expect(await axeFindings(page), `${path} at ${width}`).toEqual([]);
        }
      }
    });
  }

  test("on a phone what is seldom wanted is behind More", async ({ as }) => {
    const page = await as("Rafael", { width: 360 });
    await page.goto("/incidents");
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("link", { name: "Guards" }).last().click();
    await expect(page.getByRole("heading", { level: 1, name: "Guards" })).toBeVisible();
  });
});
