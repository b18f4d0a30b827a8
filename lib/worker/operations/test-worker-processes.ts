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

/**
 * The leases of workers that are dead run out now. That they run out by themselves, and what waits for it meanwhile, is what crash.test.ts shows:
 * everywhere else the seconds of waiting show nothing.
 */
export async function leasesRunOut({ database }: Pick<Stage, "database">, dead: readonly string[]): Promise<void> {
  await database.db.$executeRaw`UPDATE lease SET expires_at = clock_timestamp() WHERE holder = ANY(${dead}) AND expires_at > clock_timestamp()`;
  await database.db.$executeRaw`UPDATE operation SET lease_expires_at = clock_timestamp() WHERE claimed_by = ANY(${dead}) AND status = 'running'`;
}

/** Called once at the top of a test file: its hooks open and close the stage. `patient`: what dead workers hold is waited for until it runs out. */
export function workerProcesses(options: Parameters<typeof openStage>[0] & { patient?: boolean } = {}): WorkerProcesses {
  let stage: Stage;
  const children = new Map<ChildProcess, string>();
  const dead = new Set<string>();
  beforeAll(async () => {
    stage = await openStage(options);
  });
  afterEach(async () => {
    for (const [child, holder] of children) {
      if (!isDead(child)) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      dead.add(holder);
    }
    children.clear();
  });
  afterAll(() => stage.stop());

  /** Starts a worker process and waits until it runs. */
  async function startChild(holder: string, fault = ""): Promise<ChildProcess> {
    for (const [child, name] of children) if (isDead(child)) dead.add(name);
    if (options.patient !== true && dead.size > 0) await leasesRunOut(stage, [...dead]);
    const child = spawn(process.execPath, [fileURLToPath(new URL("test-worker.ts", import.meta.url))], {
      env: { ...process.env, DATABASE_URL: stage.database.url, VIGIE_CONFIG: stage.configFile, HOLDER: holder, FAULT: fault, VIGIE_LOG: "error" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.set(child, holder);
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

const isDead = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

export const died = async (child: ChildProcess): Promise<void> => {
  if (!isDead(child)) await once(child, "exit");
};
