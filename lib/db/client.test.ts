import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "#lib/db/client.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test("a process that froze inside a transaction keeps its locks for seconds, not for ever, and works again when it wakes", { timeout: 240_000 }, async () => {
  const frozen = createDatabase(database.url, { poolSize: 2 });
  const held = Promise.withResolvers<void>();
  const wake = Promise.withResolvers<void>();
  const transaction = frozen.$transaction(
    async (tx) => {
      await tx.$executeRaw`SELECT next_position()`;
      held.resolve();
      await wake.promise;
      await tx.$executeRaw`SELECT next_position()`;
    },
    { timeout: 25_000 },
  );
  transaction.catch(() => undefined);
  await held.promise;
  const startedAt = performance.now();
  await database.db.$queryRaw`SELECT next_position()`;
  expect(performance.now() - startedAt).toBeLessThan(9_500);
  wake.resolve();
  await expect(transaction).rejects.toThrow();
  await frozen.$queryRaw`SELECT 1`;
  await frozen.$disconnect();
});
