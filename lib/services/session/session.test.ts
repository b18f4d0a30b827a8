import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Person } from "#lib/contracts/person.ts";
import { hashOfToken } from "#lib/db/repositories/user.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { endSession } from "#lib/services/session/end.ts";
import { readSession } from "#lib/services/session/read.ts";
import { createSignInStore } from "#lib/services/session/sign-in.ts";
import { createTestContext, testConfig } from "#lib/services/test-context.ts";

let database: TestDatabase;
let context: ServiceContext;
let token: string;
let made = 0;
const person: Person = { subject: "p1", name: "Vera", email: "vera@example.org", emailVerified: true, groups: ["viewers"] };

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  context = createTestContext(database.db);
  token = await signedIn(person);
});

async function signedIn(who: Person): Promise<string> {
  const store = createSignInStore(context);
  const result = await store.signIn("sso", who);
  if ("refused" in result) throw new Error(result.refused);
  const value = `token-${++made}`;
  await store.createSession(result.userId, value, { provider: "sso", replacesToken: null, authenticatedAt: new Date() });
  return value;
}

const age = (column: "seen_at" | "expires_at", interval: string) => context.db.$executeRawUnsafe(`UPDATE session SET ${column} = ${column} - interval '${interval}' WHERE token_hash = '${hashOfToken(token)}'`);

describe("a session", () => {
  test("holds its person, with the roles of now", async () => {
    expect((await readSession(context, token))?.actor).toMatchObject({ name: "Vera", grants: [{ role: "viewer", environments: ["dev"] }] });
    const changed = createTestContext(database.db, { ...testConfig, access: { ...testConfig.access, roles: [{ role: "operator", groups: [], users: ["vera@example.org"] }] } });
    expect((await readSession(changed, token))?.actor.grants).toEqual([{ role: "operator", environments: "*" }]);
  });

  test("is over after its absolute limit, however busy", async () => {
    const { sessionExpiresAt } = (await readSession(context, token)) ?? { sessionExpiresAt: new Date(0) };
    expect(Math.round((sessionExpiresAt.getTime() - Date.now()) / 3_600_000)).toBe(testConfig.access.sessionMaximumHours);
    await age("expires_at", `${testConfig.access.sessionMaximumHours} hours`);
    expect(await readSession(context, token)).toBeNull();
  });

  test("is over when nothing was done for too long, and lives on while something is", async () => {
    await age("seen_at", `${testConfig.access.sessionIdleHours - 1} hours`);
    expect(await readSession(context, token)).not.toBeNull();
    await age("seen_at", `${testConfig.access.sessionIdleHours - 1} hours`);
    expect(await readSession(context, token)).not.toBeNull();
    await age("seen_at", `${testConfig.access.sessionIdleHours} hours`);
    expect(await readSession(context, token)).toBeNull();
  });

  test("is not kept alive by being asked for: an open tab is no use", async () => {
    await age("seen_at", `${testConfig.access.sessionIdleHours - 1} hours`);
    expect(await readSession(context, token, { use: false })).not.toBeNull();
    await age("seen_at", "1 hours");
    expect(await readSession(context, token, { use: false })).toBeNull();
  });

  test("ends at once when the person holds no role any more, with an entry", async () => {
    const without = createTestContext(database.db, { ...testConfig, access: { ...testConfig.access, roles: [{ role: "admin", groups: ["others"], users: [] }] } });
    expect(await readSession(without, token)).toBeNull();
    expect(await readSession(context, token)).toBeNull();
    const rows = await context.db.auditEntryRow.findMany({ orderBy: { sequence: "desc" }, take: 1 });
    expect(rows[0]).toMatchObject({ action: "session.denied", outcome: "denied", actorName: "Vera" });
  });

  test("ends at once when the person is disabled", async () => {
    await context.db.userRow.updateMany({ data: { disabledAt: new Date() } });
    expect(await readSession(context, token)).toBeNull();
    await context.db.userRow.updateMany({ data: { disabledAt: null } });
    expect(await readSession(context, token)).toBeNull();
  });

  test("is gone after signing out; twice is one entry", async () => {
    const before = await context.db.auditEntryRow.count({ where: { action: "session.sign-out" } });
    await Promise.all([endSession(context, token), endSession(context, token)]);
    expect(await readSession(context, token)).toBeNull();
    expect(await context.db.auditEntryRow.count({ where: { action: "session.sign-out" } })).toBe(before + 1);
  });

  test.each(["", "x", "y".repeat(10_000), `a${String.fromCharCode(0)}`])("is not opened by %o", async (wrong) => {
    expect(await readSession(context, wrong)).toBeNull();
  });
});

test("what the provider says now replaces what it said before, for the same subject only", async () => {
  const again = await signedIn({ ...person, name: "Vera B", email: "vb@example.org", groups: ["admins"] });
  expect((await readSession(context, again))?.actor).toMatchObject({ name: "Vera B", grants: [{ role: "admin" }] });
  const other = await signedIn({ ...person, subject: "p2", name: "Other", email: "vb@example.org" });
  const [a, b] = await Promise.all([readSession(context, again), readSession(context, other)]);
  expect(a?.actor.id).not.toBe(b?.actor.id);
});

test("two first sign-ins of one person at once make one user", async () => {
  await Promise.all([1, 2, 3, 4].map(() => createSignInStore(context).signIn("sso", { ...person, subject: "twice" })));
  expect(await context.db.accountRow.count({ where: { providerAccountId: "twice" } })).toBe(1);
});

test("sessions that are over are cleared away at the next sign-in", async () => {
  await age("expires_at", "1000 hours");
  await signedIn(person);
  expect(await context.db.sessionRow.count({ where: { tokenHash: hashOfToken(token) } })).toBe(0);
});
