import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

export const namespace = "dreamscape-prod";

/** A stage for a whole test file, and workers on it that are processes of their own; what a test leaves running is killed after it. */
export interface WorkerProcesses {
  readonly stage: Stage;
  startChild(holder: string, fault?: string): Promise<ChildProcess>;
  promotion(): Promise<{ id: string; wanted: Record<string, string>; undo: () => Promise<void> }>;
  expectPromoted(id: string, wanted: Record<string, string>): Promise<void>;
}

/** Called once at the top of a test file: its hooks open and close the stage. */
export function workerProcesses(options: Parameters<typeof openStage>[0] = {}): WorkerProcesses {
  let stage: Stage;
  const children = new Set<ChildProcess>();
  beforeAll(async () => {
    stage = await openStage(options);
  });
  afterEach(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    children.clear();
  });
  afterAll(() => stage.stop());

  /** Starts a worker process and waits until it runs. */
  async function startChild(holder: string, fault = ""): Promise<ChildProcess> {
    const child = spawn(process.execPath, [fileURLToPath(new URL("test-worker.ts", import.meta.url))], {
      env: { ...process.env, DATABASE_URL: stage.database.url, VIGIE_CONFIG: stage.configFile, HOLDER: holder, FAULT: fault, VIGIE_LOG: "error" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.add(child);
    await once(child.stdout, "data");
    return child;
  }

  /** A promotion with two Big Pods whose images are given back afterwards, so that each test starts alike. */
  async function promotion(): Promise<{ id: string; wanted: Record<string, string>; undo: () => Promise<void> }> {
    await stage.settled("staging");
    await stage.settled("prod");
    const plan = await stage.plan({ kind: "promotion", from: "staging", to: "prod" });
    const wanted = Object.fromEntries(plan.changes.flatMap((change) => change.images.map((image) => [`${change.bigPod}/${image.container}`, image.to])));
    const { number } = await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
    const undo = async (): Promise<void> => {
      await stage.settled("prod");
      const back = await stage.plan({ kind: "rollback", environment: "prod", release: number });
      const undone = await stage.ended(await stage.confirm(back));
      expect([undone.status, undone.note]).toEqual(["succeeded", expect.anything()]);
    };
    return { id: await stage.confirm(plan), wanted, undo };
  }

  async function expectPromoted(id: string, wanted: Record<string, string>): Promise<void> {
    const operation = await stage.ended(id);
    expect([operation.status, operation.note]).toEqual(["succeeded", expect.anything()]);
    const images = await stage.images("prod");
    for (const [place, reference] of Object.entries(wanted)) {
      const [bigPod = "", container = ""] = place.split("/");
      expect(images[bigPod]?.[container]).toBe(reference);
    }
  }

  return {
    get stage() {
      return stage;
    },
    startChild,
    promotion,
    expectPromoted,
  };
}

export const died = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
};
