import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configSchema } from "#lib/contracts/config.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { insertTestIncident } from "#lib/db/test-incident.ts";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { MetricsApi } from "#lib/ports/metrics.ts";
import { drawPostmortemChart, writePostmortem } from "#lib/services/incident/postmortem.ts";
import { actorWith, createTestContext, nothingOutside, testConfig } from "#lib/services/test-context.ts";

let database: TestDatabase;
beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());

const portal = "https://vigie.example.org";
const viewer = actorWith("viewer");
const resolved = { status: "resolved", resolvedAt: new Date("2026-11-20T03:32:00Z"), resolvedBy: "Vigie", onsetAt: new Date("2026-11-20T03:12:00Z"), openedAt: new Date("2026-11-20T03:13:00Z") };

/** A Prometheus of one value each: ten requests a second, a fifth of which fail. */
function metricsOf(answer: (query: string) => number): MetricsApi {
  return {
    instant: () => Promise.reject(new VigieError("upstream", "not asked in this test")),
    alerts: () => Promise.resolve([]),
    range: async (query, { from, to, stepSeconds }) => {
      const points = [];
      for (let at = from.getTime(); at <= to.getTime(); at += stepSeconds * 1_000) points.push({ at: new Date(at), value: answer(query) });
      return { series: [{ labels: {}, points }], warnings: [] };
    },
  };
}
function contextWith(metrics: MetricsApi | null) {
  const config = configSchema.parse({ ...testConfig, goldenSignals: { requests: "requests[$range]", errors: "errors[$range]", latency: "latency", memory: "memory", saturation: "saturation" } });
  return { ...createTestContext(database.db, config), outside: { ...nothingOutside, metrics: () => metrics } };
}
const usual = metricsOf((query) => {
  const window = Number(/\[(\d+)s\]/.exec(query)?.[1] ?? 0);
  return query.startsWith("requests") ? 10 * window : query.startsWith("errors") ? 2 * window : 0.25;
});

test("is written from what is stored and measured, with its charts", async () => {
  const incident = await insertTestIncident(database.db, { ...resolved, title: "auth fails, DB_PASSWORD=hunter2" });
  await appendEntry(database.db, { incidentId: incident.id, key: "a", at: new Date("2026-11-20T03:18:00Z"), kind: "operation", title: "Roll back prod to R-213", actor: { id: "u", name: "Ada" } });
  await appendEntry(database.db, { incidentId: incident.id, key: "b", at: new Date("2026-11-20T03:13:00Z"), kind: "opened", title: "Opened: <script>alert(1)</script>", detail: "Authorization: Bearer abcdefghijkl" });
  const { name, markdown } = await writePostmortem(contextWith(usual), viewer, incident.number, portal);
  expect(name).toBe(`incident-${incident.number}.md`);
  for (const words of [`[#${incident.number}](${portal}/incidents/${incident.number})`, "| Lasted | 20 min |", "about 12,000", "about 2,400 (20 %)", "20 % at", "250 ms at", "Roll back prod to R-213, Ada", `${portal}/api/v1/incidents/${incident.number}/postmortem/charts/errors.svg`]) expect(markdown).toContain(words);
  expect(markdown.indexOf("03:13:00 | +1 min | opened")).toBeLessThan(markdown.indexOf("03:18:00 | +6 min | operation"));
  expect(markdown).not.toMatch(/hunter2|abcdefghijkl|(?<!\\)<script/);

  const svg = await drawPostmortemChart(contextWith(usual), viewer, incident.number, "errors.svg");
  expect(svg).toMatch(/^<svg .*<\/svg>$/s);
  expect(svg).toContain("polyline");
  expect(svg).toContain(`incident #${incident.number}`);
});

test("without metrics it says so, and what there is stands all the same", async () => {
  const incident = await insertTestIncident(database.db, resolved);
  for (const metrics of [null, metricsOf(() => { throw new VigieError("upstream", "Prometheus cannot be reached."); })]) {
    const { markdown } = await writePostmortem(contextWith(metrics), viewer, incident.number, portal);
    expect(markdown).toContain("| Requests | not known: ");
    expect(markdown).not.toContain("charts/");
    await expect(drawPostmortemChart(contextWith(metrics), viewer, incident.number, "errors.svg")).rejects.toMatchObject({ code: "upstream" });
  }
  const whole = await insertTestIncident(database.db, { ...resolved, bigPod: null });
  expect((await writePostmortem(contextWith(usual), viewer, whole.number, portal)).markdown).toContain("not known: it is about the environment as a whole.");
});

test("a thousand entries and more end somewhere, and the rest is counted", async () => {
  const incident = await insertTestIncident(database.db, resolved);
  await database.db.incidentEntryRow.createMany({ data: Array.from({ length: 1_005 }, (_, index) => ({ incidentId: incident.id, key: randomUUID(), at: new Date(Date.parse("2026-11-20T03:13:00Z") + index * 1_000), recordedAt: new Date(), late: false, kind: "note", title: `note ${index}` })) });
  const { markdown } = await writePostmortem(contextWith(usual), viewer, incident.number, portal);
  expect(markdown).toContain("note 999 ");
  expect(markdown).not.toContain("note 1000 ");
  expect(markdown).toContain("5 more entries stand in Vigie.");
});

test("takes the right to read the incident, and one that exists", async () => {
  const incident = await insertTestIncident(database.db, resolved);
  const context = contextWith(usual);
  await expect(writePostmortem(context, actorWith("viewer", ["dev"]), incident.number, portal)).rejects.toMatchObject({ code: "not-found" });
  await expect(drawPostmortemChart(context, actorWith("viewer", ["dev"]), incident.number, "errors.svg")).rejects.toMatchObject({ code: "not-found" });
  await expect(writePostmortem(context, viewer, 2_000_000, portal)).rejects.toMatchObject({ code: "not-found" });
  await expect(drawPostmortemChart(context, viewer, incident.number, "..svg")).rejects.toMatchObject({ code: "not-found" });
});
