import { afterAll, beforeAll, expect, test } from "vitest";
import { call, installRuntime } from "#app/api/test-portal.ts";
import * as silence from "#app/api/v1/silences/[id]/route.ts";
import * as silences from "#app/api/v1/silences/route.ts";
import * as signals from "#app/api/v1/signals/route.ts";
import { signalsResponseSchema, silenceCreatedSchema } from "#lib/contracts/signal.ts";
import { recordSignal } from "#lib/db/repositories/signal.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { Role } from "#lib/domain/access.ts";
import { createAlertmanager } from "#lib/adapters/alertmanager/alertmanager.ts";
import { actorWith } from "#lib/services/test-context.ts";
import { createToken } from "#lib/services/token/create.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { startAlertmanager } from "#sandbox/alertmanager/server.ts";
import type { SandboxAlertmanager } from "#sandbox/alertmanager/server.ts";
import { createClock } from "#sandbox/controllers/clock.ts";

let database: TestDatabase;
let context: ServiceContext;
let alertmanager: SandboxAlertmanager;
const clock = createClock();
const onsetAt = (minute: number): string => new Date(Date.UTC(2026, 10, 21, 8, minute)).toISOString();

beforeAll(async () => {
  database = await createTestDatabase();
  alertmanager = await startAlertmanager({ clock, port: 0, host: "127.0.0.1" });
  const api = createAlertmanager({ url: alertmanager.url, authorization: null });
  ({ context } = installRuntime(database));
  context.outside.alerts = () => api;
  await database.db.$transaction(async (tx) => {
    for (let minute = 0; minute < 6; minute += 1) {
      const environment = minute % 3 === 0 ? "dev" : minute % 3 === 1 ? "prod" : null;
      await recordSignal(tx, { key: `k${minute}`, kind: minute === 1 ? "health" : "alert", title: `Signal ${minute}`, detail: null, environment, bigPod: "core", service: null, severity: "warning", state: minute === 0 ? "ended" : "firing", onsetAt: onsetAt(minute), endedAt: minute === 0 ? onsetAt(9) : null, labels: { alertname: `Signal ${minute}`, environment: environment ?? "" }, annotations: {}, way: "webhook", silence: null, link: null, fingerprint: `f${minute}`, operationId: null });
    }
  });
});
afterAll(async () => {
  await alertmanager.stop();
  clock.stop();
  await database.drop();
});

async function tokenOf(role: Role, environments?: string[]): Promise<string> {
  const created = await createToken(context, actorWith("admin"), { name: `${role} ${environments?.join(" ") ?? "all"}`, role, expiresInDays: 1, ...(environments === undefined ? {} : { environments }) });
  return created.token;
}
async function list(query: string, token: string) {
  const answer = await call(signals.GET, `/api/v1/signals${query}`, { token });
  return { status: answer.status, ...signalsResponseSchema.parse(answer.body) };
}

test("signals come newest first, in pages, those of the environments one may see", async () => {
  const all = await tokenOf("viewer");
  expect((await list("", all)).signals.map((one) => one.title)).toEqual(["Signal 5", "Signal 4", "Signal 3", "Signal 2", "Signal 1"]);
  expect((await list("?state=ended", all)).signals.map((one) => one.title)).toEqual(["Signal 0"]);
  expect((await list("?kind=health&environment=prod", all)).signals.map((one) => one.title)).toEqual(["Signal 1"]);
  const first = await list("?state=all&limit=4", all);
  const second = await list(`?state=all&limit=4&before=${first.next ?? ""}`, all);
  expect([...first.signals, ...second.signals].map((one) => one.title)).toEqual([5, 4, 3, 2, 1, 0].map((minute) => `Signal ${minute}`));
  expect(second.next).toBeNull();
  const dev = await tokenOf("viewer", ["dev"]);
  expect((await list("?state=all", dev)).signals.map((one) => one.environment)).toEqual(["dev", "dev"]);
  expect((await call(signals.GET, "/api/v1/signals?environment=prod", { token: dev })).status).toBe(404);
  expect((await call(signals.GET, "/api/v1/signals?before=zz", { token: all })).status).toBe(400);
  expect((await call(signals.GET, "/api/v1/signals")).status).toBe(401);
});

test("a silence takes a token with the right for its environment, and ends by its id", async () => {
  const prod = await database.db.signalRow.findUniqueOrThrow({ where: { key: "k4" } });
  const dev = await tokenOf("operator", ["dev"]);
  const operator = await tokenOf("operator", ["prod"]);
  const body = { environment: "prod", signalId: prod.id, minutes: 60, comment: "known, being mended" };
  const make = (token: string | undefined, change: object = {}) => call(silences.POST, "/api/v1/silences", { ...(token === undefined ? {} : { token }), body: { ...body, ...change } });
  expect((await make(undefined)).status).toBe(401);
  expect((await make(await tokenOf("viewer"))).status).toBe(403);
  expect((await make(dev)).status).toBe(404);
  // Naming an environment of one's own does not help to another's alert.
  expect((await make(dev, { environment: "dev" })).status).toBe(404);
  expect((await make(operator, { minutes: 1 })).status).toBe(400);
  const health = await database.db.signalRow.findUniqueOrThrow({ where: { key: "k1" } });
  expect((await make(operator, { signalId: health.id })).status).toBe(400);
  const made = await make(operator);
  expect(made.status).toBe(201);
  const { id } = silenceCreatedSchema.parse(made.body);
  const end = (token: string, environment = "prod", which = id) => call(silence.DELETE, `/api/v1/silences/${which}?environment=${environment}`, { method: "DELETE", token, params: { id: which } });
  expect((await end(dev)).status).toBe(404);
  expect((await end(dev, "dev")).status).toBe(404);
  expect((await end(operator, "prod", "11111111-1111-4111-8111-111111111111")).status).toBe(404);
  expect((await end(operator)).status).toBe(204);
  expect((await end(operator)).status).toBe(204);
});

test("a silence of no environment, in an Alertmanager of several, is for those who may everywhere", async () => {
  const api = context.outside.alerts("prod");
  const id = (await api?.silence({ matchers: [{ name: "severity", value: "warning", isRegex: false, isEqual: true }], startsAt: new Date(), endsAt: new Date(Date.now() + 600_000), createdBy: "amtool", comment: "everything" })) ?? "";
  const end = async (token: string) => (await call(silence.DELETE, `/api/v1/silences/${id}?environment=prod`, { method: "DELETE", token, params: { id } })).status;
  expect(await end(await tokenOf("operator", ["prod"]))).toBe(403);
  expect(await end(await tokenOf("operator"))).toBe(204);
});
