import type { Locator, Page } from "@playwright/test";
import { expect } from "#e2e/fixtures.ts";

/** The list of incidents. */
export class IncidentsPage {
  readonly page: Page;
  readonly rows: Locator;
  readonly nothingOpen: Locator;

  constructor(page: Page) {
    this.page = page;
    this.rows = page.locator("[data-incident-row]");
    this.nothingOpen = page.locator("[data-nothing-open]");
  }

  async open(query = ""): Promise<this> {
    await this.page.goto(`/incidents${query}`);
    await expect(this.page.getByRole("heading", { level: 1, name: "Incidents" })).toBeVisible();
    return this;
  }

  /** Opens one by hand, and ends on its page. */
  async openByHand(title: string, environment: string): Promise<IncidentPage> {
    await this.page.getByRole("button", { name: "Open an incident…" }).click();
    const dialog = this.page.getByRole("dialog");
    await dialog.getByLabel(/What is wrong/).fill(title);
    await dialog.getByLabel("Environment").selectOption(environment);
    await dialog.getByRole("button", { name: `Open an incident in ${environment}` }).click();
    await this.page.waitForURL(/\/incidents\/\d+$/);
    return new IncidentPage(this.page);
  }
}

/** One incident: what broke, what changed before, and what helps. */
export class IncidentPage {
  readonly page: Page;
  readonly head: Locator;
  readonly remedy: Locator;
  readonly timeline: Locator;

  constructor(page: Page) {
    this.page = page;
    this.head = page.locator("[data-incident-status]");
    this.remedy = page.locator("[data-recommended]");
    this.timeline = page.getByRole("list", { name: "Timeline" });
  }

  async open(number: number | string): Promise<this> {
    await this.page.goto(`/incidents/${number}`);
    await expect(this.head).toBeVisible();
    return this;
  }

  suspect(rank: number): Locator {
    return this.page.locator(`[data-suspect="${rank}"]`);
  }

  async note(text: string): Promise<void> {
    await this.page.getByLabel("Note, for the timeline").fill(text);
    await this.page.getByRole("button", { name: /^Add the note/ }).click();
  }

  async expectStatus(status: string, timeoutMs = 120_000): Promise<void> {
    await expect(this.head).toHaveAttribute("data-incident-status", status, { timeout: timeoutMs });
  }
}
