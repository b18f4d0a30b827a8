import { chromium } from "@playwright/test";
import type { Browser, BrowserContext } from "@playwright/test";
import type { Scope } from "#bench/scope.ts";
import { signIn } from "#e2e/fixtures.ts";
import { browserFlags, findBrowser } from "#lib/runtime/stack/browser.ts";

export async function openBrowser(scope: Scope, say: (line: string) => void): Promise<Browser> {
  const found = await findBrowser(say);
  if ("missing" in found) throw new Error(found.missing);
  // Signals are the command's: Playwright would end this process by itself and leave the stack running.
  const browser = await chromium.launch({ executablePath: found.path, args: browserFlags, handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false });
  scope.add(() => browser.close());
  return browser;
}

/** A fresh context (empty cache) where the releaser Rafael is signed in. */
export async function signedIn(browser: Browser, url: string): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: url });
  const page = await context.newPage();
  await signIn(page, url, "Rafael");
  await page.close();
  return context;
}

/** The context's cookies as a request header, for clients that are no browser. */
export async function cookieHeader(context: BrowserContext, url: string): Promise<string> {
  return (await context.cookies(url)).map(({ name, value }) => `${name}=${value}`).join("; ");
}
