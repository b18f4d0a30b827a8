import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Person } from "#lib/contracts/person.ts";
import { hashOfToken } from "#lib/db/repositories/user.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { endSession } from "#lib/services/session/end.ts";
import { readSession } from "#lib/services/session/read.ts";
import { listSessions } from "#lib/services/session/list.ts";
import { revokeOtherSessions, revokeSession } from "#lib/services/session/revoke.ts";
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

async function signedIn(who: Person, origin?: { device: string; address: string }): Promise<string> {
  const store = createSignInStore(context, origin);
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

  test("ACCEPTANCE 52: ends at once when the person holds no role any more, with an entry", async () => {
    const without = createTestContext(database.db, { ...testConfig, access: { ...testConfig.access, roles: [{ role: "admin", groups: ["others"], users: [] }] } });
    expect(await readSession(without, token)).toBeNull();
    expect(await readSession(context, token)).toBeNull();
    const rows = await context.db.auditEntryRow.findMany({ orderBy: { sequence: "desc" }, take: 1 });
    expect(rows[0]).toMatchObject({ action: "session.denied", outcome: "denied", actorName: "Vera" });
  });

  test("ACCEPTANCE 52: ends at once when the person is disabled", async () => {
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

describe("ACCEPTANCE 52: what the provider takes away", () => {
  test("a sign-in that is refused for want of a role ends the sessions elsewhere", async () => {
    const elsewhere = await signedIn({ ...person, subject: "demoted" });
    expect(await readSession(context, elsewhere)).not.toBeNull();
    expect(await createSignInStore(context).signIn("sso", { ...person, subject: "demoted", email: "demoted@example.org", groups: [] })).toEqual({ refused: "no-role" });
    expect(await readSession(context, elsewhere)).toBeNull();
  });

  test("a role that became smaller is smaller in all sessions", async () => {
    const elsewhere = await signedIn({ ...person, subject: "smaller", groups: ["admins"] });
    expect((await readSession(context, elsewhere))?.actor.grants).toEqual([{ role: "admin", environments: "*" }]);
    await signedIn({ ...person, subject: "smaller", groups: ["viewers"] });
    expect((await readSession(context, elsewhere))?.actor.grants).toEqual([{ role: "viewer", environments: ["dev"] }]);
  });

  test("whoever left the organisation has nothing left in any session, also by their address", async () => {
    const byAddress = { ...person, subject: "583231", email: "rita@example.org", groups: ["viewers"] };
    const elsewhere = await signedIn(byAddress);
    expect((await readSession(context, elsewhere))?.actor.grants).toHaveLength(2);
    await createSignInStore(context).left("sso", "583231");
    expect(await readSession(context, elsewhere)).toBeNull();
  });

  test("another person of the same name at another provider keeps theirs", async () => {
    const elsewhere = await signedIn({ ...person, subject: "kept" });
    await createSignInStore(context).left("github", "kept");
    expect(await readSession(context, elsewhere)).not.toBeNull();
  });
});

describe("one's own sessions", () => {
  const actorOf = async (of: string) => {
    const signed = await readSession(context, of);
    if (signed === null) throw new Error("no session");
    return signed.actor;
  };

  test("are listed with where they are from, used last first, without their tokens", async () => {
    const subject = `list-${made}`;
    const phone = await signedIn({ ...person, subject }, { device: "Safari on iPhone", address: "203.0.113.7" });
    const laptop = await signedIn({ ...person, subject }, { device: "Firefox on Linux", address: "10.0.0.3" });
    const hash = hashOfToken(laptop);
    await context.db.$executeRaw`UPDATE session SET seen_at = seen_at - interval '2 minutes', created_at = created_at - interval '1 day' WHERE token_hash = ${hash}`;
    await readSession(context, laptop, { address: "10.0.0.9" });
    const sessions = await listSessions(context, await actorOf(laptop));
    expect(sessions.map(({ device, address, current, provider }) => ({ device, address, current, provider }))).toEqual([
      { device: "Firefox on Linux", address: "10.0.0.9", current: true, provider: "sso" },
      { device: "Safari on iPhone", address: "203.0.113.7", current: false, provider: "sso" },
    ]);
    expect(JSON.stringify(sessions)).not.toContain(phone);
    expect(JSON.stringify(sessions)).not.toContain(hash);
    expect(Date.parse(sessions[0]?.lastUsedAt ?? "") - Date.parse(sessions[0]?.firstSeenAt ?? "")).toBeGreaterThan(80_000_000);
  });

  test("end one by one, with an entry; twice is not found", async () => {
    const subject = `one-${made}`;
    const phone = await signedIn({ ...person, subject }, { device: "Safari on iPhone", address: "203.0.113.7" });
    const laptop = await signedIn({ ...person, subject });
    const { session } = await actorOf(phone);
    await revokeSession(context, await actorOf(laptop), session?.id ?? "");
    expect(await readSession(context, phone)).toBeNull();
    const entry = await context.db.auditEntryRow.findFirstOrThrow({ where: { action: "session.revoke" }, orderBy: { sequence: "desc" } });
    expect(JSON.parse(entry.bytes).body).toMatchObject({ outcome: "succeeded", summary: "Vera ended a session of their own: Safari on iPhone, from 203.0.113.7", before: { device: "Safari on iPhone" } });
    await expect(revokeSession(context, await actorOf(laptop), session?.id ?? "")).rejects.toMatchObject({ code: "not-found" });
    expect(await readSession(context, laptop)).not.toBeNull();
  });

  test("all others end at once; this one goes on", async () => {
    const subject = `all-${made}`;
    const others = [await signedIn({ ...person, subject }), await signedIn({ ...person, subject })];
    const stranger = await signedIn({ ...person, subject: `stranger-${made}` });
    const here = await signedIn({ ...person, subject });
    expect(await revokeOtherSessions(context, await actorOf(here))).toBe(2);
    for (const other of others) expect(await readSession(context, other)).toBeNull();
    for (const kept of [here, stranger]) expect(await readSession(context, kept)).not.toBeNull();
    expect(await revokeOtherSessions(context, await actorOf(here))).toBe(0);
  });

  test("another person's session does not exist for one, and is for an admin's token to end", async () => {
    const theirs = await signedIn({ ...person, subject: `theirs-${made}` });
    const { session } = await actorOf(theirs);
    const admin = await signedIn({ ...person, subject: `admin-${made}`, groups: ["admins"] });
    await expect(revokeSession(context, await actorOf(admin), session?.id ?? "")).rejects.toMatchObject({ code: "not-found" });
    expect((await listSessions(context, await actorOf(admin))).map(({ id }) => id)).not.toContain(session?.id);
    const bot = (role: "admin" | "approver") => ({ kind: "token" as const, id: role, name: role, grants: [{ role, environments: "*" as const }] });
    await expect(listSessions(context, bot("approver"))).rejects.toMatchObject({ code: "denied" });
    await expect(revokeSession(context, bot("approver"), session?.id ?? "")).rejects.toMatchObject({ code: "denied" });
    await expect(revokeOtherSessions(context, bot("admin"))).rejects.toMatchObject({ code: "denied" });
    expect(await readSession(context, theirs)).not.toBeNull();
    expect((await listSessions(context, bot("admin"))).map(({ id }) => id)).toContain(session?.id);
    await revokeSession(context, bot("admin"), session?.id ?? "");
    expect(await readSession(context, theirs)).toBeNull();
  });

  test("a proof can be no younger than the session that holds it", async () => {
    const store = createSignInStore(context);
    const result = await store.signIn("sso", person);
    if ("refused" in result) throw new Error(result.refused);
    await store.createSession(result.userId, "from-the-future", { provider: "sso", replacesToken: null, authenticatedAt: new Date(Date.now() + 3_600_000) });
    expect(Date.parse((await actorOf("from-the-future")).session?.authenticatedAt ?? "")).toBeLessThan(Date.now() + 60_000);
    await store.createSession(result.userId, "of-unknown-age", { provider: "sso", replacesToken: null, authenticatedAt: null });
    expect((await actorOf("of-unknown-age")).session).toMatchObject({ provider: "sso", authenticatedAt: null });
  });
});
