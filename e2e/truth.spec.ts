import { randomUUID } from "node:crypto";
import { AxeBuilder } from "@axe-core/playwright";
import { apiClient } from "#e2e/api-client.ts";
import { expect, test } from "#e2e/fixtures.ts";
import { kubeAdmin } from "#e2e/kube-admin.ts";
import { OperationPage, OverviewPage, PlanDialog } from "#e2e/pages.ts";
import type { Portal } from "#e2e/portal.ts";

// Each promotes, rolls out or waits for patience of the rules to run out.
test.setTimeout(240_000);

const deployment = (environment: string, name: string, manager: string) => `/apis/apps/v1/namespaces/dreamscape-${environment}/deployments/${name}?fieldManager=${encodeURIComponent(manager)}`;
const container = (name: string, change: object) => ({ spec: { template: { spec: { containers: [{ name, ...change }] } } } });

/** Has Vigie itself apply what staging runs to prod: only what it applied can drift. */
async function promote(portal: Portal): Promise<void> {
  const api = apiClient(portal.url, portal.token);
  await api.until("state", (body) => body.environments.every((one: { status: string; releaseSettled: boolean }) => one.status === "healthy" && one.releaseSettled), 60_000);
  const { body: plan } = await api.post("plans", { kind: "promotion", from: "staging", to: "prod" });
  if (plan.ready !== true) return; // Promoted already.
  const { body: accepted } = await api.post("operations", { planHash: plan.hash, reason: "so that it can drift" }, { "idempotency-key": randomUUID() });
  await api.until(`operations/${accepted.id}`, (body) => body.status === "succeeded", 60_000);
}

test.describe("drift, by hand", () => {
  test("is told on tile, list and page with who wrote it, and is adopted by the keyboard alone, on a phone", async ({ as, portal }) => {
    await promote(portal);
    const kube = kubeAdmin(portal.sandbox.kubeconfig);
    await kube("PATCH", deployment("prod", "experience", "kubectl-set"), container("experience", { env: [{ name: "FEATURE_FLAGS", value: "beta" }] }));
    const overview = await new OverviewPage(await as("Rafael", { width: 360 })).open();
    const { page } = overview;
    await expect(overview.cell("experience", "prod").locator("[data-drifted]")).toContainText("drifted: containers[experience].env", { timeout: 60_000 });
    const row = page.locator('[data-drift="prod/experience"]');
    await expect(row).toContainText("by kubectl-set, not through Vigie");
    await expect(row.getByRole("button", { name: /^Return Experience in prod to R-\d+$/ })).toBeEnabled();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await row.scrollIntoViewIfNeeded();
    await page.screenshot({ path: test.info().outputPath("drift-360.png") });

    await page.goto("/big-pods/prod/experience");
    const drift = page.locator('[data-drift="prod/experience"]');
    await expect(drift).toContainText("It runs something else than Vigie applied");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await page.screenshot({ path: test.info().outputPath("drift-page-360.png"), fullPage: true });
    await drift.getByRole("button", { name: "Adopt what runs…" }).focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: /Adopt what/ });
    await expect(dialog.getByLabel("Why it is wanted")).toBeFocused();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`)).toEqual([]);
    await page.screenshot({ path: test.info().outputPath("adopt-360.png") });
    await page.keyboard.type("the beta is on for this week");
    await page.keyboard.press("Enter");
    await expect(dialog).toHaveCount(0);
    await expect(drift).toHaveCount(0, { timeout: 60_000 });
    await page.goto("/audit?action=drift.adopt");
    await expect(page.getByRole("list", { name: "Audit entries" }).getByText(/Rafael/).first()).toBeVisible();
  });

  test("ACCEPTANCE 13: is returned through a plan, while the web process is replaced in the middle", async ({ as, portal }) => {
    await promote(portal);
    const kube = kubeAdmin(portal.sandbox.kubeconfig);
    await kube("PATCH", deployment("prod", "experience", "kubectl-edit"), container("experience", { env: [{ name: "FEATURE_FLAGS", value: "gamma" }, { name: "SECOND", value: "x" }] }));
    const overview = await new OverviewPage(await as("Rafael")).open();
    const { page } = overview;
    const row = page.locator('[data-drift="prod/experience"]');
    await expect(row).toContainText("by kubectl-edit, not through Vigie", { timeout: 60_000 });
    await page.screenshot({ path: test.info().outputPath("drift-wide.png"), fullPage: true });
    const back = row.getByRole("button", { name: /^Return Experience in prod to R-\d+$/ });
    await expect(back).toBeEnabled();
    await back.click();
    await new PlanDialog(page).confirm(/^Roll back .*to R-\d+$/);
    await page.waitForURL(/\/operations\/[^/]+$/);
    const operation = new OperationPage(page);
    await expect(operation.outcome).toBeVisible();
    const address = page.url();
    await page.goto("about:blank"); // What a browser says of a server that vanishes is not what this is about.
    const { body } = await apiClient(portal.url, portal.token).get(`operations/${address.split("/").at(-1) ?? ""}`);
    expect(["queued", "running"]).toContain(body.status);
    const { web } = portal.stack.children;
    web.process.kill("SIGKILL");
    await web.exited;
    portal.stack.children.web = await portal.stack.startWeb();
    await page.goto(address);
    await operation.expectOutcome("succeeded");
    await overview.open();
    await expect(row).toHaveCount(0, { timeout: 60_000 });
  });
});

test.describe("a fault, and the words on its tile", () => {
  test("a crash loop quotes its last error line, and the page says what would help", async ({ as, sandbox }) => {
    const overview = await new OverviewPage(await as("Vera")).open();
    await sandbox.post("faults/release", { environment: "dev", kind: "broken" });
    await expect(overview.cell("experience", "dev")).toContainText(/keeps exiting with code 1: voyage: Error: Cannot find module "@dreamscape\/itinerary"/, { timeout: 40_000 });
    await overview.page.goto("/big-pods/dev/experience");
    await expect(overview.page.locator("[data-help]")).toContainText("Go back to the release that ran before, or mend what the last line names.");
    await overview.page.screenshot({ path: test.info().outputPath("crash-page.png"), fullPage: true });
  });

  test("no node has room, and a ConfigMap key is missing", async ({ as, portal, sandbox }) => {
    const kube = kubeAdmin(portal.sandbox.kubeconfig);
    const overview = await new OverviewPage(await as("Vera")).open();
    const before = (await kube("GET", deployment("dev", "commerce", "x"))) as { spec: { template: { spec: { containers: { name: string; resources: object }[] } } } };
    const [first] = before.spec.template.spec.containers;
    if (first === undefined) throw new Error("commerce has no container");
    await kube("PATCH", deployment("dev", "commerce", "kubectl-edit"), container(first.name, { resources: { requests: { memory: "64Gi" }, limits: { memory: "64Gi" } } }));
    await expect(overview.cell("commerce", "dev")).toContainText(/waits for a node: 0\/3 nodes are available: 3 Insufficient memory/, { timeout: 40_000 });
    await kube("PATCH", deployment("dev", "commerce", "kubectl-edit"), container(first.name, { resources: first.resources, env: [{ name: "TILE_URL", valueFrom: { configMapKeyRef: { name: "commerce-config", key: "TILE_URL" } } }] }));
    await expect(overview.cell("commerce", "dev")).toContainText(/cannot be started: couldn't find key TILE_URL in ConfigMap dreamscape-dev\/commerce-config/, { timeout: 40_000 });
    await kube("PATCH", deployment("dev", "commerce", "kubectl-edit"), container(first.name, { env: [{ name: "TILE_URL", $patch: "delete" }] }));
    await sandbox.post("put-right", {});
    await expect(overview.cell("commerce", "dev")).toContainText("healthy", { timeout: 40_000 });
  });
});

test("ACCEPTANCE 43: markup and control characters in names, reasons, events and log lines stay text", async ({ as, portal, sandbox }) => {
  const kube = kubeAdmin(portal.sandbox.kubeconfig);
  const markup = `<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>`;
  const hostile = `${markup} \u001b[31mred\u001b[0m \u001b]0;title\u0007 \u202Egnp.exe\u202C \u0000 end`;
  const namespace = "dreamscape-staging";
  const page = await as("Rafael");
  const overview = await new OverviewPage(page).open();
  await expect(overview.cell("experience", "staging")).toContainText("healthy", { timeout: 40_000 });

  // A field manager, which becomes "by whom"; an annotation's key; the last words of a process; an event's reason and message; the reason of an operation.
  await kube("PATCH", deployment("staging", "commerce", markup.slice(0, 120)), { spec: { replicas: 3 } });
  await sandbox.post("faults/crash", { environment: "staging", bigPod: "experience", process: "voyage", lasting: true, lastLine: hostile });
  const { items } = (await kube("GET", `/api/v1/namespaces/${namespace}/pods`)) as { items: { metadata: { name: string; uid: string } }[] };
  const pod = items.find(({ metadata }) => metadata.name.startsWith("experience-"))?.metadata;
  if (pod === undefined) throw new Error("there is no pod of experience");
  const now = new Date().toISOString();
  await kube("POST", `/api/v1/namespaces/${namespace}/events`, {
    apiVersion: "v1", kind: "Event", metadata: { name: "hostile.1", namespace }, involvedObject: { apiVersion: "v1", kind: "Pod", name: pod.name, namespace, uid: pod.uid },
    type: "Warning", reason: "<b>Harm</b>", message: hostile.replaceAll("\u0000", ""), firstTimestamp: now, lastTimestamp: now, count: 1, source: { component: "<i>me</i>" },
  });
  const api = apiClient(portal.url, portal.token);
  const { body: plan } = await api.post("plans", { kind: "restart", environment: "dev", bigPods: ["core"] });
  const { status, body: accepted } = await api.post("operations", { planHash: plan.hash, reason: `${markup} \u001b[31mred \u202E` }, { "idempotency-key": randomUUID() });
  expect(status).toBe(202);

  /** `kept`: what a person typed is kept and shown as it was typed, so only its effect is looked at. */
  const harmless = async (kept = false): Promise<void> => {
    const found = await page.evaluate(() => ({
      harmed: "harmed" in window,
      elements: document.querySelectorAll('img[src="x"], b + script, [onerror]').length,
      scripts: [...document.querySelectorAll("script")].filter((script) => script.textContent.startsWith("window.harmed")).length,
      // What a terminal or a reader would obey: controls, and what turns the direction of the text.
      controls: [...document.querySelector("main")?.textContent ?? ""].filter((letter) => {
        const code = letter.codePointAt(0) ?? 0;
        return (code < 32 && code !== 9 && code !== 10 && code !== 13) || (code >= 0x7f && code <= 0x9f) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
      }).length,
    }));
    const { pathname } = new URL(page.url());
    expect({ pathname, ...found, ...(kept ? { controls: 0 } : {}) }).toEqual({ pathname, harmed: false, elements: 0, scripts: 0, controls: 0 });
  };
  await expect(overview.cell("experience", "staging")).toContainText("<img src=x", { timeout: 60_000 });
  await expect(page.getByText(`${markup.slice(0, 120)}, not through Vigie`).first()).toBeVisible({ timeout: 60_000 });
  await harmless();
  await page.goto("/big-pods/staging/experience");
  await expect(page.getByRole("list", { name: "Events" })).toContainText("<b>Harm</b>", { timeout: 40_000 });
  await page.locator("#logs").scrollIntoViewIfNeeded();
  await expect(page.getByRole("log")).toContainText("<img src=x", { timeout: 60_000 });
  await harmless();
  await page.goto(`/operations/${accepted.id}`);
  await expect(page.getByText("<img src=x").first()).toBeVisible();
  await harmless(true);
  await page.goto("/audit");
  await expect(page.getByRole("list", { name: "Audit entries" })).toContainText("Restart", { ignoreCase: true });
  await harmless(true);
  await kube("PATCH", deployment("staging", "commerce", "kubectl-scale"), { spec: { replicas: 2 } });
  await sandbox.post("faults/heal", { environment: "staging", bigPod: "experience", process: "voyage" });
});
