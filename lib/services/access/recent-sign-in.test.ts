import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Actor } from "#lib/contracts/actor.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { authorise } from "#lib/services/authorise.ts";
import { openBreakGlass } from "#lib/services/break-glass/open.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { createTestContext, testConfig } from "#lib/services/test-context.ts";
import { createToken } from "#lib/services/token/create.ts";

let database: TestDatabase;
let context: ServiceContext;

beforeAll(async () => {
  database = await createTestDatabase();
  context = createTestContext(database.db, { ...testConfig, access: { ...testConfig.access, recentSignInMinutes: 30 } });
});
afterAll(() => database.drop());

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const ada = (authenticatedAt: string | null): Actor => ({ kind: "person", id: "ada", name: "Ada", grants: [{ role: "admin", environments: "*" }], session: { id: "s", provider: "sso", authenticatedAt } });
const newest = async () => JSON.parse((await context.db.auditEntryRow.findFirstOrThrow({ orderBy: { sequence: "desc" } })).bytes).body as unknown;

describe("what changes production", () => {
  test.each<[string, Actor]>([
    ["an old sign-in", ada(ago(31))],
    ["one of unknown age", ada(null)],
    ["an actor without a session", { kind: "person", id: "ada", name: "Ada", grants: [{ role: "admin", environments: "*" }] }],
  ])("%s is asked for a new one, with an entry, and nothing is done", async (_, actor) => {
    await expect(openBreakGlass(context, actor, { environment: "prod", reason: "payments fail for everybody" })).rejects.toMatchObject({ code: "sign-in-again", detail: { environment: "prod", minutes: 30, provider: "sso", providerTitle: "SSO" } });
    expect(await context.db.breakGlassRow.count()).toBe(0);
    expect(await newest()).toMatchObject({ action: "access.sign-in-again", outcome: "denied", actor: { id: "ada" }, environment: "prod", after: { action: "break-glass.open" } });
  });

  test("a recent sign-in does it, and elsewhere any session will do", async () => {
    await authorise(context, ada(ago(29)), "operation.request.promotion", "prod", "promote");
    await authorise(context, ada(null), "operation.request.promotion", "staging", "promote");
    await authorise(context, ada(null), "plan.promotion", "prod", "plan");
  });

  test("the role is asked for first: whoever may not learns nothing of signing in", async () => {
    const vera: Actor = { ...ada(null), grants: [{ role: "viewer", environments: "*" }] };
    await expect(authorise(context, vera, "operation.abort", "prod", "abort")).rejects.toMatchObject({ code: "denied" });
  });

  test("tokens and Vigie itself cannot sign in, and are not asked to", async () => {
    for (const kind of ["token", "system"] as const) await authorise(context, { kind, id: "x", name: "x", grants: [{ role: "admin", environments: "*" }] }, "operation.abort", "prod", "abort");
  });
});

test("making an API token takes a recent sign-in too", async () => {
  const request = { name: "bot", role: "viewer" as const, environments: "*" as const, expiresInDays: 1 };
  await expect(createToken(context, ada(ago(60)), request)).rejects.toMatchObject({ code: "sign-in-again", detail: { environment: null, minutes: 30 } });
  expect(await context.db.apiToken.count()).toBe(0);
  expect(await createToken(context, ada(ago(1)), request)).toMatchObject({ name: "bot" });
});
