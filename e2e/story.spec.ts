import { expect, test } from "#e2e/fixtures.ts";
import { OperationPage, OverviewPage, PlanDialog } from "#e2e/pages.ts";
import { isGivenUp } from "#e2e/sandbox-console.ts";

test.describe("the story: see it, promote it, break it, roll it back, know who did it", () => {
  test.describe.configure({ mode: "serial" });

  test("three environments and three Big Pods are live, and what staging has that prod has not is said", async ({ as }) => {
    const overview = await new OverviewPage(await as("Rafael")).open();
    await expect(overview.verdict).toHaveText("Production is well", { timeout: 60_000 });
    for (const environment of ["dev", "staging", "prod"]) for (const bigPod of ["core", "experience", "commerce"]) await expect(overview.cell(bigPod, environment)).toContainText("healthy");
    await expect(overview.promote(/^Promote R-\d+ to prod$/)).toBeEnabled();
    await expect(overview.page.getByText("v2.2.1 → v2.3.0")).toBeVisible();
  });

  test("two clicks promote staging to prod, and it arrives pod by pod", async ({ as }) => {
    const overview = await new OverviewPage(await as("Rafael")).open();
    await overview.promote(/^Promote R-\d+ to prod$/).click();
    await new PlanDialog(overview.page).confirm(/^Promote R-\d+ to prod$/);
    const operation = new OperationPage(overview.page);
    await operation.expectOutcome("succeeded");
    await overview.open();
    await expect(overview.cell("experience", "prod")).toContainText("v2.3.0");
    await expect(overview.cell("commerce", "prod")).toContainText("v0.9.4");
    await expect(overview.verdict).toHaveText("Production is well");
  });

  test("a broken release is seen with its cause, and two clicks roll prod back", async ({ as, sandbox }) => {
    const overview = await new OverviewPage(await as("Rafael")).open();
    await sandbox.post("faults/release", { environment: "prod", kind: "fatal" });
    await expect(overview.cell("experience", "prod")).toContainText("broken", { timeout: 60_000 });
    await expect(overview.verdict).toHaveText(/Experience is broken in prod/);
    await expect(overview.cell("experience", "prod")).toContainText(/panorama/);
    await overview.page.getByRole("button", { name: /^Roll back prod to R-\d+$/ }).first().click();
    await new PlanDialog(overview.page).confirm(/^Roll back prod to R-\d+$/);
    const operation = new OperationPage(overview.page);
    await operation.expectOutcome("succeeded");
    await overview.open();
    await expect(overview.cell("experience", "prod")).toContainText("healthy");
    await expect(overview.verdict).toHaveText("Production is well");
  });

  test("a process that its supervisor gives up, in a pod that stays Ready, turns the tile red within two seconds, with the sentence", async ({ as, sandbox }) => {
    // Processes of supervisors: one that is a container of its own is restarted by the kubelet and never given up.
    const victims = [
      { environment: "staging", bigPod: "experience", process: "voyage" },
      { environment: "staging", bigPod: "commerce", process: "payment" },
      { environment: "dev", bigPod: "experience", process: "voyage" },
    ];
    const overview = await new OverviewPage(await as("Vera")).open();
    for (const { bigPod, environment } of victims) await expect(overview.cell(bigPod, environment)).toContainText("healthy");
    const brokenAt = await overview.noteFirst("broken");
    for (const victim of victims) await sandbox.post("faults/crash", { ...victim, lasting: true });

    const fatalAt = new Map<(typeof victims)[number], number>();
    const lookForFatal = async () => {
      const state = await sandbox.state();
      for (const victim of victims) if (!fatalAt.has(victim) && isGivenUp(state, victim)) fatalAt.set(victim, Date.now());
      return fatalAt.size;
    };
    await expect.poll(lookForFatal, { intervals: [20], timeout: 60_000 }).toBe(victims.length);
    const times: number[] = [];
    for (const [{ bigPod, environment, process }, at] of fatalAt) {
      times.push((await brokenAt(bigPod, environment)) - at);
      await expect(overview.cell(bigPod, environment)).toContainText(process);
    }
    times.sort((a, b) => a - b);
    test.info().annotations.push({ type: "FATAL to screen", description: times.map((time) => `${time} ms`).join(", ") });
    // The middle one of three: services are asked each second, and one answer may come late on a busy machine.
    expect(times[1]).toBeLessThan(2_000);

    for (const victim of victims) await sandbox.post("faults/heal", victim);
    for (const { bigPod, environment } of victims) await expect(overview.cell(bigPod, environment)).toContainText("healthy", { timeout: 60_000 });
  });

  test("the audit log says who did what and why, and proves itself", async ({ as }) => {
    const page = await as("Rafael");
    await page.goto("/audit");
    const entries = page.getByRole("list", { name: "Audit entries" });
    await expect(entries.locator("summary").getByText(/Rafael.*(promote|Promote)/).first()).toBeVisible();
    const rollback = entries.locator("details").filter({ hasText: /Roll back prod|roll prod back|rollback/i }).first();
    await rollback.locator("summary").click();
    await rollback.getByRole("link", { name: /Roll back prod|roll prod back|rollback/i }).first().click();
    await expect(page.getByText(/Rafael/).first()).toBeVisible();
    await page.goto("/audit");
    await page.getByRole("button", { name: "Verify the log" }).click();
    await expect(page.getByText(/entries, unbroken/)).toBeVisible();
  });
});
