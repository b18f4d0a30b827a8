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

test("the keyboard alone reaches the plan and leaves it again", async ({ as }) => {
  const page = await as("Rafael");
  await page.goto("/");
  await expect(page.locator('[data-live="live"]')).toBeVisible();
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog");
  await expect(palette.getByRole("combobox")).toBeFocused();
  await page.keyboard.type("promote");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog").getByLabel(/Reason/)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
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
