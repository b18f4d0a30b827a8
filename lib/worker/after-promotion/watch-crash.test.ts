import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { automaticRollbacks, breakExperience, openWatchStage, promoteExperience } from "#lib/worker/after-promotion/test-watch-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let stage: Stage;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  stage = await openWatchStage({ prod: { watch: { watchMinutes: 5, mode: "rollback" } } });
});
afterEach(async () => {
  for (const child of children) await kill(child);
  children.clear();
});
afterAll(() => stage.stop());

async function startChild(holder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("../operations/test-worker.ts", import.meta.url))], {
    env: { ...process.env, DATABASE_URL: stage.database.url, VIGIE_CONFIG: stage.configFile, HOLDER: holder, VIGIE_LOG: "error" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  await once(child.stdout, "data");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function expectOneRollback(promotionId: string): Promise<void> {
  const { db } = stage.database;
  const [rollback] = await stage.until("a rollback was asked for", async () => {
    const rows = await automaticRollbacks(stage, promotionId);
    return rows.length > 0 ? rows : undefined;
  });
  expect((await stage.ended(rollback?.id ?? "")).status).toBe("succeeded");
  await stage.until("the watch has ended", async () => ((await db.promotionWatchRow.findUniqueOrThrow({ where: { operationId: promotionId } })).endedAt ?? undefined));
  expect(await automaticRollbacks(stage, promotionId)).toHaveLength(1);
  const entries = await db.auditEntryRow.findMany({ where: { action: "watch.verdict", operationId: promotionId }, orderBy: { sequence: "asc" } });
  // The verdict once, and the end of the watch once.
  expect(entries.map((entry) => (JSON.parse(entry.bytes) as { body: { after: Record<string, unknown> } }).body.after)).toMatchObject([{ decision: "rollback" }, { outcome: "rolled-back" }]);
  expect(await db.quarantineRow.count({ where: { operationId: promotionId } })).toBe(1);
  await db.quarantineRow.updateMany({ data: { liftedAt: new Date() } });
}

test("a worker that dies while it sees the failure: the next one goes on from when it began, and rolls back once", { timeout: 400_000 }, async () => {
  const first = await startChild("first");
  const { operation } = await promoteExperience(stage);
  await breakExperience(stage);
  await stage.until("the failure was written down", async () => ((await stage.database.db.promotionWatchRow.findFirst({ where: { operationId: operation.id, failingSince: { not: null } } })) ?? undefined));
  await kill(first);
  await startChild("second");
  await expectOneRollback(operation.id);
});

test("a worker that dies between its verdict and what it writes of it: nothing of it stands, and the next one does all of it once", { timeout: 400_000 }, async () => {
  const first = await startChild("third");
  const { operation } = await promoteExperience(stage);
  const holding = new pg.Client({ connectionString: stage.database.ownerUrl });
  await holding.connect();
  try {
    // The verdict's transaction has written the operation and stands before the quarantine.
    await holding.query("BEGIN");
    await holding.query("LOCK TABLE quarantine IN EXCLUSIVE MODE");
    await breakExperience(stage);
    await stage.until("the verdict is being written", async () => {
      // Not over the connection that holds the lock: in a transaction it would see the same activity for ever.
      const rows = await stage.database.db.$queryRaw<unknown[]>`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active' AND query LIKE '%INSERT INTO quarantine%'`;
      return rows.length > 0 ? true : undefined;
    });
    await kill(first);
    await holding.query("ROLLBACK");
  } finally {
    await holding.end();
  }
  await stage.until("the dead worker's transaction is gone", async () => {
    const rows = await stage.database.db.$queryRaw<unknown[]>`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%INSERT INTO quarantine%' AND pid <> pg_backend_pid() AND state <> 'idle'`;
    return rows.length === 0 ? true : undefined;
  });
  expect(await automaticRollbacks(stage, operation.id)).toEqual([]);
  expect(await stage.database.db.auditEntryRow.count({ where: { action: "watch.verdict", operationId: operation.id } })).toBe(0);
  await Promise.all([startChild("fourth"), startChild("fifth")]);
  await expectOneRollback(operation.id);
});
