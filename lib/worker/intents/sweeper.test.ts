import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditBody } from "#lib/contracts/audit.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { AlertSilence, AlertsApi } from "#lib/ports/alerts.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import type { EnvironmentView, EnvironmentViews } from "#lib/ports/environment-view.ts";
import { verifyChain } from "#lib/services/audit/verify.ts";
import { createTestContext, nothingOutside } from "#lib/services/test-context.ts";
import { createIntentSweeper } from "#lib/worker/intents/sweeper.ts";
import { acquireLease, observerLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

let database: TestDatabase;
let token: LeaseToken;
let seen = true;
let silences: AlertSilence[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  const lease = await acquireLease(database.db, observerLease, "worker-1", 600_000);
  if (lease === null) throw new Error("a new database has a free lease");
  token = lease;
});
afterAll(() => database.drop());

/** A cluster in which op-2 has written core, as the port gives it. */
const workload: ClusterObject = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "core", uid: "u", resourceVersion: "1", annotations: { "vigie.dev/operation": "op-2" } }, spec: { template: { spec: { containers: [{ name: "auth", image: "x@sha256:2" }] } } } };
const view: EnvironmentView = {
  state: () => undefined, workload: () => workload, configMap: () => undefined, side: () => ({ workload: undefined, state: undefined }), recordable: () => undefined, service: () => undefined, autoscalers: () => [], configMapsKnown: () => true,
  fresh: () => seen, changed: () => Promise.resolve(), close: () => undefined,
};
const views: EnvironmentViews = { open: async () => view };
const never = (): Promise<never> => Promise.reject(new VigieError("upstream", "not asked in this test"));
const alerts: AlertsApi = { startedAt: never, alerts: never, silence: never, expire: never, silences: async () => silences };

const intent = (change: Partial<AuditBody>): AuditBody => ({ action: "operation.request", outcome: "allowed", actor: { kind: "person", id: "u1", name: "Ada" }, environment: "prod", bigPods: ["core"], operationId: null, summary: "asked", reason: null, before: null, after: null, ...change });
const append = (change: Partial<AuditBody>) => database.db.$transaction((tx) => appendAudit(tx, intent(change)));

async function operation(id: string, status: string, environment = "prod"): Promise<void> {
  await database.db.operationRow.create({ data: { id, kind: "restart", environment, status, title: `Restart ${id}`, reason: "test", planHash: "h", plan: {}, targets: [], actor: {}, actorId: "u1", idempotencyKey: id, requestedAt: new Date(), position: 0n, ...(["queued", "running"].includes(status) ? {} : { finishedAt: new Date(Date.now() - 60_000) }) } });
  await append({ operationId: id, environment });
}

async function sweep(): Promise<Record<string, unknown>[]> {
  const context = { ...createTestContext(database.db), outside: { ...nothingOutside, alerts: () => alerts } };
  const before = await database.db.auditEntryRow.count();
  await createIntentSweeper({ context, views, lease: () => token, graceSeconds: 0 }).look();
  const rows = await database.db.auditEntryRow.findMany({ where: { sequence: { gt: BigInt(before) } }, orderBy: { sequence: "asc" } });
  return rows.map((row) => (JSON.parse(row.bytes) as { body: Record<string, unknown> }).body);
}

describe("intents without an outcome", () => {
  test("of operations that ended, are gone or cannot run are resolved once, by what the operation and the cluster say", async () => {
    await operation("op-1", "failed");
    await operation("op-2", "succeeded");
    await append({ operationId: "op-lost" });
    await operation("op-elsewhere", "queued", "nowhere");
    // These are as they should be: one runs, one has its outcome, one was refused.
    await operation("op-runs", "running");
    await operation("op-done", "succeeded", "dev");
    await append({ operationId: "op-done", environment: "dev", action: "operation.outcome", outcome: "succeeded" });
    await operation("op-refused", "refused", "dev");
    await append({ operationId: "op-refused", environment: "dev", action: "operation.refuse", outcome: "failed" });

    expect(await sweep()).toMatchObject([
      { action: "intent.resolve", operationId: "op-1", outcome: "failed", actor: { kind: "system", id: "worker-1" }, summary: expect.stringMatching(/"Restart op-1" is failed since .*; nothing in prod carries its mark/), after: { intent: 1, status: "failed", bigPods: { core: { carries: false } } } },
      { action: "intent.resolve", operationId: "op-2", outcome: "succeeded", summary: expect.stringContaining("in prod, core was last written by it"), after: { status: "succeeded", bigPods: { core: { carries: true, now: { auth: "x@sha256:2" } } } } },
      { action: "intent.resolve", operationId: "op-lost", outcome: "failed", summary: expect.stringContaining("not known any more; nothing in prod carries its mark"), after: { status: "lost" } },
      { action: "intent.resolve", operationId: "op-elsewhere", outcome: "failed", environment: "nowhere", summary: expect.stringContaining("nowhere is not configured any more, so it cannot run") },
    ]);
    expect(await sweep()).toEqual([]);
    expect(await verifyChain(createTestContext(database.db))).toMatchObject({ valid: true });
  });

  test("wait while the cluster cannot be seen: nothing is guessed", async () => {
    await append({ operationId: "op-later" });
    seen = false;
    expect(await sweep()).toEqual([]);
    seen = true;
    expect(await sweep()).toMatchObject([{ operationId: "op-later" }]);
  });

  test("of silences are resolved by what Alertmanager has", async () => {
    const endsAt = new Date("2026-11-22T00:00:00.000Z");
    const create = (signalId: string, reason: string) => append({ action: "silence.create", reason, after: { signalId, endsAt: endsAt.toISOString() } });
    await create("s1", "made");
    await create("s2", "never made");
    await create("s3", "told");
    await append({ action: "silence.create", outcome: "failed", reason: "told", after: { signalId: "s3" } });
    await append({ action: "silence.end", before: { silence: "gone" } });
    await append({ action: "silence.end", before: { silence: "id-1" } });
    silences = [{ id: "id-1", matchers: [], startsAt: new Date(0), endsAt, createdBy: "Ada", comment: "made", state: "active" }];
    expect(await sweep()).toMatchObject([
      { outcome: "succeeded", summary: expect.stringContaining("has the silence id-1, active"), after: { action: "silence.create" } },
      { outcome: "failed", summary: expect.stringContaining("has no such silence") },
      { outcome: "succeeded", summary: expect.stringContaining("has ended that silence"), after: { action: "silence.end" } },
      { outcome: "failed", summary: expect.stringContaining("still has that silence") },
    ]);
    expect(await sweep()).toEqual([]);
  });

  test("are left to the worker that holds the lease", async () => {
    await append({ operationId: "op-other" });
    const held = token;
    token = { ...held, epoch: held.epoch + 1n };
    expect(await sweep()).toEqual([]);
    token = held;
    expect(await sweep()).toHaveLength(1);
  });
});
