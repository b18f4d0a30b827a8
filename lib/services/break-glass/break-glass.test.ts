import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Actor } from "#lib/contracts/actor.ts";
import { activeBreakGlass, activeBreakGlassOf, openReviews } from "#lib/db/repositories/break-glass.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { listBreakGlass } from "#lib/services/break-glass/list.ts";
import { openBreakGlass } from "#lib/services/break-glass/open.ts";
import { reviewBreakGlass } from "#lib/services/break-glass/review.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { actorWith, createTestContext } from "#lib/services/test-context.ts";
import { createToken } from "#lib/services/token/create.ts";

let database: TestDatabase;
let context: ServiceContext;
beforeAll(async () => {
  database = await createTestDatabase();
  context = createTestContext(database.db);
});
afterAll(() => database.drop());

const vera = actorWith("responder", "*", "Vera");
const anna = actorWith("approver", "*", "Anna");
const reason = "payments are down and nobody else answers";
const open = (actor: Actor = vera, environment = "prod") => openBreakGlass(context, actor, { environment, reason });
const over = (id: string) => database.db.$executeRaw`UPDATE break_glass SET expires_at = clock_timestamp() - interval '1 second' WHERE id = ${id}`;
const newest = async () => JSON.parse((await database.db.auditEntryRow.findFirstOrThrow({ orderBy: { sequence: "desc" } })).bytes).body;

test("a quarter of an hour, for one person in one environment, loud in the log; open for review afterwards, until somebody else has looked", async () => {
  const opened = await open();
  expect(Date.parse(opened.expiresAt) - Date.parse(opened.openedAt)).toBe(15 * 60_000);
  expect(await newest()).toMatchObject({ action: "break-glass.open", outcome: "allowed", environment: "prod", reason, summary: expect.stringMatching(/^BREAK-GLASS in prod: Vera may overrule its policy gates for 15 minutes/) });
  const entries = await database.db.auditEntryRow.count();
  expect(await open()).toEqual(opened);
  expect(await database.db.auditEntryRow.count()).toBe(entries);
  expect([await activeBreakGlassOf(database.db, "prod", vera.id), await activeBreakGlassOf(database.db, "staging", vera.id), await activeBreakGlassOf(database.db, "prod", anna.id)]).toEqual([{ id: opened.id, by: "Vera", expiresAt: new Date(opened.expiresAt) }, null, null]);
  expect(await activeBreakGlass(database.db, "prod")).toMatchObject({ id: opened.id, by: "Vera", reason });

  await expect(reviewBreakGlass(context, anna, opened.id, { note: "looks right" })).rejects.toMatchObject({ code: "conflict", message: expect.stringMatching(/^It is open until .*: review it when it is over/) });
  await over(opened.id);
  expect([await activeBreakGlass(database.db, "prod"), await activeBreakGlassOf(database.db, "prod", vera.id)]).toEqual([null, null]);
  expect(await openReviews(database.db, "prod")).toMatchObject([{ id: opened.id, by: "Vera", reason, operations: 0 }]);
  const reviewed = await reviewBreakGlass(context, anna, opened.id, { note: "it was right" });
  expect(reviewed.review).toMatchObject({ by: "Anna", note: "it was right" });
  expect(await newest()).toMatchObject({ action: "break-glass.review", outcome: "succeeded", actor: { name: "Anna" }, reason: "it was right" });
  expect(await openReviews(database.db, "prod")).toEqual([]);
  await expect(reviewBreakGlass(context, anna, opened.id, { note: "once more" })).rejects.toMatchObject({ code: "conflict", message: "It was reviewed already." });
  expect((await listBreakGlass(context, anna)).map((one) => one.id)).toContain(opened.id);
  const again = await open();
  expect(again.id).not.toBe(opened.id);
  expect((await listBreakGlass(context, anna, { environment: "prod" })).map((one) => one.id)).toEqual([again.id, opened.id]);
});

describe("refused", () => {
  test.each([
    ["a role that may not", actorWith("releaser"), { environment: "prod", reason }, "denied", /takes the role responder or admin/],
    ["another environment than the role's, which does not exist for it", actorWith("responder", ["staging"]), { environment: "prod", reason }, "not-found", /no environment "prod"/],
    ["a reason nobody could judge", vera, { environment: "prod", reason: "urgent" }, "invalid", /a reason of 10 to 500 characters/],
    ["an environment that is not there", vera, { environment: "qa", reason }, "not-found", /no environment "qa"/],
  ])("%s", async (_, actor, request, code, message) => {
    await expect(openBreakGlass(context, actor, request)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test("a review of one's own, also by a token one made, and the database says no as well", async () => {
    const admin = actorWith("admin", "*", "Max");
    const { id } = await open(admin, "staging");
    await over(id);
    await expect(reviewBreakGlass(context, admin, id, { note: "all fine" })).rejects.toMatchObject({ code: "denied", message: expect.stringMatching(/may not review your own/) });
    expect(await newest()).toMatchObject({ action: "break-glass.review", outcome: "denied" });
    const token = await createToken(context, admin, { name: "max bot", role: "approver", expiresInDays: 1 });
    const bot: Actor = { kind: "token", id: token.id, name: token.name, grants: [{ role: "approver", environments: "*" }] };
    await expect(reviewBreakGlass(context, bot, id, { note: "all fine" })).rejects.toMatchObject({ code: "denied" });
    await expect(database.db.breakGlassRow.update({ where: { id }, data: { reviewedAt: new Date(), reviewedById: admin.id } })).rejects.toThrow(/reviewed_by_id|check/i);
    expect(await openReviews(database.db, "staging")).toHaveLength(1);
  });

  test("a review by a role that may not, of nothing, or without a word", async () => {
    const { id } = await open(vera, "dev");
    await expect(reviewBreakGlass(context, actorWith("releaser"), id, { note: "fine by me" })).rejects.toMatchObject({ code: "denied" });
    await expect(reviewBreakGlass(context, anna, "nope", { note: "fine by me" })).rejects.toMatchObject({ code: "not-found" });
    await expect(reviewBreakGlass(context, anna, id, { note: "" })).rejects.toMatchObject({ code: "invalid" });
    await expect(listBreakGlass(context, actorWith("viewer", ["staging"]), { environment: "dev" })).rejects.toMatchObject({ code: "not-found" });
    expect((await listBreakGlass(context, actorWith("viewer", ["dev"]))).map((one) => one.environment)).toEqual(["dev"]);
  });
});
