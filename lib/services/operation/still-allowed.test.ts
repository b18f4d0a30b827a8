import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { whyNoLonger } from "#lib/services/operation/still-allowed.ts";
import { actorWith, createTestContext } from "#lib/services/test-context.ts";
import { createToken } from "#lib/services/token/create.ts";
import { revokeToken } from "#lib/services/token/revoke.ts";

let database: TestDatabase;
let context: ServiceContext;
beforeAll(async () => {
  database = await createTestDatabase();
  context = createTestContext(database.db);
});
afterAll(() => database.drop());

const ask = (asker: Parameters<typeof whyNoLonger>[1], environment = "prod") => whyNoLonger(context, asker, "operation.request.promotion", environment);
let made = 0;
async function user(data: { groups?: string[]; email?: string; emailVerified?: Date; disabledAt?: Date }): Promise<string> {
  made += 1;
  return (await database.db.userRow.create({ data: { id: `u${made}`, name: "Ann", ...data } })).id;
}

test("a person: by the roles of now", async () => {
  const id = await user({ groups: ["admins"] });
  const ann = { kind: "person" as const, id, name: "Ann" };
  expect(await ask(ann)).toBeNull();
  await database.db.userRow.update({ where: { id }, data: { groups: ["viewers"] } });
  expect(await ask(ann)).toBe("does not hold the role releaser or responder or admin in prod any more");
  await database.db.userRow.update({ where: { id }, data: { groups: ["admins"], disabledAt: new Date() } });
  expect(await ask(ann)).toBe("had their access ended");
  await database.db.userRow.delete({ where: { id } });
  expect(await ask(ann)).toBe("is not known any more");
});

test("a verified address counts, one that nobody vouches for does not", async () => {
  expect(await ask({ kind: "person", id: await user({ email: "rita@example.org", emailVerified: new Date() }), name: "Rita" })).toBeNull();
  expect(await ask({ kind: "person", id: await user({ email: "rita@example.org" }), name: "Rita" })).toMatch(/does not hold/);
});

test("a token: while it is neither revoked nor expired, in its environments", async () => {
  const make = () => createToken(context, actorWith("admin"), { name: `ci-${(made += 1)}`, role: "releaser", environments: ["prod"], expiresInDays: 1 });
  const [one, two] = [await make(), await make()];
  const askerOf = (token: { id: string; name: string }) => ({ kind: "token" as const, id: token.id, name: token.name });
  expect([await ask(askerOf(one)), await ask(askerOf(two))]).toEqual([null, null]);
  expect(await ask(askerOf(one), "staging")).toMatch(/does not hold the role .* in staging/);
  await revokeToken(context, actorWith("admin"), one.id);
  expect(await ask(askerOf(one))).toBe("is revoked");
  await database.db.$executeRaw`UPDATE api_token SET expires_at = now() - interval '1 second' WHERE id = ${two.id}`;
  expect(await ask(askerOf(two))).toBe("is expired");
  expect(await ask({ kind: "token", id: "gone", name: "gone" })).toBe("does not exist any more");
  expect(await ask({ kind: "token", id: "bootstrap", name: "bootstrap" })).toBeNull();
});
