import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configSchema } from "#lib/contracts/config.ts";
import { createDatabase } from "#lib/db/client.ts";
import type { Database } from "#lib/db/client.ts";
import { forgetWholeLimits } from "#lib/db/repositories/rate-limit.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { takeLimit } from "#lib/services/limit/take.ts";
import { actorWith, createTestContext, testConfig } from "#lib/services/test-context.ts";
import { authenticateToken } from "#lib/services/token/authenticate.ts";
import { createToken } from "#lib/services/token/create.ts";

let database: TestDatabase;
let replica: Database;
const config = configSchema.parse({ ...testConfig, server: { limits: { signInsPerMinute: 6, guessesPerMinute: 4, changesPerMinute: 5, exportsPerMinute: 2 } } });
/** Two web processes over one database. */
let one: ServiceContext;
let two: ServiceContext;
beforeAll(async () => {
  database = await createTestDatabase();
  replica = createDatabase(database.url, { poolSize: 10 });
  one = createTestContext(database.db, config);
  two = createTestContext(replica, config);
});
afterAll(async () => {
  await replica.$disconnect();
  await database.drop();
});

const wrong = "vgt_0000000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const present = (context: ServiceContext, token: string, address: string) => authenticateToken(context, { token, address, bootstrapToken: undefined });
const code = (asking: Promise<unknown>) => asking.then(() => "allowed", (error: { code: string }) => error.code);
const entries = async (action: string) => (await database.db.auditEntryRow.findMany({ where: { action } })).map((row) => JSON.parse(row.bytes).body);

describe("limits", () => {
  test("count over all replicas, and everybody has their own", async () => {
    const actor = actorWith("admin", "*", "busy");
    // A window of a minute gives another use back after twelve seconds: those twenty come long before, unless this machine stands still, which the times show.
    const begun = performance.now();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => code(takeLimit(index % 2 === 0 ? one : two, "change", { actor }))));
    const passed = answers.filter((answer) => answer === "allowed").length;
    expect(passed).toBeGreaterThanOrEqual(5);
    expect(passed).toBeLessThanOrEqual(5 + Math.floor((performance.now() - begun) / 12_000));
    expect(new Set(answers)).toEqual(new Set(["allowed", "limited"]));
    expect(await code(takeLimit(two, "change", { actor: actorWith("admin", "*", "calm") }))).toBe("allowed");
    expect((await entries("access.limited")).at(-1)).toMatchObject({ outcome: "denied", actor: { id: "user-busy" }, after: { limit: "change", quota: 5 } });
  });

  test("a refusal says how long, in words and for programs", async () => {
    const caller = { actor: actorWith("admin", "*", "exporter") };
    const first = await takeLimit(one, "export", caller);
    expect(first.headers).toMatchObject({ "ratelimit-policy": '"export";q=2;w=60', ratelimit: expect.stringMatching(/^"export";r=1;t=(29|30)$/) });
    await takeLimit(two, "export", caller);
    await expect(takeLimit(two, "export", caller)).rejects.toMatchObject({ code: "limited", message: expect.stringMatching(/^Too many exports and verifications of yours: 2 in a minute are allowed\. Nothing was done; try again in \d+ s\.$/), detail: { limit: "export", retryAfterSeconds: expect.any(Number) } });
  });

  test("what is whole again is forgotten", async () => {
    await database.db.$executeRaw`INSERT INTO rate_limit VALUES ('old', clock_timestamp() - interval '1 hour'), ('new', clock_timestamp() + interval '1 hour')`;
    expect(await forgetWholeLimits(database.db)).toBeGreaterThanOrEqual(1);
    expect(await database.db.rateLimitRow.findMany({ where: { key: { in: ["old", "new"] } }, select: { key: true } })).toEqual([{ key: "new" }]);
  });
});

describe("ACCEPTANCE 51: guessing", () => {
  test("is limited over all replicas by address, right or wrong, and audited", async () => {
    const { token } = await createToken(one, actorWith("admin"), { name: "pipeline", role: "viewer", environments: "*", expiresInDays: 1 });
    const guesses: (string | null)[] = [];
    for (let index = 0; index < 8; index += 1) guesses.push(await present(index % 2 === 0 ? one : two, wrong, "198.51.100.9").then((found) => (found === null ? "wrong" : "right"), (error: { code: string }) => error.code));
    expect(guesses.slice(0, 4)).toEqual(["wrong", "wrong", "wrong", "wrong"]);
    expect(guesses).toContain("limited");
    // The next one is not looked at although it is right: otherwise the limit would only slow down who was wrong.
    await database.db.$executeRaw`UPDATE rate_limit SET whole_at = clock_timestamp() + interval '60 seconds' WHERE key = 'guess|198.51.100.9'`;
    expect(await code(present(two, token, "198.51.100.9"))).toBe("limited");
    expect(await present(two, token, "198.51.100.10")).toMatchObject({ actor: { name: "pipeline" } });
    expect((await entries("token.use-denied")).filter((entry) => entry.after.address === "198.51.100.9").length).toBeGreaterThanOrEqual(4);
    expect((await entries("access.limited")).filter((entry) => entry.after.limit === "guess" && entry.after.address === "198.51.100.9").length).toBeGreaterThanOrEqual(1);
  });

  test("locks out nobody who was right from there before, on any replica", async () => {
    const address = "198.51.100.20";
    const { token } = await createToken(one, actorWith("admin"), { name: "deploys", role: "viewer", environments: "*", expiresInDays: 1 });
    expect(await present(one, token, address)).not.toBeNull();
    for (let index = 0; index < 8; index += 1) await code(present(one, wrong, address));
    await database.db.$executeRaw`UPDATE rate_limit SET whole_at = clock_timestamp() + interval '60 seconds' WHERE key = ${`guess|${address}`}`;
    expect(await code(present(two, wrong, address))).toBe("limited");
    expect(await present(two, token, address)).toMatchObject({ actor: { name: "deploys" } });
  });

  test("right answers cost nothing", async () => {
    const address = "198.51.100.30";
    for (let index = 0; index < 6; index += 1) {
      const { token } = await createToken(one, actorWith("admin"), { name: `many-${index}`, role: "viewer", environments: "*", expiresInDays: 1 });
      expect(await present(index % 2 === 0 ? one : two, token, address)).not.toBeNull();
    }
  });
});
