import type { Locator, Page } from "@playwright/test";
import { expect } from "#e2e/fixtures.ts";

/** The overview as a person reads it. */
export class OverviewPage {
  readonly page: Page;
  readonly verdict: Locator;

  constructor(page: Page) {
    this.page = page;
    this.verdict = page.getByRole("heading", { level: 1 });
  }

  async open(): Promise<this> {
    await this.page.goto("/");
    await expect(this.page.getByRole("table", { name: "Pipeline" })).toBeVisible();
    return this;
  }

  /** Cell of a Big Pod in an environment. */
  cell(bigPod: string, environment: string): Locator {
    return this.page.locator(`[data-cell="${environment}/${bigPod}"]`);
  }

  /** Notes from now on, in the page, when a cell first shows a word. Answers with that moment by this machine's clock, once it has come. */
  async noteFirst(word: string): Promise<(bigPod: string, environment: string) => Promise<number>> {
    const notes = await this.page.evaluateHandle((wanted) => {
      const first = new Map<string, number>();
      const look = (): void => {
        for (const cell of document.querySelectorAll<HTMLElement>("[data-cell]")) {
          const name = cell.dataset.cell ?? "";
          if (!first.has(name) && cell.textContent.includes(wanted)) first.set(name, Date.now());
        }
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
      return first;
    }, word);
    return async (bigPod, environment) => {
      await expect(this.cell(bigPod, environment)).toContainText(word);
      const at = await notes.evaluate((first, name) => first.get(name), `${environment}/${bigPod}`);
      if (at === undefined) throw new Error(`${environment}/${bigPod} showed "${word}" before anybody looked`);
      return at;
    };
  }

  /** What guards an environment, in its column. */
  guards(environment: string): Locator {
    return this.page.locator(`[data-guards="${environment}"]`);
  }

  /** An operation that waits, by its status. */
  waiting(status: "awaiting" | "scheduled" | "queued"): Locator {
    return this.page.locator(`[data-waiting="${status}"]`);
  }

  /** The bar that tells on every page whose gates are overruled. */
  get breakGlass(): Locator {
    return this.page.getByRole("complementary", { name: "Break-glass" });
  }

  promote(title: RegExp): Locator {
    return this.page.getByRole("button", { name: title });
  }
}

/** The plan dialog: what will happen, and the button that says it. */
export class PlanDialog {
  readonly dialog: Locator;

  constructor(page: Page) {
    this.dialog = page.getByRole("dialog");
  }

  gate(name: string): Locator {
    return this.dialog.locator(`[data-gate="${name}"]`);
  }

  async confirm(title: RegExp): Promise<void> {
    await this.dialog.getByRole("button", { name: title }).click();
  }
}

export class OperationPage {
  readonly page: Page;
  readonly outcome: Locator;
  /** Why it has not begun. */
  readonly waits: Locator;

  constructor(page: Page) {
    this.page = page;
    this.outcome = page.locator("[data-operation-status]");
    this.waits = page.getByRole("region", { name: "What it waits for" });
  }

  async abort(): Promise<void> {
    await this.page.getByRole("button", { name: "Abort", exact: true }).click();
    await this.page.getByRole("dialog").getByRole("button", { name: /^Abort/ }).click();
  }

  async approve(note: string): Promise<void> {
    await this.waits.getByLabel(/^Note/).fill(note);
    await this.waits.getByRole("button", { name: /^Approve/ }).click();
  }

  async expectOutcome(status: string, timeoutMs = 120_000): Promise<void> {
    await this.page.waitForURL(/\/operations\/[^/]+$/);
    await expect(this.outcome).toHaveAttribute("data-operation-status", status, { timeout: timeoutMs });
  }
}

/** What guards each environment, in words. */
export class GuardsPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async open(): Promise<this> {
    await this.page.goto("/guards");
    await expect(this.page.getByRole("heading", { level: 1, name: "Guards" })).toBeVisible();
    return this;
  }

  of(environment: string): Locator {
    return this.page.getByRole("region", { name: environment, exact: true });
  }
}

export class BreakGlassDialog {
  readonly dialog: Locator;

  constructor(page: Page) {
    this.dialog = page.getByRole("dialog", { name: /^Break-glass in / });
  }

  async open(reason: string): Promise<void> {
    await this.dialog.getByLabel(/Why it cannot wait/).fill(reason);
    await this.dialog.getByRole("button", { name: /^Open break-glass in .* for 15 minutes$/ }).click();
    await expect(this.dialog).toHaveCount(0);
  }
}
