import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "#e2e/fixtures.ts";

const paths = ["/", "/big-pods/prod/experience", "/operations", "/releases?environment=prod", "/guards", "/audit", "/audit?outcome=allowed&range=7d", "/audit/report", "/settings", "/?plan=promotion:staging:prod"];

for (const colorScheme of ["dark", "light"] as const) {
  for (const path of paths) {
    test(`axe finds nothing on ${path} (${colorScheme})`, async ({ as }) => {
      const page = await as("Ada", { colorScheme });
      await page.goto(path);
      await expect(page.getByRole("heading", { level: 1 }).first()).toBeAttached();
      if (path.includes("plan=")) await expect(page.getByRole("dialog").getByLabel(/Reason/)).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(" ")).join(", ")}`)).toEqual([]);
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
