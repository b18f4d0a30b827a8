import pg from "pg";
import { expect, signIn, test } from "#e2e/fixtures.ts";
import { OverviewPage, PlanDialog } from "#e2e/pages.ts";

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
  await signIn(page, portal.url, "Vera");
  const cookies = await context.cookies(portal.url);
  await page.getByRole("button", { name: /Account of Vera/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(/\/sign-in/);
  await context.addCookies(cookies);
  expect((await page.request.get(`${portal.url}/api/v1/state`)).status()).toBe(401);
  await context.close();
});

test("what changes prod takes a recent sign-in: one click there, and back in the same plan with the reason", async ({ browser, portal }) => {
  // Two sign-ins, two tabs and an operation: long on a slow machine.
  test.setTimeout(300_000);
  const slowly = { timeout: 60_000 };
  const context = await browser.newContext({ baseURL: portal.url, viewport: { width: 360, height: 780 } });
  const page = await context.newPage();
  await signIn(page, portal.url, "Rafael");
  const elsewhere = await context.newPage();
  await elsewhere.goto("/operations");
  const client = new pg.Client({ connectionString: portal.stack.databaseUrl });
  await client.connect();
  await client.query("UPDATE session SET authenticated_at = now() - interval '2 hours' WHERE id = (SELECT id FROM session ORDER BY created_at DESC LIMIT 1)");
  await client.end();
  await page.goto("/big-pods/prod/core?plan=restart:prod:core");
  const plan = new PlanDialog(page);
  await plan.dialog.getByLabel("Reason, for the audit log").fill("it leaks, and it is 3 a.m.");
  await plan.confirm(/^Restart/);
  const notice = plan.dialog.locator("[data-sign-in-again]");
  await expect(notice).toContainText("Nothing was done yet: what changes prod takes a sign-in of the last 60 minutes.", slowly);
  await notice.getByRole("button", { name: /^Sign in again with/ }).click();
  await page.getByRole("button", { name: /Continue as Rafael/ }).click();
  await page.waitForURL(/\/big-pods\/prod\/core\?plan=restart:prod:core$/);
  await expect(plan.dialog.getByLabel("Reason, for the audit log")).toHaveValue("it leaks, and it is 3 a.m.", slowly);
  await plan.confirm(/^Restart/);
  await page.waitForURL(/\/operations\/[\w-]+$/);
  // The session of the other tab was replaced by the new one: it goes on.
  await expect(elsewhere.getByText("it leaks, and it is 3 a.m.").or(elsewhere.getByRole("link", { name: /Restart/ })).first()).toBeVisible(slowly);
  await expect(elsewhere).toHaveURL(/\/operations$/);
  await context.close();
});

test("where one is signed in stands in the settings, and ends there", async ({ browser, portal }) => {
  const [here, there] = await Promise.all([browser.newContext({ baseURL: portal.url }), browser.newContext({ baseURL: portal.url })]);
  const [page, other] = await Promise.all([here.newPage(), there.newPage()]);
  await signIn(other, portal.url, "Vera");
  await signIn(page, portal.url, "Vera");
  await page.goto("/settings");
  const sessions = page.getByRole("list", { name: "Your sessions" });
  await expect(sessions.locator("[data-session=current]")).toContainText(/on Linux|on macOS|on Windows/);
  await expect(sessions.locator("[data-session=current]")).toContainText("127.0.0.1");
  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await expect(sessions.locator("[data-session]")).toHaveCount(1);
  await other.waitForURL(/\/sign-in\?error=ended/, { timeout: 30_000 });
  await Promise.all([here.close(), there.close()]);
});
