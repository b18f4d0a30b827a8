import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createGrafana } from "#lib/adapters/grafana/grafana.ts";
import { configSchema } from "#lib/contracts/config.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { GrafanaApi } from "#lib/ports/grafana.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { createTestContext, nothingOutside, testConfig } from "#lib/services/test-context.ts";
import { createAnnotationPusher } from "#lib/worker/incidents/grafana-annotations.ts";
import { observerLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { startGrafana } from "#sandbox/grafana/server.ts";
import type { SandboxGrafana } from "#sandbox/grafana/server.ts";

const token = "glsa_of_this_test";
let database: TestDatabase;
let grafana: SandboxGrafana;
let operations = 0;

beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());
beforeEach(async () => void (grafana = await startGrafana({ prometheusUrl: "http://127.0.0.1:1", token, port: 0, host: "127.0.0.1" })));
afterEach(() => grafana.stop());

function pusher(api: (made: GrafanaApi) => GrafanaApi = (made) => made, lease: () => LeaseToken | null = () => ({ name: observerLease, holder: "test", epoch: 1n })) {
  const config = configSchema.parse({ ...testConfig, grafana: { url: grafana.url, token: "env:NONE" }, server: { url: "https://vigie.example.org" } });
  const made = api(createGrafana({ url: grafana.url, token }));
  const context: ServiceContext = { ...createTestContext(database.db, config), outside: { ...nothingOutside, grafana: () => made } };
  return createAnnotationPusher({ context, lease });
}

async function operation(kind: string, { hoursAgo = 0 } = {}): Promise<string> {
  const id = `op-${(operations += 1)}-${kind}`;
  const at = new Date(Date.now() - hoursAgo * 3_600_000 - 60_000);
  await database.db.operationRow.create({ data: { id, kind, environment: `prod-${operations}`, status: "running", title: `Bring R-<b>7</b> to prod`, reason: "why not", planHash: "h", plan: asJson({}), targets: asJson([{ bigPod: "core" }, { bigPod: "experience" }]), actor: asJson({ kind: "person", id: "rafael", name: "Rafael" }), actorId: "rafael", idempotencyKey: id, requestedAt: at, startedAt: at, position: 1n } });
  return id;
}
const end = (id: string, status: string) => database.db.operationRow.update({ where: { id }, data: { status, finishedAt: new Date() } });
const inGrafana = (id: string) => grafana.annotations().filter(({ tags }) => tags.includes(`vigie:${id}`));
/** As if the pause after a failure were over. */
const waited = () => database.db.grafanaAnnotationRow.updateMany({ data: { updatedAt: new Date(Date.now() - 3_600_000) } });

test("a promotion is a region from its start to its finish, tagged and without markup", async () => {
  const id = await operation("promotion");
  const annotations = pusher();
  await annotations.look();
  const { startedAt } = await database.db.operationRow.findUniqueOrThrow({ where: { id } });
  expect(inGrafana(id)).toMatchObject([{ time: startedAt?.getTime(), timeEnd: startedAt?.getTime(), tags: ["vigie", `vigie:${id}`, "promotion", expect.stringMatching(/^prod-/), "core", "experience"] }]);
  expect(inGrafana(id)[0]?.text).toBe(`Bring R-b7/b to prod: running, by Rafael\nhttps://vigie.example.org/operations/${id}`);
  await annotations.look();
  const { finishedAt } = await end(id, "returned");
  await annotations.look();
  expect(inGrafana(id)).toMatchObject([{ timeEnd: finishedAt?.getTime(), text: expect.stringContaining("returned, by Rafael") }]);
  expect(await database.db.grafanaAnnotationRow.findUnique({ where: { operationId: id } })).toMatchObject({ ended: true, lastError: null });
});

test("only promotions and rollbacks of the last day are told, and only with the observer's lease", async () => {
  const [restart, old, now] = [await operation("restart"), await operation("rollback", { hoursAgo: 30 }), await operation("rollback")];
  await pusher(undefined, () => null).look();
  expect(grafana.annotations()).toEqual([]);
  await pusher().look();
  expect([restart, old, now].map((id) => inGrafana(id).length)).toEqual([0, 0, 1]);
});

test("a Grafana that is away is asked again after a pause, and holds nothing up", async () => {
  const id = await operation("promotion");
  await grafana.setFaults({ down: true });
  const annotations = pusher();
  await annotations.look();
  expect(await database.db.grafanaAnnotationRow.findUnique({ where: { operationId: id } })).toMatchObject({ annotationId: null, attempts: 1, lastError: expect.stringContaining("the connection is refused") });
  await grafana.setFaults({ down: false });
  await annotations.look();
  expect(inGrafana(id)).toEqual([]);
  await waited();
  await annotations.look();
  expect(inGrafana(id)).toHaveLength(1);
  // The next failure begins with a short pause again.
  expect(await database.db.grafanaAnnotationRow.findUnique({ where: { operationId: id } })).toMatchObject({ attempts: 0, lastError: null });
});

test("an answer that was lost, or a worker that died with it, makes no second annotation", async () => {
  const id = await operation("promotion");
  const losing = pusher((made) => ({ ...made, annotate: async (annotation) => (await made.annotate(annotation), Promise.reject(new Error("killed here"))) }));
  await losing.look();
  expect(inGrafana(id)).toHaveLength(1);
  await end(id, "succeeded");
  await waited();
  await pusher().look();
  expect(inGrafana(id)).toMatchObject([{ text: expect.stringContaining("succeeded") }]);
});

test("two workers at once tell it once", async () => {
  const id = await operation("rollback");
  await Promise.all([pusher().look(), pusher().look(), pusher().look()]);
  expect(inGrafana(id)).toHaveLength(1);
});

test("an annotation that somebody removed stays away", async () => {
  const id = await operation("promotion");
  await pusher().look();
  const made = inGrafana(id)[0];
  await fetch(`${grafana.url}/api/annotations/${made?.id}`, { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
  await end(id, "succeeded");
  await pusher().look();
  await waited();
  await pusher().look();
  expect(inGrafana(id)).toEqual([]);
});
