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

test("cookies and headers are as a scanner wants them, and pages bring nothing inline or from elsewhere", async ({ browser, portal }) => {
  const { signIn } = await import("#e2e/fixtures.ts");
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
    expect(headers["content-security-policy"]).not.toContain("unsafe");
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
