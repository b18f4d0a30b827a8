import { expect, test } from "#e2e/fixtures.ts";
import { OverviewPage } from "#e2e/pages.ts";

test("a viewer sees everything, and each button says why it is not for them", async ({ as, portal }) => {
  const overview = await new OverviewPage(await as("Vera")).open();
  const promote = overview.promote(/^Promote R-\d+ to prod$/);
  await expect(promote).toHaveAttribute("aria-disabled", "true");
  const answer = await overview.page.request.post(`${portal.url}/api/v1/operations`, { data: { planHash: "0".repeat(64), reason: "let me" }, headers: { "idempotency-key": "k".repeat(20) } });
  expect(answer.status()).toBeGreaterThanOrEqual(400);
});

test("without signing in there is only the sign-in page", async ({ page, portal }) => {
  await page.goto(`${portal.url}/audit`);
  await expect(page).toHaveURL(/\/sign-in/);
  for (const path of ["/api/v1/state", "/api/stream", "/api/v1/audit"]) expect((await page.request.get(`${portal.url}${path}`)).status()).toBe(401);
});

test("after signing out the old cookie opens nothing", async ({ browser, portal }) => {
  const context = await browser.newContext({ baseURL: portal.url });
  const page = await context.newPage();
  const { signIn } = await import("#e2e/fixtures.ts");
  await signIn(page, portal.url, "Vera");
  const cookies = await context.cookies(portal.url);
  await page.getByRole("button", { name: /Account of Vera/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(/\/sign-in/);
  await context.addCookies(cookies);
  expect((await page.request.get(`${portal.url}/api/v1/state`)).status()).toBe(401);
  await context.close();
});
