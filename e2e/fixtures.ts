import { test as base, expect } from "@playwright/test";
import type { Browser, Page } from "@playwright/test";
import { startPortal } from "#e2e/portal.ts";
import type { Portal } from "#e2e/portal.ts";
import { sandboxConsole } from "#e2e/sandbox-console.ts";
import type { SandboxConsole } from "#e2e/sandbox-console.ts";

export type PersonName = "Vera" | "Rafael" | "Ada";

interface WorkerFixtures {
  portal: Portal;
  /** Cookies of each ready account, signed in once. */
  sessions: (person: PersonName) => Promise<{ cookies: Parameters<Awaited<ReturnType<Browser["newContext"]>>["addCookies"]>[0] }>;
}
interface TestFixtures {
  sandbox: SandboxConsole;
  /** A page where the person is signed in. What the browser complains about (errors, CSP) fails the test. */
  as: (person: PersonName, options?: { colorScheme?: "light" | "dark"; width?: number }) => Promise<Page>;
}

export async function signIn(page: Page, url: string, person: PersonName): Promise<void> {
  await page.goto(`${url}/sign-in`);
  await page.getByRole("button", { name: /Sign in with/ }).click();
  await page.getByRole("button", { name: new RegExp(`Continue as ${person}`) }).click();
  await page.waitForURL((at) => at.href.startsWith(url) && !at.pathname.startsWith("/sign-in") && !at.pathname.startsWith("/api"));
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  portal: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of the fixtures from this pattern
    async ({}, use) => {
      const portal = await startPortal();
      await use(portal);
      await portal.stop();
    },
    { scope: "worker", timeout: 300_000 },
  ],
  sessions: [
    async ({ browser, portal }, use) => {
      const known = new Map<PersonName, Awaited<ReturnType<WorkerFixtures["sessions"]>>>();
      await use(async (person) => {
        const found = known.get(person);
        if (found !== undefined) return found;
        const context = await browser.newContext();
        const page = await context.newPage();
        await signIn(page, portal.url, person);
        const session = { cookies: await context.cookies(portal.url) };
        await context.close();
        known.set(person, session);
        return session;
      });
    },
    { scope: "worker" },
  ],
  sandbox: async ({ portal }, use) => {
    const sandbox = sandboxConsole(portal.sandbox.console);
    await use(sandbox);
    await sandbox.post("put-right", {});
  },
  as: async ({ browser, portal, sessions }, use) => {
    const complaints: string[] = [];
    const opened: Page[] = [];
    await use(async (person, options = {}) => {
      const context = await browser.newContext({ viewport: { width: options.width ?? 1440, height: 900 }, colorScheme: options.colorScheme ?? "dark", baseURL: portal.url });
      await context.addCookies((await sessions(person)).cookies);
      const page = await context.newPage();
      page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error" && !/Failed to load resource|ERR_CONNECTION|ERR_INCOMPLETE_CHUNKED/.test(message.text())) complaints.push(`${page.url()}: ${message.text()}`);
      });
      opened.push(page);
      return page;
    });
    await Promise.all(opened.map((page) => page.context().close()));
    expect(complaints).toEqual([]);
  },
});

export { expect };
