import { mkdtemp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createRunbookFolder } from "#lib/adapters/files/runbook-folder.ts";
import { configSchema } from "#lib/contracts/config.ts";
import type { Signal } from "#lib/contracts/incident.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { insertTestIncident } from "#lib/db/test-incident.ts";
import { readRunbooks } from "#lib/services/runbook/read.ts";
import { tickRunbook } from "#lib/services/runbook/tick.ts";
import { platformRules } from "#sandbox/prometheus/platform-rules.ts";
import { actorWith, createTestContext, testConfig } from "#lib/services/test-context.ts";

let database: TestDatabase;
let home: string;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  home = await mkdtemp(join(tmpdir(), "runbooks-"));
  folder = join(home, "runbooks");
  await mkdir(folder);
});
afterAll(async () => {
  await rm(home, { recursive: true });
  await database.drop();
});
beforeEach(() => writeFile(join(folder, "high-error-ratio.md"), "# High error ratio\n\n- [ ] Look\n- [ ] Roll back\n"));

const alert = (given: Partial<Signal> = {}) => ({ kind: "alert" as const, title: "HighErrorRatio", labels: { alertname: "HighErrorRatio" }, annotations: {}, ...given });
function contextWith(runbooks: Record<string, unknown> = { folder: "./runbooks" }) {
  const config = configSchema.parse({ ...testConfig, runbooks });
  return { ...createTestContext(database.db, config), ...("folder" in runbooks ? { runbooks: createRunbookFolder(folder) } : {}) };
}

describe("which runbook", () => {
  test("an alert's own name in kebab-case, or its annotation, names a file; repeats are one", async () => {
    const context = contextWith();
    const [found, ...more] = await readRunbooks(context, { signals: [alert(), alert(), alert({ title: "Other", labels: { alertname: "Other" }, annotations: { runbook: "high-error-ratio" } })] });
    expect(found).toMatchObject({ name: "high-error-ratio", title: "High error ratio", url: null, trouble: null, steps: [{ index: 0, text: "Look", ticked: null }, { index: 1, text: "Roll back", ticked: null }] });
    expect(found?.markdown).toContain("- [ ] Look");
    expect(more).toEqual([]);
  });

  test("one that is missing says what to write; a Big Pod that broke without an alert misses none", async () => {
    const [missing, ...more] = await readRunbooks(contextWith(), { signals: [alert({ title: "Strange", labels: { alertname: "Strange" } }), { kind: "health", title: "voyage is down", labels: {}, annotations: {} }] });
    expect(missing).toMatchObject({ name: "strange", markdown: null, url: null, trouble: "There is no runbook strange.md in ./runbooks. Write one, and the next incident has it." });
    expect(more).toEqual([]);
    expect(await readRunbooks(contextWith({}), { signals: [alert()] })).toEqual([]);
  });

  test.each(["../secret", "..", "/etc/passwd", "a/../../secret", "sub/inside", "secret.md", "C:\\secret"])("%j leads nowhere", async (runbook) => {
    await writeFile(join(home, "secret.md"), "# secret");
    const [found] = await readRunbooks(contextWith(), { signals: [alert({ annotations: { runbook } })] });
    expect(found).toMatchObject({ markdown: null, url: null, trouble: expect.stringContaining("a name is of letters, digits and dashes") });
  });

  test("a link out of the folder, a folder, a book, and what is no text say so", async () => {
    await symlink("/etc/passwd", join(folder, "out.md"));
    await mkdir(join(folder, "heap.md"));
    await writeFile(join(folder, "book.md"), "x".repeat(200 * 1024));
    await writeFile(join(folder, "bytes.md"), Buffer.from([0xff, 0xfe, 0x00]));
    await symlink(join(folder, "high-error-ratio.md"), join(folder, "inside.md"));
    const found = await readRunbooks(contextWith(), { signals: ["out", "heap", "book", "bytes", "inside"].map((runbook) => alert({ annotations: { runbook } })) });
    expect(found.map(({ trouble }) => trouble)).toEqual([
      "The runbook out.md cannot be shown: it is a link that leads out of the folder.", "The runbook heap.md cannot be shown: it is no file.",
      "The runbook book.md cannot be shown: it is longer than 128 KiB.", "The runbook bytes.md cannot be shown: it is not UTF-8.", null,
    ]);
    expect(JSON.stringify(found)).not.toContain("root:");
  });

  test("addresses are links at allowed hosts only, and text with a reason elsewhere", async () => {
    const context = contextWith({ url: "https://wiki.example.org/$runbook?of=$alert", allow: ["wiki.example.org"] });
    const found = await readRunbooks(context, { signals: [alert(), alert({ annotations: { runbook: "a", runbook_url: "https://wiki.example.org/x" } }), alert({ annotations: { runbook: "b", runbook_url: "https://evil.example.net/x" } }), alert({ annotations: { runbook: "c", runbook_url: "javascript:alert(1)" } })] });
    expect(found.map(({ name, url, trouble }) => [name, url, trouble])).toEqual([
      ["high-error-ratio", "https://wiki.example.org/high-error-ratio?of=HighErrorRatio", null],
      ["a", "https://wiki.example.org/x", null],
      ["b", null, "https://evil.example.net/x is not linked: evil.example.net does not stand in runbooks.allow (vigie.yaml)."],
      ["c", null, '"javascript:alert(1)" is no address of a web page.'],
    ]);
  });
});

test("every alert of the sandbox, and what is no alert, has a runbook among the documents, with steps", async () => {
  const documents = createRunbookFolder(join(import.meta.dirname, "../../../docs/runbooks"));
  const context = { ...contextWith(), runbooks: documents };
  const alerts = platformRules.filter(({ alert: name }) => name !== "Watchdog").map((rule) => alert({ title: rule.alert, labels: { alertname: rule.alert }, annotations: rule.annotations }));
  const found = await readRunbooks(context, { signals: [...alerts, { kind: "blind", title: "Monitoring is blind", labels: {}, annotations: {} }, { kind: "operation", title: "Promote R-2 to prod failed", labels: {}, annotations: {} }] });
  expect(found.map(({ name }) => name)).toEqual(["high-error-ratio", "high-latency", "process-not-running", "memory-near-limit", "monitoring-is-blind", "operation-failed"]);
  for (const { name, title, steps, trouble } of found) expect([name, title === name, steps.length >= 5, trouble]).toEqual([name, false, true, null]);
});

describe("ticks", () => {
  const operator = actorWith("operator", "*", "Ada");

  test("go to the timeline and come out of it; ticking twice is one entry, by whoever was first", async () => {
    const context = contextWith();
    const { id, number } = await insertTestIncident(database.db);
    const tick = (ticked: boolean, actor = operator) => tickRunbook(context, actor, number, { runbook: "high-error-ratio", index: 1, ticked });
    const both = await Promise.all([tick(true), tick(true, actorWith("operator", "*", "Rafael"))]);
    expect(both.map(({ changed }) => changed).sort()).toEqual([false, true]);
    const [shown] = await readRunbooks(context, { signals: [alert()], incidentId: id });
    expect(shown?.steps.map(({ ticked }) => ticked?.by)).toEqual([undefined, expect.stringMatching(/Ada|Rafael/)]);
    expect(await tick(false)).toEqual({ changed: true });
    expect(await tick(false)).toEqual({ changed: false });
    const entries = await database.db.incidentEntryRow.findMany({ where: { incidentId: id }, orderBy: { id: "asc" } });
    expect(entries.map(({ kind, title }) => [kind, title])).toEqual([["runbook", "Done: Roll back"], ["runbook", "Not done after all: Roll back"]]);
    expect((await readRunbooks(context, { signals: [alert()], incidentId: id }))[0]?.steps.map(({ ticked }) => ticked)).toEqual([null, null]);
  });

  test("a step that was written anew is not ticked by what was done before", async () => {
    const context = contextWith();
    const { id, number } = await insertTestIncident(database.db);
    await tickRunbook(context, operator, number, { runbook: "high-error-ratio", index: 0, ticked: true });
    await writeFile(join(folder, "high-error-ratio.md"), "# High error ratio\n\n- [ ] Call the database people\n- [ ] Look\n");
    expect((await readRunbooks(context, { signals: [alert()], incidentId: id }))[0]?.steps.map(({ ticked }) => ticked)).toEqual([null, null]);
  });

  test("take the right to work on it, an incident, a runbook and a step", async () => {
    const context = contextWith();
    const { number } = await insertTestIncident(database.db);
    const good = { runbook: "high-error-ratio", index: 0, ticked: true };
    await expect(tickRunbook(context, actorWith("viewer"), number, good)).rejects.toMatchObject({ code: "denied" });
    await expect(tickRunbook(context, actorWith("operator", ["dev"]), number, good)).rejects.toMatchObject({ code: "not-found" });
    await expect(tickRunbook(context, operator, 2_000_000, good)).rejects.toMatchObject({ code: "not-found" });
    await expect(tickRunbook(context, operator, number, { ...good, runbook: "../secret" })).rejects.toMatchObject({ code: "not-found" });
    await expect(tickRunbook(context, operator, number, { ...good, index: 7 })).rejects.toMatchObject({ code: "not-found", message: expect.stringContaining("no step 8") });
  });
});
