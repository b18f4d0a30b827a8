import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openWatchStage } from "#lib/worker/after-promotion/test-watch-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";
import { leasesRunOut } from "#lib/worker/operations/test-worker-processes.ts";

let stage: Stage;
const children = new Set<ChildProcess>();
const dead: string[] = ["setting-up"];
beforeAll(async () => {
  stage = await openWatchStage({});
  await stage.startWorker("setting-up");
  await stage.settled("dev");
  await stage.settled("staging");
  const promoted = await stage.ended(await stage.confirm(await stage.plan({ kind: "promotion", from: "dev", to: "staging" })));
  if (promoted.status !== "succeeded") throw new Error(`The promotion ended as ${promoted.status}: ${promoted.note}`);
  await stage.settled("staging");
  await stage.stopWorkers();
}, 240_000);
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  children.clear();
});
afterAll(() => stage.stop());

/** Whoever was started before is dead by then. */
async function startChild(holder: string, fault = ""): Promise<ChildProcess> {
  await leasesRunOut(stage, dead);
  dead.push(holder);
  const child = spawn(process.execPath, [fileURLToPath(new URL("../operations/test-worker.ts", import.meta.url))], {
    env: { ...process.env, DATABASE_URL: stage.database.url, VIGIE_CONFIG: stage.configFile, HOLDER: holder, FAULT: fault, VIGIE_LOG: "error" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  await once(child.stdout, "data");
  return child;
}

const state = async () => ({ images: await stage.images("staging"), release: await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "staging" }, select: { number: true, contentHash: true, settled: true } }) });
const drill = async (): Promise<string> => stage.confirm(await stage.plan({ kind: "drill", environment: "staging" }));

test("killed in the middle of its second half: the next worker finishes the return, and it counts as a drill", { timeout: 400_000 }, async () => {
  const first = await startChild("first");
  await stage.settled("staging");
  const before = await state();
  const id = await drill();
  await stage.until("it returns", async () => ((await stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "drill-return-rollout", status: "running" } })) ?? undefined));
  first.kill("SIGKILL");
  await once(first, "exit");
  await startChild("second");
  const operation = await stage.ended(id);
  expect([operation.status, operation.note]).toEqual(["succeeded", expect.stringMatching(/^Went back to R-\d+ in .+ and returned in .+\.$/)]);
  await stage.settled("staging");
  expect(await state()).toEqual(before);
});

// One Big Pod differs here: the first write goes back, the second returns.
test.each(["kill-before:1", "kill-after:1", "kill-before:2", "kill-after:2"])("at a write (%s): it still ends where it began", { timeout: 400_000 }, async (fault) => {
  const first = await startChild(`first-${fault}`, fault);
  await stage.settled("staging");
  const before = await state();
  const id = await drill();
  if (first.exitCode === null && first.signalCode === null) await once(first, "exit");
  expect(first.signalCode).toBe("SIGKILL");
  await startChild(`second-${fault}`);
  expect((await stage.ended(id)).status).toBe("succeeded");
  await stage.settled("staging");
  expect(await state()).toEqual(before);
});
