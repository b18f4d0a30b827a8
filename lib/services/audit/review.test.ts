import { afterAll, beforeAll, expect, test } from "vitest";
import type { AuditBody } from "#lib/contracts/audit.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { leadOf, outcomeOf } from "#lib/domain/audit-groups.ts";
import { reportCsv, reportMarkdown } from "#lib/domain/audit-report.ts";
import { listAuditViews } from "#lib/services/audit-view/list.ts";
import { removeAuditView } from "#lib/services/audit-view/remove.ts";
import { saveAuditView } from "#lib/services/audit-view/save.ts";
import { exportAuditCsv } from "#lib/services/audit/export-csv.ts";
import { listAudit } from "#lib/services/audit/list.ts";
import { readAuditReport } from "#lib/services/audit/report.ts";
import { reviewAudit } from "#lib/services/audit/review.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { actorWith, createTestContext } from "#lib/services/test-context.ts";

let database: TestDatabase;
let context: ServiceContext;
const admin = actorWith("admin");
const month = new Date().toISOString().slice(0, 7);

async function append(change: Partial<AuditBody>): Promise<void> {
  const body: AuditBody = { action: "plan.create", outcome: "allowed", actor: { kind: "person", id: "u1", name: "Ada" }, environment: "prod", bigPods: [], operationId: null, summary: "something", reason: null, before: null, after: null, ...change };
  await context.db.$transaction((tx) => appendAudit(tx, body));
}

async function operation(id: string, kind: string): Promise<void> {
  await database.db.operationRow.create({ data: { id, kind, environment: "prod", title: kind, status: "succeeded", reason: "", planHash: "", priority: 1, plan: {}, targets: [], images: [], request: {}, actor: {}, actorId: "u1", idempotencyKey: id, requestedAt: new Date(), position: 0n } });
}

beforeAll(async () => {
  database = await createTestDatabase();
  context = createTestContext(database.db);
  await operation("op-1", "promotion");
  await operation("op-2", "rollback");
  await append({ action: "operation.request", operationId: "op-1", summary: "Ada asked to promote R-214 to prod", reason: "=HYPERLINK(\"http://evil\")", after: { release: 214, incident: 7 } });
  await append({ action: "operation.approve", operationId: "op-1", actor: { kind: "person", id: "u2", name: "Rita" }, summary: "Rita approved \"Promote R-214 to prod\"" });
  await append({ action: "operation.request", operationId: "op-2", summary: "Ada asked to roll prod back", after: { release: 213 } });
  await append({ action: "operation.outcome", operationId: "op-1", outcome: "failed", summary: "Promote R-214 to prod failed" });
  await append({ action: "break-glass.open", summary: "BREAK-GLASS in prod" });
  await append({ action: "access.denied", outcome: "denied", environment: "dev", summary: "Vera was not allowed to promote | <b>x</b>" });
});
afterAll(() => database.drop());

test("entries of one operation are one line, with all of them inside, whatever the filter met", async () => {
  const { groups, next } = await reviewAudit(context, admin, {});
  expect(groups.map(({ operationId, matching }) => [operationId, matching])).toEqual([[null, [6]], [null, [5]], ["op-1", [4, 2, 1]], ["op-2", [3]]]);
  expect(next).toBeNull();
  const [failed] = (await reviewAudit(context, admin, { outcome: "failed" })).groups;
  expect(failed).toMatchObject({ operationId: "op-1", matching: [4] });
  expect(failed?.entries.map(({ sequence }) => sequence)).toEqual([4, 2, 1]);
  expect(failed && [leadOf(failed).sequence, outcomeOf(failed)]).toEqual([1, "failed"]);
});

test("incidents and releases lead to their entries", async () => {
  const found = async (query: object) => (await listAudit(context, admin, query)).entries.map(({ sequence }) => sequence);
  expect(await found({ incident: 7 })).toEqual([1]);
  expect(await found({ release: 214 })).toEqual([1]);
  expect(await found({ release: 213 })).toEqual([3]);
  expect(await found({ incident: 214 })).toEqual([]);
});

test("what one may not see is in no operation's line either", async () => {
  const { groups } = await reviewAudit(context, actorWith("viewer", ["dev"]), {});
  expect(groups.flatMap(({ entries }) => entries.map(({ sequence }) => sequence))).toEqual([6]);
});

test("the report tells each kind once, with its entry, and how it ended", async () => {
  const report = await readAuditReport(context, admin, month);
  expect(report).toMatchObject({ entries: 6, first: 1, last: 6 });
  expect(Object.fromEntries(report.sections.map(({ name, total, lines }) => [name, [total, lines.map(({ sequence, actor, ended }) => [sequence, actor, ended])]]))).toEqual({
    promotions: [1, [[1, "Ada", "failed"]]],
    rollbacks: [1, [[3, "Ada", null]]],
    "break-glass": [1, [[5, "Ada", null]]],
    denials: [1, [[6, "Ada", null]]],
    approvals: [1, [[2, "Rita", "failed"]]],
  });
  expect((await readAuditReport(context, actorWith("viewer", ["dev"]), month)).sections.map(({ total }) => total)).toEqual([0, 0, 0, 1, 0]);
  expect(await readAuditReport(context, admin, "2001-01")).toMatchObject({ entries: 0, first: null });
  const markdown = reportMarkdown(report, "Dream|Scape");
  expect(markdown).toContain("## Promotions: 1");
  expect(markdown).toContain("Vera was not allowed to promote \\| \\<b\\>x\\</b\\>");
});

test("ACCEPTANCE 44: a reason that is a formula is text in the export and in the report", async () => {
  let csv = "";
  for await (const chunk of await exportAuditCsv(context, admin, { environment: "prod", text: "promote r-214" })) csv += chunk;
  expect(csv.split("\r\n").slice(1, -1).map((line) => line.split(",")[0])).toEqual(['"1"', '"2"', '"4"']);
  for (const text of [csv, reportCsv(await readAuditReport(context, admin, month))]) {
    expect(text).toContain(`"'=HYPERLINK(""http://evil"")"`);
    expect(text).not.toMatch(/(^|,)"?=/m);
  }
});

test("an export is an entry that says what was asked for, and takes the right for the whole log", async () => {
  for await (const _ of await exportAuditCsv(context, admin, { outcome: "denied" }));
  expect((await listAudit(context, admin, { action: "audit.export", limit: 1 })).entries[0]).toMatchObject({ after: { format: "csv", filters: { outcome: "denied" } } });
  await expect(exportAuditCsv(context, actorWith("viewer"), {})).rejects.toMatchObject({ code: "denied" });
  await expect(exportAuditCsv(context, actorWith("approver", ["dev"]), {})).rejects.toMatchObject({ code: "denied" });
});

test("an export is made as it is read: who reads no further costs no further question", async () => {
  const lines = await exportAuditCsv(context, admin, {});
  expect((await lines.next()).value).toMatch(/^"sequence","at"/);
  await lines.return(undefined);
  expect((await lines.next()).done).toBe(true);
});

test.each(["../../etc/passwd", "2026-13", "2026-1", "2026-11\u0000", "2026-11/../..", "", "26-11"])("ACCEPTANCE 47: a report of %j is refused", async (given) => {
  await expect(readAuditReport(context, admin, given)).rejects.toMatchObject({ code: "invalid" });
});

test("views are saved for all, once under a name, and removed by their owner or an admin", async () => {
  const vera = actorWith("viewer", ["dev"], "Vera");
  const { id } = await saveAuditView(context, vera, { name: "Failures in prod", query: { outcome: "failed", environment: "prod", range: "last-tuesday" } });
  expect(await listAuditViews(context, admin)).toMatchObject([{ id, name: "Failures in prod", query: "outcome=failed&environment=prod&range=last-tuesday", owner: "Vera" }]);
  await expect(saveAuditView(context, admin, { name: "FAILURES in prod", query: { outcome: "failed" } })).rejects.toMatchObject({ code: "conflict" });
  const refused: Record<string, string>[] = [{}, { outcome: "nonsense" }, { text: "ab" }, { before: "5" }, { other: "1" }, JSON.parse('{"__proto__":"x"}'), { constructor: "x" }];
  for (const query of refused) await expect(saveAuditView(context, admin, { name: "bad", query })).rejects.toMatchObject({ code: "invalid" });
  for (const name of ["", "   ", "x".repeat(61), "a\u202eb", "a\nb"]) await expect(saveAuditView(context, admin, { name, query: { outcome: "failed" } })).rejects.toMatchObject({ code: "invalid" });
  await expect(removeAuditView(context, actorWith("approver"), id)).rejects.toMatchObject({ code: "denied" });
  await removeAuditView(context, vera, id);
  await expect(removeAuditView(context, vera, id)).rejects.toMatchObject({ code: "not-found" });
  const second = await saveAuditView(context, vera, { name: "Again", query: { outcome: "failed" } });
  await removeAuditView(context, admin, second.id);
  expect(await listAuditViews(context, vera)).toEqual([]);
  expect((await listAudit(context, admin, { action: "audit.save-view" })).entries).toHaveLength(2);
  expect((await listAudit(context, admin, { action: "audit.remove-view" })).entries).toHaveLength(2);
});
