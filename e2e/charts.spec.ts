import type { Locator, Page } from "@playwright/test";
import { axeFindings } from "#e2e/axe.ts";
import { expect, test } from "#e2e/fixtures.ts";

test.describe.configure({ timeout: 480_000 });

class ChartsPage {
  readonly page: Page;
  constructor(page: Page) {
    this.page = page;
  }
  async open(path: string): Promise<this> {
    await this.page.goto(path);
    // The worker's first look comes before it.
    await expect(this.page.locator("#golden-signals")).toBeAttached({ timeout: 150_000 });
    await this.page.locator("#golden-signals").scrollIntoViewIfNeeded();
    return this;
  }
  signal(name: string): Locator {
    return this.page.locator(`[data-signal="${name}"]`);
  }
  panel(title: string): Locator {
    return this.page.locator(`[data-panel="${title}"]`);
  }
  /** Scrolled to, since panels load when they are seen. */
  async seen(title: string): Promise<Locator> {
    await expect(async () => {
      await this.page.mouse.wheel(0, 4_000);
      await expect(this.panel(title)).toBeVisible({ timeout: 1_000 });
    }).toPass({ timeout: 60_000 });
    await this.panel(title).scrollIntoViewIfNeeded();
    return this.panel(title);
  }
}

test("charts show what was measured with the deploy in it, and what was not as a gap", async ({ as, sandbox }) => {
  const charts = await new ChartsPage(await as("Vera")).open("/big-pods/dev/experience?span=15m");
  await sandbox.post("releases", { environment: "dev", bigPod: "experience" });
  const requests = charts.signal("requests");
  await expect(requests).toHaveAttribute("data-state", "data", { timeout: 60_000 });
  await expect(requests.locator(".recharts-line-curve")).toBeVisible();
  // A line that stands upright has no width, which is why it is not "visible" to the browser's driver.
  await expect(requests.locator(".chart-mark line").first()).toBeAttached({ timeout: 60_000 });
  await expect(charts.page.getByRole("list", { name: "Changes and incidents in this time" })).toContainText("Experience");
  // The sandbox is younger than a quarter of an hour.
  await expect(requests.locator(".chart-gap path").first()).toBeVisible();
  await requests.getByRole("button", { name: "PromQL of Requests" }).click();
  await expect(requests.locator("[data-promql]")).toContainText('namespace="dreamscape-dev",bigpod="experience"');
  await expect(requests.getByRole("link", { name: "Open in Prometheus" })).toHaveAttribute("href", /^http:\/\/127\.0\.0\.1:\d+\/graph\?g0\.expr=/);
  await requests.getByRole("button", { name: /Show as table.*Requests/ }).click();
  await expect(requests.getByRole("row").nth(1)).toContainText("/s");
  await expect(requests.getByRole("row").last()).toContainText("not measured");
  await charts.page.getByRole("navigation", { name: "Service that is charted" }).getByRole("link", { name: "voyage" }).click();
  await expect(charts.page).toHaveURL(/span=15m.*service=voyage/);
  await expect(charts.signal("memory")).toContainText("whole Big Pod");
});

test("a Prometheus that is stopped, warns or answers NaN is told where its charts would be", async ({ as, sandbox }) => {
  await sandbox.post("faults/prometheus", { warning: true });
  const charts = await new ChartsPage(await as("Vera")).open("/big-pods/prod/core?span=15m");
  await expect(charts.signal("latency").locator("[data-warning]")).toContainText("may be partial", { timeout: 60_000 });
  await sandbox.post("faults/prometheus", { warning: false, nan: true });
  await expect(charts.signal("latency")).toContainText("Nothing was measured", { timeout: 60_000 });
  await sandbox.post("faults/prometheus", { nan: false, down: true });
  await expect(charts.signal("latency")).toContainText("Prometheus cannot be asked", { timeout: 60_000 });
  await expect(charts.signal("errors")).not.toContainText("0 %");
});

test("Grafana's panels are framed with the page's variables, time and theme; or the page says why not", async ({ as, sandbox }) => {
  const grafana: { url: string } = (await sandbox.state()).grafana;
  const page = await as("Vera", { colorScheme: "light" });
  const policy = (await page.request.get("/big-pods/prod/experience")).headers()["content-security-policy"];
  expect(policy).toContain(`frame-src ${grafana.url};`);
  const charts = await new ChartsPage(page).open("/big-pods/prod/experience?span=6h");
  const panel = await charts.seen("Requests");
  const frame = panel.locator("iframe");
  await expect(frame).toHaveAttribute("sandbox", "allow-scripts allow-same-origin");
  await expect(frame).toHaveAttribute("src", new RegExp(`^${grafana.url}/d-solo/dreamscape-big-pods/_\\?.*var-bigpod=experience&from=now-6h&to=now&theme=light`));
  const inside = panel.frameLocator("iframe");
  await expect(inside.getByRole("heading", { name: "Requests" })).toBeVisible();
  await expect(inside.getByText("namespace dreamscape-prod, bigpod experience")).toBeVisible();
  await expect(inside.getByRole("img", { name: "Requests" })).toBeVisible();

  const says = async (fault: object, words: string, look: "waits" | "opens anew" = "opens anew") => {
    await sandbox.post("faults/grafana", { down: false, forbidFraming: false, login: false, ...fault });
    if (look === "opens anew") {
      await page.reload();
      await charts.seen("Requests");
    }
    await expect(panel).toContainText(words, { timeout: 60_000 });
    await expect(panel.locator("iframe")).toHaveCount(0);
    await expect(panel.getByRole("link", { name: /Open in Grafana.*Requests/ })).toHaveAttribute("href", new RegExp(`^${grafana.url}/d/dreamscape-big-pods/`));
  };
  await says({ forbidFraming: true }, "Grafana forbids being shown here", "waits");
  await says({ login: true }, "Grafana wants a login");
  await says({ down: true }, "Grafana cannot be reached");
});

for (const colorScheme of ["dark", "light"] as const) {
  test(`axe finds nothing in the charts, their query and their table (${colorScheme})`, async ({ as }) => {
    const charts = await new ChartsPage(await as("Vera", { colorScheme })).open("/big-pods/prod/experience?span=15m");
    await expect(charts.signal("requests")).toHaveAttribute("data-state", "data", { timeout: 60_000 });
    await charts.signal("requests").getByRole("button", { name: /PromQL/ }).click();
    await charts.signal("latency").getByRole("button", { name: /table/ }).click();
    await charts.seen("Requests");
    // The rest of the page is looked at elsewhere; what Grafana draws is not ours to mend.
    expect(await axeFindings(charts.page, { within: ["#golden-signals", "#grafana"] })).toEqual([]);
  });
}

test("charts and panels fit a phone", async ({ as }) => {
  const charts = await new ChartsPage(await as("Vera", { width: 360 })).open("/big-pods/prod/experience?span=15m");
  await expect(charts.signal("requests")).toHaveAttribute("data-state", "data", { timeout: 60_000 });
  await charts.signal("requests").getByRole("button", { name: /PromQL/ }).click();
  await charts.seen("Requests");
  expect(await charts.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});
