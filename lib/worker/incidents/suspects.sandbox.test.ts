import { randomUUID } from "node:crypto";
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { parse, stringify } from "yaml";
import { createGithub } from "#lib/adapters/github/github.ts";
import { suspectSchema } from "#lib/contracts/incident.ts";
import type { Suspect } from "#lib/contracts/incident.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";
import { startSandbox } from "#sandbox/start.ts";

let stage: Stage;

beforeAll(async () => {
  const home = mkdtempSync(join(tmpdir(), "vigie-suspects-"));
  const sandbox = await startSandbox({ home, portalUrl: "http://127.0.0.1:3999", speed: 10 });
  const config = parse(readFileSync(sandbox.configFile, "utf8")) as Record<string, object>; // written by the sandbox
  config.incidents = { compareMinutes: 1.5, dependencies: { experience: ["core"] } };
  writeFileSync(sandbox.configFile, stringify(config));
  stage = await openStage({
    world: {
      configFile: sandbox.configFile,
      async console(path, body) {
        const response = await fetch(`${sandbox.addresses.console}/api/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
        if (!response.ok) throw new Error(`The console answered ${response.status}: ${await response.text()}`);
      },
      admin: () => Promise.reject(new Error("nothing is written by hand on this stage")),
      async stop() {
        await sandbox.stop();
        rmSync(home, { recursive: true, force: true });
      },
    },
  });
  const github = createGithub({ config: { host: "github.com", url: sandbox.addresses.github }, readSecret: () => "", now: () => new Date() });
  stage.context.outside.source = () => github;
  await stage.startWorker("w1");
});
afterAll(() => stage.stop());

async function openIncident(onsetAt: Date, environment = "prod", bigPod = "experience"): Promise<string> {
  const id = randomUUID();
  await stage.database.db.incidentRow.create({ data: { id, environment, bigPod, title: "Requests of voyage fail", severity: "critical", status: "open", onsetAt, openedAt: new Date(), manual: true, position: 0 } });
  await stage.database.db.signalRow.create({ data: { id: randomUUID(), key: randomUUID(), kind: "alert", title: "HighErrorRatio", environment, bigPod, service: "voyage", severity: "critical", state: "firing", onsetAt, receivedAt: new Date(), seenAt: new Date(), incidentId: id, handled: true } });
  return id;
}

async function suspectsOf(id: string): Promise<{ suspects: Suspect[]; note: string | null; at: Date | null }> {
  const row = await stage.database.db.incidentRow.findUniqueOrThrow({ where: { id } });
  return { suspects: z.array(suspectSchema).parse(row.suspects), note: row.suspectsNote, at: row.suspectsAt };
}

const storyOf = (incidentId: string) => stage.database.db.incidentEntryRow.findMany({ where: { incidentId }, orderBy: { id: "asc" } });
const first = async (id: string, holds: (suspect: Suspect) => boolean): Promise<Suspect | undefined> => (await suspectsOf(id)).suspects.slice(0, 1).find(holds);

let incident: string;
let operationId: string;
let before: number;

test("a bad release that was promoted is the first suspect, and worse once there are requests enough", { timeout: 400_000 }, async () => {
  await stage.settled("staging");
  await stage.settled("prod");
  before = (await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).number;
  await stage.console("faults/release", { environment: "staging", kind: "errors" });
  await stage.until("staging runs the bad release", async () => ((await stage.images("staging")).experience?.experience?.includes("v2.4.0-errors") === true && (await stage.database.db.changeRow.count({ where: { environment: "staging", kind: "release" } })) > 0 ? true : undefined), 120_000);
  await stage.settled("staging");
  // A rise is told from chance by what was before it: so many requests are known to Prometheus by then.
  await stage.until("there is a before", async () => {
    const answer = await stage.context.outside.metrics("prod")?.instant('sum(increase(http_requests_total{namespace="dreamscape-prod",bigpod="experience",service="voyage"}[5m]))');
    return (answer?.samples[0]?.value ?? 0) > 100 ? true : undefined;
  }, 120_000);
  operationId = await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod", bigPods: ["experience"] }));
  const promotion = await stage.ended(operationId, 120_000);
  expect(promotion.status).toBe("succeeded");
  incident = await openIncident(new Date());

  const at = await stage.until("there is a suspect", () => first(incident, () => true));
  expect(at).toMatchObject({ rank: 1, change: { bigPod: "experience", kind: "rollout", operationId } });
  const worse = await stage.until("it is worse", () => first(incident, (suspect) => suspect.comparison?.verdict === "worse"), 120_000);
  expect(worse.comparison).toMatchObject({ errors: { verdict: "worse", p: expect.toSatisfy((p: number) => p < 0.01) }, warnings: [], queries: expect.arrayContaining([{ name: "errors", query: expect.stringContaining('service=~"voyage"') }]) });
  expect(worse.comparison?.errors?.after.errors).toBeGreaterThan(5);
  expect(worse.reasons[0]).toMatch(/^it is worse after it: errors rose from \d/);
  expect(worse.reasons).toContain("it changed Experience itself");
});

test("it is told with who brought it, its images and its commits", { timeout: 240_000 }, async () => {
  const suspect = await stage.until("its commits are there", () => first(incident, ({ release }) => (release?.commits.length ?? 0) > 0));
  const { release } = await stage.database.db.changeRow.findFirstOrThrow({ where: { operationId, bigPod: "experience", kind: "rollout" } });
  expect(suspect.release).toMatchObject({ number: release, by: "Rafael (promotion)", operationId, images: [{ bigPod: "experience", container: "experience", from: expect.stringContaining("experience-pod:v2."), to: expect.stringMatching(/experience-pod:v2\.4\.0-errors@sha256:/) }] });
  expect(suspect.release?.commits).toMatchObject([{ repository: "dreamscape-ai/experience-pod", url: expect.stringMatching(/^https:\/\/github\.com\/dreamscape-ai\/experience-pod\/compare\/[0-9a-f]{40}\.\.\.[0-9a-f]{40}$/) }]);
  expect(suspect.release?.commits[0]?.messages[0]).toMatch(/^Ask the partners one after the other \(v2\.4\.0-errors\) \(\w+\)$/);
});

test("the timeline has a line when the first suspect or its verdict changes, and only then", async () => {
  const titles = (await storyOf(incident)).filter((entry) => entry.key.startsWith("suspect/")).map((entry) => entry.title);
  expect(titles.at(-1)).toMatch(/^First suspect: Experience .*v2\.4\.0-errors, by Rafael \(promotion\): worse$/);
  expect(titles.every((title, index) => title !== titles[index - 1])).toBe(true);
});

test("after the way back the suspect stays what it was", { timeout: 400_000 }, async () => {
  const undone = await stage.ended(await stage.confirm(await stage.plan({ kind: "rollback", environment: "prod", release: before })), 120_000);
  expect(undone.status).toBe("succeeded");
  const back = await stage.database.db.changeRow.findFirstOrThrow({ where: { operationId: undone.id, kind: "rollout" } });
  const found = await stage.until("it was measured up to the way back", () => first(incident, ({ comparison }) => comparison?.verdict === "worse" && Date.parse(comparison.at) + comparison.windowSeconds * 1000 <= back.at.getTime() && Date.parse(comparison.measuredAt) > back.at.getTime()), 120_000);
  expect(found.change.operationId).toBe(operationId);
});
