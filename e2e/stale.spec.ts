import { expect, test } from "#e2e/fixtures.ts";
import { OverviewPage } from "#e2e/pages.ts";

test("when the API server cannot be reached, nothing stays green: tiles say stale, since when and why", async ({ as, sandbox }) => {
  const overview = await new OverviewPage(await as("Vera")).open();
  await expect(overview.cell("core", "prod")).toContainText("healthy", { timeout: 60_000 });
  await sandbox.post("faults/api-server", { down: true });
  await expect(overview.cell("core", "prod")).toContainText("stale", { timeout: 15_000 });
  await expect(overview.verdict).not.toHaveText("Production is well");
  await sandbox.post("faults/api-server", { down: false });
  await expect(overview.cell("core", "prod")).toContainText("healthy", { timeout: 60_000 });
});

test("when the worker is gone, every tile is stale; a new one goes on where it was", async ({ as, portal }) => {
  const overview = await new OverviewPage(await as("Vera")).open();
  await expect(overview.cell("commerce", "prod")).toContainText("healthy", { timeout: 60_000 });
  const worker = portal.stack.children.worker;
  worker.process.kill("SIGKILL");
  await worker.exited;
  await expect(overview.cell("commerce", "prod")).toContainText("stale", { timeout: 15_000 });
  const ready = await fetch(`${portal.url}/api/readyz`);
  expect(ready.status).toBe(503);
  portal.stack.children.worker = await portal.stack.startWorker();
  await expect(overview.cell("commerce", "prod")).toContainText("healthy", { timeout: 60_000 });
});
