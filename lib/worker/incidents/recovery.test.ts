import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { recoverySchema } from "#lib/contracts/incident.ts";
import type { Recovery } from "#lib/contracts/incident.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import { bigPodState, testConfig, watched, writeState } from "#lib/services/plan/test-platform.ts";
import { createTestContext } from "#lib/services/test-context.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { createRecoveryWatch } from "#lib/worker/incidents/recovery.ts";

const v1 = { tag: "v1", digest: `sha256:${"1".repeat(64)}` };
const image = `r/app:v1@${v1.digest}`;
let database: TestDatabase;
let token: LeaseToken | null;
let incident: string;
const look = async (): Promise<void> => {
  const watch = createRecoveryWatch({ context: createTestContext(database.db, testConfig("http://127.0.0.1:1")), lease: () => token });
  await watch.look();
  await watch.close();
};
const ago = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
const recovery = async (): Promise<Recovery | null> => recoverySchema.nullable().parse((await database.db.incidentRow.findUniqueOrThrow({ where: { id: incident } })).recovery);
const entries = async (): Promise<string[]> => (await database.db.incidentEntryRow.findMany({ where: { incidentId: incident, kind: "recovery" }, orderBy: { id: "asc" } })).map((entry) => entry.title);

beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());
beforeEach(async () => {
  const { db } = database;
  await watched(db);
  token = { name: "observer", holder: "test", epoch: 1n };
  await db.incidentEntryRow.deleteMany();
  await db.signalRow.deleteMany();
  await db.incidentRow.deleteMany();
  await db.operationRow.deleteMany();
  await writeState(db, bigPodState("prod", "experience", v1, { since: ago(30).toISOString() }));
  incident = (await db.incidentRow.create({ data: { id: randomUUID(), environment: "prod", bigPod: "experience", title: "errors", severity: "critical", status: "open", onsetAt: ago(10), openedAt: ago(9), position: 0n } })).id;
});

async function operation(finishedMinutesAgo: number, given: { kind?: string; bigPod?: string; status?: string; startedAt?: Date; automatic?: boolean } = {}): Promise<string> {
  const { kind = "rollback", bigPod = "experience", status = "succeeded", startedAt = ago(finishedMinutesAgo + 1), automatic = false } = given;
  const id = randomUUID();
  const target = { bigPod, workload: { name: bigPod, uid: "u", generation: 1 }, before: { template: {}, configMaps: [], replicas: 2 }, write: { effect: "restore", template: { spec: { containers: [{ name: "app", image }] } }, configMaps: [], restart: false }, colour: null };
  await database.db.operationRow.create({
    data: { id, kind, environment: "prod", status, title: "Roll back", reason: "x", planHash: "x", plan: asJson({ release: 211, changes: [] }), targets: asJson([target]), actor: {}, actorId: "a", idempotencyKey: id, requestedAt: startedAt, startedAt, finishedAt: ago(finishedMinutesAgo), automatic, position: 0n },
  });
  return id;
}
const signal = (state: string, given: { kind?: string; endedAt?: Date | null; incidentId?: string | null; environment?: string | null } = {}) =>
  database.db.signalRow.create({ data: { id: randomUUID(), key: randomUUID(), kind: given.kind ?? "alert", title: given.kind === "blind" ? "Watchdog is missing" : "HighErrorRatio", environment: given.environment === undefined ? "prod" : given.environment, bigPod: "experience", severity: "critical", state, onsetAt: ago(10), receivedAt: ago(9), seenAt: ago(1), endedAt: given.endedAt ?? null, incidentId: given.incidentId === undefined ? incident : given.incidentId } });

describe("verifying a recovery", () => {
  test("nothing was done: nothing is said", async () => {
    await look();
    expect(await recovery()).toBeNull();
  });

  test.each<[string, Parameters<typeof operation>[1]]>([
    ["of another Big Pod", { bigPod: "commerce" }],
    ["that failed", { status: "failed" }],
    ["that began before the onset", { startedAt: ago(11) }],
    ["that isolates", { kind: "isolate" }],
  ])("an operation %s is no remedy", async (_name, given) => {
    await operation(5, given);
    await look();
    expect(await recovery()).toBeNull();
  });

  test("well for long enough: verifying, then recovered; each is told once, whoever looks", async () => {
    const id = await operation(1, { automatic: true });
    await signal("ended", { endedAt: ago(1.5) });
    await look();
    expect(await recovery()).toMatchObject({ state: "verifying", operationId: id });
    await database.db.operationRow.update({ where: { id }, data: { finishedAt: ago(3) } });
    await database.db.signalRow.updateMany({ data: { endedAt: ago(3) } });
    await look();
    await look();
    expect(await recovery()).toMatchObject({ state: "recovered", sentence: "rolled back to R-211, recovered: digests run, services up, alerts quiet" });
    expect(await entries()).toEqual([expect.stringMatching(/^Rolled back to R-211, verifying/), "Rolled back to R-211, recovered: digests run, services up, alerts quiet"]);
  });

  test("the alert still fires: rolled back, not recovered", async () => {
    await operation(2);
    await signal("firing");
    await look();
    expect(await recovery()).toMatchObject({ state: "not-recovered", sentence: "rolled back to R-211, not recovered: HighErrorRatio still fires after 2 min" });
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ["the monitoring is blind", () => signal("firing", { kind: "blind", incidentId: null, environment: null }), "monitoring is blind (Watchdog is missing)"],
    ["the cluster cannot be seen", () => watched(database.db, "down"), "connection refused"],
  ])("%s: not recovered, with that reason", async (_name, spoil, why) => {
    await operation(3);
    await spoil();
    await look();
    const found = await recovery();
    expect([found?.state, found?.sentence]).toEqual(["not-recovered", expect.stringContaining(why)]);
  });

  test("without the lease nothing is written", async () => {
    await operation(3);
    token = { name: "observer", holder: "another", epoch: 1n };
    await look();
    token = null;
    await look();
    expect([await recovery(), await entries()]).toEqual([null, []]);
  });
});
