import { expect, test as base } from "@playwright/test";
import type { Page } from "@playwright/test";
import { signIn } from "#e2e/fixtures.ts";
import { IncidentPage } from "#e2e/incident-pages.ts";
import { OverviewPage, PlanDialog } from "#e2e/pages.ts";
import { sandboxConsole } from "#e2e/sandbox-console.ts";
import { startAlertedPortal } from "#e2e/test-alerted-portal.ts";
import type { AlertedPortal } from "#e2e/test-alerted-portal.ts";
import { alertmanagerBinary, prometheusBinary } from "#lib/adapters/prometheus/test-server.ts";
import type { Incident } from "#lib/contracts/incident.ts";

const missing = [...(prometheusBinary === undefined ? ["prometheus"] : []), ...(alertmanagerBinary === undefined ? ["prometheus-alertmanager"] : [])];

const test = base.extend<object, { portal: AlertedPortal }>({
  portal: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of the fixtures from this pattern
    async ({}, use) => {
      const portal = await startAlertedPortal();
      await use(portal);
      await portal.stop();
    },
    { scope: "worker", timeout: 300_000 },
  ],
});

/** Seconds of scraped requests that Prometheus has of prod's Experience. */
async function secondsKnown(portal: AlertedPortal): Promise<number> {
  const query = 'max(count_over_time(http_requests_total{namespace="dreamscape-prod",bigpod="experience",service="voyage"}[10m]))';
  const response = await fetch(`${portal.prometheus}/api/v1/query?query=${encodeURIComponent(query)}`);
  const answer = (await response.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(answer.data.result[0]?.value[1] ?? 0);
}

async function read(page: Page, number: number): Promise<Incident> {
  const response = await page.request.get(`/api/v1/incidents/${number}`);
  expect(response.ok(), await response.text()).toBe(true);
  return (await response.json()) as Incident;
}

test.describe("incident, from the real Prometheus and Alertmanager to the postmortem", () => {
  test.skip(missing.length > 0, `${missing.join(" and ")} not installed; apt-get install ${missing.join(" ")}`);
  test.describe.configure({ mode: "serial", timeout: 600_000 });
  let page: Page;
  let number = 0;
  let release = "";

  test.beforeAll(async ({ browser, portal }) => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark", baseURL: portal.url });
    page = await context.newPage();
    await signIn(page, portal.url, "Rafael");
  });
  test.afterAll(() => page.context().close());

  test("a release that answers with errors is promoted: all its pods are well, and nothing is red yet", async ({ portal }) => {
    const overview = await new OverviewPage(page).open();
    await expect(overview.verdict).toHaveText("Production is well", { timeout: 150_000 });
    await sandboxConsole(portal.console).post("faults/release", { environment: "staging", kind: "errors" });
    // What it was like before must be known for longer than the window that is compared.
    await expect.poll(() => secondsKnown(portal), { timeout: 240_000, intervals: [2_000] }).toBeGreaterThan(90);
    const button = overview.promote(/^Promote R-\d+ to prod$/);
    await expect(button).toBeEnabled({ timeout: 180_000 });
    release = /R-\d+/.exec((await button.textContent()) ?? "")?.[0] ?? "";
    await button.click();
    await new PlanDialog(page).confirm(/^Promote R-\d+ to prod$/);
    await page.waitForURL(/\/operations\//);
    await expect(page.locator('[data-operation-status="succeeded"]')).toBeVisible({ timeout: 120_000 });
  });

  test("errors rise, the alert fires, and the incident opens with that release as its first suspect, measured as worse", async () => {
    await page.goto("/incidents");
    const row = page.locator("[data-incident-row]").filter({ hasText: "Experience, prod" }).first();
    await expect(row).toBeVisible({ timeout: 120_000 });
    number = Number(await row.getAttribute("data-incident-row"));
    const incident = await new IncidentPage(page).open(number);
    await expect(incident.suspect(1)).toContainText("v2.4.0-errors", { timeout: 60_000 });
    await expect(incident.suspect(1)).toContainText(release);
    await expect(incident.suspect(1).getByText("worse", { exact: true }).first()).toBeVisible({ timeout: 120_000 });
    const known = await read(page, number);
    expect(known.active.some((signal) => signal.title.includes("HighErrorRatio") && signal.ways.includes("webhook"))).toBe(true);
    const errors = known.suspects[0]?.comparison?.errors;
    expect(known.suspects[0]?.comparison?.verdict).toBe("worse");
    expect(errors?.verdict).toBe("worse");
    // The build fails one request in five; before it, hardly one in a hundred failed.
    expect((errors?.after.errors ?? 0) / (errors?.after.requests ?? 1)).toBeGreaterThan(0.05);
    expect((errors?.before.errors ?? 1) / (errors?.before.requests ?? 1)).toBeLessThan(0.03);
    // The onset is when the condition began to hold, not when the alert had waited long enough.
    const alert = known.active.find((signal) => signal.title.includes("HighErrorRatio"));
    expect(Date.parse(known.onsetAt)).toBeLessThanOrEqual(Date.parse(alert?.onsetAt ?? ""));
  });

  test("two clicks roll back; recovery is verified, and the incident is over by itself", async () => {
    const incident = await new IncidentPage(page).open(number);
    await incident.remedy.getByRole("button", { name: /^Roll back prod to R-\d+$/ }).click();
    const plan = new PlanDialog(page);
    await expect(plan.dialog.getByLabel(/Reason/)).toHaveValue(new RegExp(`^Incident ${number}`));
    await plan.confirm(/^Roll back .*prod to R-\d+$/);
    await expect(page).toHaveURL(new RegExp(`/incidents/${number}$`));
    await expect(page.locator('[data-recovery="verifying"], [data-recovery="recovered"]').first()).toBeVisible({ timeout: 120_000 });
    // Prometheus looks at the errors of the last minute: so long it takes until the alert is quiet.
    await expect(page.locator('[data-recovery="recovered"]')).toBeVisible({ timeout: 200_000 });
    await incident.expectStatus("resolved", 120_000);
    const known = await read(page, number);
    expect(known.recovery).toMatchObject({ state: "recovered", checks: [{ name: "digests", ok: true }, { name: "services", ok: true }, { name: "alerts", ok: true }] });
    expect(known.resolved?.by).toBe("Vigie");
  });

  test("the postmortem has when it began and ended, what is suspected and why, and what was done", async () => {
    const known = await read(page, number);
    const response = await page.request.get(`/api/v1/incidents/${number}/postmortem`);
    expect(response.headers()["content-type"]).toContain("text/markdown");
    const text = await response.text();
    const seconds = Math.round((Date.parse(known.resolved?.at ?? "") - Date.parse(known.onsetAt)) / 1000);
    const lasted = new RegExp(`\\| Lasted \\| ${Math.floor(seconds / 60)} min`);
    expect(text).toMatch(lasted);
    for (const part of ["## Summary", "## Impact", "## What is suspected", "### 1. ", "v2.4.0-errors", "**worse**", "## What was done", "in prod to R-", "HighErrorRatio", "_To be filled in._"]) expect(text).toContain(part);
    expect(text).not.toMatch(/undefined|NaN|\[object/);
    const chart = /!\[[^\]]*\]\(([^)]+\.svg)\)/.exec(text)?.[1];
    expect(chart).toBeDefined();
    const svg = await page.request.get(chart ?? "");
    expect(svg.headers()["content-type"]).toContain("image/svg+xml");
    await page.goto(`/incidents/${number}`);
    await expect(page.getByRole("list", { name: "Timeline" })).toContainText(/Roll back .*prod to R-\d+/);
  });
});
