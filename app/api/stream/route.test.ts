import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { GET } from "#app/api/stream/route.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import { streamEventSchema } from "#lib/contracts/stream.ts";
import type { StreamEvent } from "#lib/contracts/stream.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { writeState } from "#lib/db/repositories/state.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { blindState } from "#lib/domain/fold-blind.ts";
import { sessionCookieName } from "#lib/domain/session-cookie.ts";
import { core, testNow } from "#lib/domain/test-objects.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { createLog } from "#lib/runtime/log.ts";
import { portalUrl } from "#lib/runtime/portal-url.ts";
import type { Runtime } from "#lib/runtime/wiring.ts";
import type { Live } from "#lib/services/state/live.ts";
import { endSession } from "#lib/services/session/end.ts";
import { listSessions } from "#lib/services/session/list.ts";
import { revokeSession } from "#lib/services/session/revoke.ts";
import { createSignInStore } from "#lib/services/session/sign-in.ts";
import { createToken } from "#lib/services/token/create.ts";
import { revokeToken } from "#lib/services/token/revoke.ts";
import { registryWith, testConfig } from "#lib/worker/test-parts.ts";

const admin: Actor = { kind: "person", id: "ada", name: "Ada", grants: [{ role: "admin", environments: "*" }] };
const source = { key: "k", environment: null, title: "Pods", status: "live" as const, since: testNow.toISOString(), contactAt: null, reason: null, required: true };
const shared = globalThis as typeof globalThis & { vigieRuntime?: Runtime; vigieLive?: Live };

let database: TestDatabase;
let runtime: Runtime;
const readers: AbortController[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const log = createLog("web");
  const context = { db: database.db, config: testConfig, clock: systemClock, log, registry: registryWith({}) };
  // The route finds its runtime where Next's module instances share it; only what it uses is there.
  runtime = { context, config: testConfig, databaseUrl: database.url, log, secret: randomBytes(32).toString("hex") } as unknown as Runtime;
  shared.vigieRuntime = runtime;
});
afterEach(() => {
  for (const reader of readers.splice(0)) reader.abort();
});
afterAll(async () => {
  await shared.vigieLive?.close();
  delete shared.vigieLive;
  delete shared.vigieRuntime;
  await database.drop();
});

async function write(environment: string, restarts: number): Promise<number> {
  return await database.db.$transaction(async (tx) => {
    const position = await nextPosition(tx);
    await writeState(tx, { ...blindState(environment, core, source, ["k"], testNow), restarts }, position);
    await publish(tx, "state", `${environment}/core`, position);
    return Number(position);
  });
}

async function token(environments: string[]): Promise<{ id: string; token: string }> {
  return await createToken(runtime.context, admin, { name: `t-${randomBytes(3).toString("hex")}`, role: "viewer", environments, expiresInDays: 1 } as never);
}

async function open(bearer: string | null, query = "", headers: Record<string, string> = {}): Promise<Response> {
  const controller = new AbortController();
  readers.push(controller);
  return await GET(new Request(`http://127.0.0.1/api/stream${query}`, { headers: { ...headers, ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }) }, signal: controller.signal }));
}

/** Events of a stream as a browser would read them. */
async function* events(response: Response): AsyncGenerator<{ id: string | null; event: StreamEvent }> {
  if (!response.body) throw new Error("the answer has no body");
  let text = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const fields = new Map(text.slice(0, end).split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
      text = text.slice(end + 2);
      yield { id: fields.get("id") ?? null, event: streamEventSchema.parse({ type: fields.get("event"), data: JSON.parse(fields.get("data") ?? "") }) };
    }
  }
}
async function take(stream: AsyncGenerator<{ id: string | null; event: StreamEvent }>, until: StreamEvent["type"]): Promise<StreamEvent[]> {
  const seen: StreamEvent[] = [];
  for (;;) {
    const next = await stream.next();
    if (next.done) throw new Error(`the stream ended before ${until}`);
    if (next.value.event.type !== "beat" || until === "beat") seen.push(next.value.event);
    if (next.value.event.type === until) return seen;
  }
}

test("nobody: 401 with a sentence, and no stream", async () => {
  const response = await open(null);
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ error: { code: "unauthenticated" } });
});

test("a reader gets headers that keep proxies from holding back, its snapshot, and what changes in its environments only", async () => {
  await write("prod", 1);
  const response = await open((await token(["prod"])).token);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(response.headers.get("cache-control")).toBe("no-cache, no-transform");
  expect(response.headers.get("x-accel-buffering")).toBe("no");
  const stream = events(response);
  const [snapshot] = await take(stream, "ready");
  expect(snapshot).toMatchObject({ type: "snapshot", data: { environments: [{ name: "prod" }], states: [{ environment: "prod" }] } });
  await write("staging", 5);
  await write("prod", 6);
  expect(await take(stream, "state")).toMatchObject([{ type: "state", data: { environment: "prod", restarts: 6 } }]);
  expect((await take(stream, "beat")).length).toBe(1);
});

test.each([["after", "?after=", {}], ["Last-Event-ID", "", { "last-event-id": "" }]] as const)("resuming by %s", async (_name, query, header) => {
  const from = await write("prod", 10);
  const { token: bearer } = await token(["prod"]);
  // The first reader waits until the model has the position.
  await take(events(await open(bearer)), "ready");
  await write("prod", 11);
  const stream = events(query === "" ? await open(bearer, "", Object.fromEntries(Object.keys(header).map((name) => [name, String(from)]))) : await open(bearer, `${query}${from}`));
  const types = (await take(stream, "state")).map((e) => e.type);
  expect(types).not.toContain("snapshot");
});

test("when the session ends, the stream says so and ends", async () => {
  const created = await token(["prod"]);
  const stream = events(await open(created.token));
  await take(stream, "ready");
  await revokeToken(runtime.context, admin, created.id);
  expect((await take(stream, "signed-out")).at(-1)).toEqual({ type: "signed-out", data: {} });
  expect((await stream.next()).done).toBe(true);
});

describe("ACCEPTANCE 52: the stream of a person", () => {
  // Nothing that looks every few seconds runs here: what ends a stream was told.
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval"] }));
  afterEach(() => void vi.useRealTimers());

  async function openAs(subject: string): Promise<{ stream: ReturnType<typeof events>; userId: string; sessionToken: string }> {
    const store = createSignInStore(runtime.context);
    const result = await store.signIn("github", { subject, name: subject, email: "a@example.org", emailVerified: true, groups: [] });
    if ("refused" in result) throw new Error(result.refused);
    const sessionToken = `session-of-${subject}`;
    await store.createSession(result.userId, sessionToken, { provider: "github", replacesToken: null, authenticatedAt: null });
    const stream = events(await open(null, "", { cookie: `${sessionCookieName(portalUrl(testConfig))}=${sessionToken}` }));
    await take(stream, "ready");
    return { stream, userId: result.userId, sessionToken };
  }
  async function expectEnd(stream: ReturnType<typeof events>): Promise<void> {
    expect((await take(stream, "signed-out")).at(-1)).toEqual({ type: "signed-out", data: {} });
    expect((await stream.next()).done).toBe(true);
  }

  test.each<[string, (userId: string) => Promise<unknown>]>([
    ["removed, by a statement in the database", (id) => database.db.$executeRaw`UPDATE user_account SET disabled_at = now() WHERE id = ${id}`],
    ["deleted", (id) => database.db.$executeRaw`DELETE FROM user_account WHERE id = ${id}`],
    ["refused at a sign-in elsewhere", () => createSignInStore(runtime.context).signIn("github", { subject: "refused at a sign-in elsewhere", name: "x", email: "b@example.org", emailVerified: true, groups: [] })],
    ["not a member any more", () => createSignInStore(runtime.context).left("github", "not a member any more")],
    ["ended by the person, from another browser", async (id) => revokeSession(runtime.context, { ...admin, id }, (await listSessions(runtime.context, { ...admin, id }))[0]?.id ?? "")],
  ])("%s: it ends when it is told, without being asked", async (how, takeAway) => {
    const { stream, userId } = await openAs(how);
    await takeAway(userId);
    await expectEnd(stream);
  });

  test("signing out ends it too, and nobody else's", async () => {
    const [one, two] = [await openAs("one"), await openAs("two")];
    await endSession(runtime.context, one.sessionToken);
    await expectEnd(one.stream);
    await write("prod", 77);
    expect((await take(two.stream, "state")).at(-1)).toMatchObject({ data: { restarts: 77 } });
  });

  test("a token that is revoked ends it as well", async () => {
    const created = await token(["prod"]);
    const stream = events(await open(created.token));
    await take(stream, "ready");
    await revokeToken(runtime.context, admin, created.id);
    await expectEnd(stream);
  });
});

test("a reader that goes away leaves nothing behind", async () => {
  const before = shared.vigieLive?.subscribers() ?? 0;
  const stream = events(await open((await token(["prod"])).token));
  await take(stream, "ready");
  expect(shared.vigieLive?.subscribers()).toBe(before + 1);
  readers.at(-1)?.abort();
  await expect.poll(() => shared.vigieLive?.subscribers(), { timeout: 60_000 }).toBe(before);
});
