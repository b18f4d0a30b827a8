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

  async confirm(title: RegExp): Promise<void> {
    await this.dialog.getByRole("button", { name: title }).click();
  }
}

export class OperationPage {
  readonly page: Page;
  readonly outcome: Locator;

  constructor(page: Page) {
    this.page = page;
    this.outcome = page.locator("[data-operation-status]");
  }

  async expectOutcome(status: string, timeoutMs = 60_000): Promise<void> {
    await this.page.waitForURL(/\/operations\/[^/]+$/);
    await expect(this.outcome).toHaveAttribute("data-operation-status", status, { timeout: timeoutMs });
  }
}
