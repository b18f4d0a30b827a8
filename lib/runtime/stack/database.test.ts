import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { readyDatabase } from "#lib/runtime/stack/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(() => {
  delete process.env.DATABASE_URL;
});

function changed(change: (url: URL) => void): string {
  const url = new URL(database.ownerUrl);
  change(url);
  return url.toString();
}

test.each<[string, () => string, RegExp]>([
  ["nothing listens", () => changed((url) => (url.port = "1")), /The database \w+ at 127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)\. Check DATABASE_URL/],
  ["a host that is none", () => changed((url) => (url.hostname = "no-such-host.invalid")), /cannot be reached \((ENOTFOUND|EAI_AGAIN)\)/],
  ["a wrong password", () => changed((url) => (url.password = "very-secret")), /refuses the user \w+ or the password\. Check DATABASE_URL/],
  ["a database that does not exist", () => changed((url) => (url.pathname = "/nowhere")), /The database nowhere at .* does not exist\. Create it/],
  ["no URL", () => "very-secret", /DATABASE_URL is not a URL such as postgresql/],
])("%s: one sentence without the password", async (_, url, sentence) => {
  process.env.DATABASE_URL = url();
  const error = await readyDatabase("/nowhere").catch((cause: unknown) => cause);
  expect(error).toMatchObject({ name: "VigieError", message: expect.stringMatching(sentence) });
  expect(String(error)).not.toContain("very-secret");
});
