import type { Locator, Page } from "@playwright/test";
import { axeFindings } from "#e2e/axe.ts";
import { expect, test } from "#e2e/fixtures.ts";

const paths = ["/", "/big-pods/prod/experience", "/operations", "/releases?environment=prod", "/guards", "/audit", "/audit?outcome=allowed&range=7d", "/audit/report", "/settings", "/?plan=promotion:staging:prod"];

for (const colorScheme of ["dark", "light"] as const) {
  for (const path of paths) {
    test(`axe finds nothing on ${path} (${colorScheme})`, async ({ as }) => {
      const page = await as("Ada", { colorScheme });
      await page.goto(path);
      await expect(page.getByRole("heading", { level: 1 }).first()).toBeAttached();
      if (path.includes("plan=")) await expect(page.getByRole("dialog").getByLabel(/Reason/)).toBeVisible();
      expect(await axeFindings(page)).toEqual([]);
    });
  }
}

for (const path of paths) {
  test(`nothing scrolls sideways at 360 px on ${path}`, async ({ as }) => {
    const page = await as("Ada", { width: 360 });
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 }).first()).toBeAttached();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  });
}

async function openedPalette(page: Page): Promise<Locator> {
  await page.goto("/");
  await expect(page.locator('[data-live="live"]')).toBeVisible();
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog");
  await expect(palette.getByRole("combobox")).toBeFocused();
  return palette;
}

test("the keyboard alone reaches the plan and leaves it again", async ({ as }) => {
  const page = await as("Rafael");
  await openedPalette(page);
  await page.keyboard.type("promote");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog").getByLabel(/Reason/)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("the palette puts what fits best first, whatever it does, and lists everything again once the search is gone", async ({ as }) => {
  const page = await as("Rafael");
  const palette = await openedPalette(page);
  const search = palette.getByRole("combobox");
  const chosen = palette.getByRole("option", { selected: true });
  await search.fill("core prod");
  await expect(palette.getByRole("option").first()).toHaveText(/^Core in prod/);
  await expect(chosen).toHaveText(/^Core in prod/);
  await search.fill("");
  await expect(palette.getByText("Go to", { exact: true })).toBeVisible();
  await expect(chosen).toHaveCount(1);
  await expect(palette.getByRole("option").first()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.type("xyzzy");
  await expect(palette.getByText("Nothing here is called that.")).toBeVisible();
  await search.fill("");
  await page.keyboard.type("restart core pro");
  await expect(chosen).toHaveText("Restart Core in prod");
  await search.fill("");
  await page.keyboard.type("core prod");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/[/]big-pods[/]prod[/]core$/);
});

test("a press before the page is alive is done once it is: the last one, and once", async ({ as }) => {
  const page = await as("Rafael");
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  // A slow machine, made certain: nothing of the application arrives before it is let go.
  await page.route("**/_next/static/**/*.js", async (route) => {
    await released;
    await route.continue();
  });
  await page.goto("/", { waitUntil: "commit" });
  await page.getByRole("button", { name: /^Promote R-\d+ to staging$/ }).click();
  await page.getByRole("button", { name: /^Promote R-\d+ to prod$/ }).click();
  expect(page.url()).not.toContain("plan=");
  release();
  await expect(page.getByRole("dialog").getByLabel(/Reason/)).toBeVisible();
  await expect(page).toHaveURL(/[?]plan=promotion:staging:prod$/);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});
