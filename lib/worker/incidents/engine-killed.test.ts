import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEngineStage } from "#lib/worker/incidents/test-engine.ts";
import type { EngineStage } from "#lib/worker/incidents/test-engine.ts";

let stage: EngineStage;
beforeEach(async () => void (stage = await openEngineStage()));
afterEach(() => stage.close());

const program = fileURLToPath(new URL("test-engine-process.ts", import.meta.url));

/** Runs an engine's process until `deed` is done, then kills it at once. */
async function whileAnEngineRuns(deed: (alive: () => boolean) => Promise<void>): Promise<void> {
  const { holder, epoch } = stage.token;
  const child = spawn(process.execPath, [program, stage.database.url, holder, String(epoch)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  try {
    await once(child.stdout, "data");
    await deed(() => child.exitCode === null);
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

test("engines that are killed in the middle of a storm lose no signal and tell none twice", { timeout: 240_000 }, async () => {
  const { db } = stage.database;
  const places = ["core", "experience", null];
  let written = 0;
  for (const untilMore of [1, 25, 60]) {
    const before = await db.signalRow.count({ where: { handled: true } });
    await whileAnEngineRuns(async (alive) => {
      for (let index = 0; index < 80; index += 1) {
        await stage.hear(`s-${written}`, { bigPod: places[written % 3] ?? null });
        written += 1;
      }
      // Not at a moment of our choosing: as soon as it has got somewhere.
      while (alive() && (await db.signalRow.count({ where: { handled: true } })) < before + untilMore);
    });
  }
  await stage.engine.look();
  const incidents = await db.incidentRow.findMany();
  expect(incidents.map((incident) => incident.bigPod).toSorted()).toEqual(["core", "experience", null]);
  expect(incidents.reduce((sum, incident) => sum + incident.signals, 0)).toBe(written);
  expect(await db.signalRow.count({ where: { OR: [{ handled: false }, { incidentId: null }] } })).toBe(0);
  expect(await db.incidentEntryRow.count({ where: { kind: "signal" } })).toBe(written);
  expect(await db.auditEntryRow.count({ where: { action: "incident.open" } })).toBe(3);
});
