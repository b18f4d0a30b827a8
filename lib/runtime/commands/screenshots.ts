/** `npm run screenshots -- <portal> <sandbox console>`: takes the pictures of docs/ from a fresh demo, dark and light. */
import { chromium } from "@playwright/test";
import type { Browser, Page } from "@playwright/test";
import { join } from "node:path";
import { root } from "#lib/runtime/home.ts";
import { browserFlags, findBrowser } from "#lib/runtime/stack/browser.ts";

const [portal, sandbox] = process.argv.slice(2);
if (portal === undefined || sandbox === undefined) throw new Error("Name the portal's address and the sandbox console's, as `npm run demo` prints them.");
const schemes = ["dark", "light"] as const;

async function signedIn(browser: Browser, colorScheme: "dark" | "light"): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 860 }, colorScheme, baseURL: portal });
  const page = await context.newPage();
  await page.goto("/sign-in");
  await page.getByRole("button", { name: /Sign in with/ }).click();
  await page.getByRole("button", { name: /Continue as Rafael/ }).click();
  await page.getByRole("table", { name: "Pipeline" }).waitFor();
  return page;
}

async function shoot(pages: Record<(typeof schemes)[number], Page>, name: string): Promise<void> {
  for (const scheme of schemes) await pages[scheme].screenshot({ path: join(root, "docs", `${name}-${scheme}.png`) });
}

async function post(name: string, body: unknown): Promise<void> {
  const response = await fetch(`${sandbox}/api/${name}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
}

const found = await findBrowser(console.log);
if ("missing" in found) throw new Error(found.missing);
const browser = await chromium.launch({ executablePath: found.path, args: browserFlags });
try {
  const pages = { dark: await signedIn(browser, "dark"), light: await signedIn(browser, "light") };
  for (const page of Object.values(pages)) await page.getByRole("heading", { name: "Production is well" }).waitFor({ timeout: 60_000 });
  for (const page of Object.values(pages)) await page.locator('[data-live="live"]').waitFor();
  await shoot(pages, "overview-healthy");
  await pages.dark.getByRole("button", { name: /^Promote R-\d+ to prod$/ }).click();
  await pages.dark.getByRole("dialog").getByLabel(/Reason/).waitFor();
  await pages.light.goto(`/?${new URL(pages.dark.url()).searchParams}`);
  await pages.light.getByRole("dialog").getByLabel(/Reason/).waitFor();
  await shoot(pages, "plan");
  await pages.dark.getByRole("dialog").getByRole("button", { name: /^Promote/ }).click();
  await pages.dark.waitForURL(/\/operations\//);
  await pages.light.goto(new URL(pages.dark.url()).pathname);
  for (const page of Object.values(pages)) await page.locator('[data-step-status="running"]').first().waitFor();
  await pages.dark.waitForTimeout(1_500);
  await shoot(pages, "operation-running");
  await pages.dark.locator('[data-operation-status="succeeded"]').waitFor({ timeout: 90_000 });
  await post("faults/release", { environment: "prod", kind: "fatal" });
  for (const page of Object.values(pages)) await page.goto("/");
  for (const page of Object.values(pages)) await page.locator('[data-cell="prod/experience"][data-status="broken"]').waitFor({ timeout: 60_000 });
  await pages.dark.getByRole("button", { name: /^Roll back prod to/ }).first().waitFor();
  await pages.dark.waitForTimeout(3_000);
  await shoot(pages, "overview-broken");
  for (const page of Object.values(pages)) await page.goto("/incidents");
  const row = pages.dark.locator("[data-incident-row]").filter({ hasText: "Experience, prod" }).first();
  await row.waitFor({ timeout: 60_000 });
  const number = await row.getAttribute("data-incident-row");
  for (const page of Object.values(pages)) {
    await page.goto(`/incidents/${number}`);
    await page.locator('[data-suspect="1"]').waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: /^Roll back prod to R-\d+$/ }).waitFor();
  }
  // Long enough for the comparison to have requests to compare.
  await pages.dark.waitForTimeout(45_000);
  await shoot(pages, "incident");
  await pages.dark.getByRole("button", { name: /^Roll back prod to R-\d+$/ }).first().click();
  await pages.dark.getByRole("dialog").getByRole("button", { name: /^Roll back/ }).click();
  await pages.dark.locator('[data-recovery="recovered"]').waitFor({ timeout: 180_000 });
  await pages.light.reload();
  await pages.light.locator('[data-recovery="recovered"]').waitFor({ timeout: 30_000 });
  await shoot(pages, "incident-recovered");
  for (const page of Object.values(pages)) {
    await page.goto("/big-pods/prod/experience?span=15m");
    await page.locator("#golden-signals").scrollIntoViewIfNeeded();
    await page.locator('[data-signal="errors"][data-state="data"]').waitFor({ timeout: 60_000 });
    await page.locator("#golden-signals").evaluate((element) => element.scrollIntoView({ block: "start" }));
    await page.waitForTimeout(1_500);
  }
  await shoot(pages, "charts");
} finally {
  await browser.close();
}
