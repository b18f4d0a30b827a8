import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { listAudit } from "#lib/services/audit/list.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { actorWith, createTestContext } from "#lib/services/test-context.ts";
import { authenticateToken, checkBootstrapToken } from "#lib/services/token/authenticate.ts";
import { createToken } from "#lib/services/token/create.ts";
import { listTokens } from "#lib/services/token/list.ts";
import { revokeToken } from "#lib/services/token/revoke.ts";

let database: TestDatabase;
let context: ServiceContext;
const admin = actorWith("admin");

beforeAll(async () => {
  database = await createTestDatabase();
  context = createTestContext(database.db);
});
afterAll(() => database.drop());

function present(token: string, change: { address?: string; bootstrapToken?: string } = {}) {
  return authenticateToken(context, { token, address: "192.0.2.1", bootstrapToken: undefined, ...change });
}

describe("API tokens", () => {
  test("one is made, used, seen, revoked; each step is an entry and the secret stands nowhere", async () => {
    const created = await createToken(context, admin, { name: "deploy bot", role: "releaser", environments: ["staging"], expiresInDays: 30 });
    expect(created.token).toMatch(/^vgt_[0-9a-f]{16}_[\w-]{43}$/);
    expect(Date.parse(created.expiresAt) - Date.parse(created.createdAt)).toBe(30 * 86_400_000);
    const signedIn = await present(created.token);
    expect(signedIn?.actor).toEqual({ kind: "token", id: created.id, name: "deploy bot", grants: [{ role: "releaser", environments: ["staging"] }] });
    const [listed] = await listTokens(context, admin);
    expect(listed).toMatchObject({ id: created.id, status: "active", lastUsedAt: expect.any(String) });
    expect(listed).not.toHaveProperty("hash");

    await revokeToken(context, admin, created.id);
    await revokeToken(context, admin, created.id);
    expect(await present(created.token)).toBeNull();
    const { entries } = await listAudit(context, admin, {});
    expect(entries.map((entry) => entry.action).filter((action) => action.startsWith("token."))).toEqual(["token.use-denied", "token.revoke", "token.create"]);
    const rows = JSON.stringify([await context.db.apiToken.findMany(), entries]);
    expect(rows).not.toContain(created.token.slice(-43));
  });

  test("a use is written down at most once a minute", async () => {
    const { token, id } = await createToken(context, admin, { name: "poller", role: "viewer", expiresInDays: 1 });
    await present(token);
    const first = await context.db.apiToken.findUniqueOrThrow({ where: { id } });
    await present(token);
    expect((await context.db.apiToken.findUniqueOrThrow({ where: { id } })).lastUsedAt).toEqual(first.lastUsedAt);
    await context.db.$executeRaw`UPDATE api_token SET last_used_at = now() - interval '2 minutes' WHERE id = ${id}`;
    await present(token);
    expect((await context.db.apiToken.findUniqueOrThrow({ where: { id } })).lastUsedAt?.getTime()).toBeGreaterThan((first.lastUsedAt?.getTime() ?? 0) - 1);
  });

  test("one that is over speaks for nobody", async () => {
    const { token, id } = await createToken(context, admin, { name: "old", role: "viewer", expiresInDays: 1 });
    await context.db.$executeRaw`UPDATE api_token SET expires_at = now() - interval '1 second' WHERE id = ${id}`;
    expect(await present(token)).toBeNull();
    expect((await listTokens(context, admin)).find((listed) => listed.id === id)?.status).toBe("expired");
  });

  test("the right id with another secret speaks for nobody", async () => {
    const { token } = await createToken(context, admin, { name: "guessed", role: "admin", expiresInDays: 1 });
    const last = token.at(-1) === "A" ? "B" : "A";
    expect(await present(token.slice(0, -1) + last)).toBeNull();
  });

  test.each(["", "vgt_", "Bearer x", "vgt_0000000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", `x${String.fromCharCode(0)}`])("%o speaks for nobody", async (token) => {
    expect(await present(token, { address: `garbage ${token.length}` })).toBeNull();
  });

  test("a flood of bad tokens leaves a handful of entries per address and a bounded number in all", async () => {
    const count = async () => (await context.db.auditEntryRow.findMany({ where: { action: "token.use-denied" } })).length;
    const before = await count();
    for (let attempt = 0; attempt < 20; attempt++) await present("vgt_wrong", { address: "198.51.100.7" });
    expect(await count() - before).toBe(5);
    for (let attempt = 0; attempt < 80; attempt++) await present("vgt_wrong", { address: `198.51.100.${100 + attempt}` });
    expect(await count()).toBe(60);
  });

  test.each([
    ["an unknown environment", { name: "x", role: "viewer" as const, environments: ["production"], expiresInDays: 1 }],
    ["more than a year", { name: "x", role: "viewer" as const, expiresInDays: 366 }],
    ["a name of control characters", { name: "a\u0007b", role: "viewer" as const, expiresInDays: 1 }],
  ])("%s is refused", async (_, request) => {
    await expect(createToken(context, admin, request)).rejects.toThrow();
  });

  test("only admins of everything deal with tokens", async () => {
    for (const actor of [actorWith("releaser"), actorWith("admin", ["dev"])]) {
      await expect(createToken(context, actor, { name: "x", role: "viewer", expiresInDays: 1 })).rejects.toMatchObject({ code: "denied" });
      await expect(listTokens(context, actor)).rejects.toMatchObject({ code: "denied" });
      await expect(revokeToken(context, actor, "x")).rejects.toMatchObject({ code: "denied" });
    }
    await expect(revokeToken(context, admin, "x")).rejects.toMatchObject({ code: "not-found" });
  });

  test("the bootstrap token is an admin, by its exact value, and only when it is long enough", async () => {
    const bootstrapToken = "b".repeat(32);
    expect((await present(bootstrapToken, { bootstrapToken }))?.actor).toMatchObject({ kind: "token", id: "bootstrap", name: "bootstrap", grants: [{ role: "admin", environments: "*" }] });
    expect(await present("b".repeat(31), { bootstrapToken })).toBeNull();
    expect(await present("short", { bootstrapToken: "short" })).toBeNull();
    expect(() => checkBootstrapToken("short")).toThrow(/32 characters/);
    expect(() => checkBootstrapToken(bootstrapToken)).not.toThrow();
    expect(() => checkBootstrapToken(undefined)).not.toThrow();
  });
});
