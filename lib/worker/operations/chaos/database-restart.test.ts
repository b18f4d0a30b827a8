import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "#lib/db/client.ts";
import { migrate } from "#lib/db/migrate.ts";
import { setUpRoles } from "#lib/db/roles.ts";
import { root } from "#lib/runtime/home.ts";
import { startEmbeddedPostgres } from "#lib/runtime/postgres/embedded.ts";
import type { EmbeddedPostgres } from "#lib/runtime/postgres/embedded.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let folder: string;
let server: EmbeddedPostgres;
let stage: Stage;
/** A server of its own: the one all tests share must not be restarted. Durable, because what it said was committed has to be there afterwards. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vigie-restart-"));
  chmodSync(folder, 0o711);
  server = await startEmbeddedPostgres(join(folder, "postgres"));
  await migrate(server.ownerUrl, join(root, "prisma/migrations"));
  const app = { role: "vigie_app", password: "test-only" };
  await setUpRoles(server.ownerUrl, app);
  const url = server.urlFor(app.role, app.password);
  const db = createDatabase(url, { poolSize: 10 });
  stage = await openStage({ database: { url, ownerUrl: server.ownerUrl, db, drop: () => db.$disconnect() } });
  await stage.startWorker("w1");
}, 60_000);
afterAll(async () => {
  await stage?.stop();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const postmaster = (): number => Number(readFileSync(join(folder, "postgres", "data", "postmaster.pid"), "utf8").split("\n")[0]);
/** What the database says, or undefined while it is away. */
const asked = <T>(look: () => Promise<T | undefined>) => look().catch(() => undefined);

test.each([
  ["restarted in an orderly way", "SIGINT"],
  ["killed and recovered", "SIGKILL"],
] as const)("the database is %s in the middle of an operation: it ends as planned, once, with its entries", async (_how, signal) => {
  await stage.settled("staging");
  await stage.settled("prod");
  const { number } = await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
  const plan = await stage.plan({ kind: "promotion", from: "staging", to: "prod" });
  const id = await stage.confirm(plan);
  await stage.until("the first rollout runs", async () => ((await stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "rollout", status: "running" } })) ?? undefined));
  const before = postmaster();
  process.kill(before, signal);
  const operation = await stage.until("it has ended", () => asked(async () => (await stage.database.db.operationRow.findUnique({ where: { id, status: { not: "running" } } })) ?? undefined), 60_000);
  expect(postmaster()).not.toBe(before);
  expect([operation.status, operation.note]).toEqual(["succeeded", expect.anything()]);
  const images = await stage.images("prod");
  for (const change of plan.changes) for (const image of change.images) expect(images[change.bigPod]?.[image.container]).toBe(image.to);
  const entries = await stage.database.db.auditEntryRow.findMany({ where: { operationId: id }, orderBy: { sequence: "asc" } });
  expect(entries.map(({ action }) => action)).toEqual(["operation.request", "operation.start", "operation.outcome"]);
  // As it was, for whoever comes next.
  await stage.until("prod is settled", () => asked(async () => (await stage.settled("prod", 1_000), true)), 60_000);
  expect(await stage.ended(await stage.confirm(await stage.plan({ kind: "rollback", environment: "prod", release: number })), 60_000)).toMatchObject({ status: "succeeded" });
}, 150_000);
