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
  // Whoever signs out is not told that the session has ended.
  await expect(page).toHaveURL(/\/sign-in$/);
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
  // One that no other test is signed in with: Vera's own sessions go on.
  const userAgent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
  const [here, there] = await Promise.all([browser.newContext({ baseURL: portal.url }), browser.newContext({ baseURL: portal.url, userAgent })]);
  const [page, other] = await Promise.all([here.newPage(), there.newPage()]);
  await signIn(other, portal.url, "Vera");
  await signIn(page, portal.url, "Vera");
  await page.goto("/settings");
  const sessions = page.getByRole("list", { name: "Your sessions" });
  await expect(sessions.locator("[data-session=current]")).toContainText(/on Linux|on macOS|on Windows/);
  await expect(sessions.locator("[data-session=current]")).toContainText("127.0.0.1");
  await sessions.getByRole("button", { name: /^Sign out Safari on iPhone/ }).click();
  await expect(page.getByText("Safari on iPhone is signed out.")).toBeVisible();
  await expect(sessions.getByText("Safari on iPhone")).toHaveCount(0);
  await other.waitForURL(/\/sign-in\?error=ended/, { timeout: 30_000 });
  await Promise.all([here.close(), there.close()]);
});

test("cookies and headers are as a scanner wants them, and pages bring nothing inline or from elsewhere", async ({ browser, portal }) => {
  const context = await browser.newContext({ baseURL: portal.url });
  const page = await context.newPage();
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(portal.url) && !/^(data|blob):/.test(request.url())) elsewhere.push(request.url());
  });
  await signIn(page, portal.url, "Vera");
  elsewhere.length = 0;
  const cookies = await context.cookies(portal.url);
  expect(cookies.filter(({ name }) => name.includes("session"))).toEqual([expect.objectContaining({ httpOnly: true, sameSite: "Lax", path: "/", domain: "127.0.0.1" })]);
  for (const path of ["/", "/audit", "/settings", "/nowhere", "/sign-in?error=expired"]) {
    const response = await page.goto(path);
    const headers = (await response?.allHeaders()) ?? {};
    expect(headers["content-security-policy"]).toMatch(/script-src 'nonce-[^']+' 'strict-dynamic';.*object-src 'none'; base-uri 'none'; form-action 'self';.*frame-ancestors 'none'/);
    // The one attribute by which React hides a part of an SVG that it sends late (see lib/domain/security-headers.ts).
    expect(headers["content-security-policy"]?.replace(/style-src-attr 'unsafe-hashes' 'sha256-[\w+/=]{44}';/, "")).not.toContain("unsafe");
    expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "same-origin", "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin", "permissions-policy": expect.stringContaining("camera=()") });
    for (const name of ["server", "x-powered-by", "access-control-allow-origin", "x-vigie-peer"]) expect([name, headers[name]]).toEqual([name, undefined]);
    // The page as it came: what runs later has no nonce to find there, browsers hide it.
    const html = (await response?.text()) ?? "";
    const nonce = /'nonce-([^']+)'/.exec(headers["content-security-policy"] ?? "")?.[1] ?? "none";
    for (const [tag] of html.matchAll(/<script\b[^>]*>/g)) expect(tag).toContain(`nonce="${nonce}"`);
    expect(html.replaceAll(/<script\b[^>]*>[\s\S]*?<\/script>/g, "")).not.toMatch(/\son\w+="|javascript:|<style\b(?![^>]*nonce=)/);
  }
  expect(elsewhere).toEqual([]);
  // A page of another origin cannot show it: the browser itself refuses the frame.
  const framing = await context.newPage();
  await framing.setContent(`<iframe src="${portal.url}/"></iframe>`);
  await expect.poll(() => framing.frames().at(-1)?.url()).toMatch(/^chrome-error:|^about:blank|^data:/);
  await context.close();
});
