import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommandLine } from "#lib/cli/program.ts";
import { incidentSchema, incidentSummarySchema } from "#lib/contracts/incident.ts";
import type { Incident } from "#lib/contracts/incident.ts";

const at = "2026-11-21T14:00:00.000Z";
const incident: Incident = incidentSchema.parse({
  id: "i", number: 12, environment: "prod", bigPod: "experience", about: "trouble", title: "panorama keeps exiting\u001b[31m", severity: "critical", status: "open", onsetAt: at, openedAt: at, acknowledged: null, assignee: null, resolved: null,
  flapping: true, reopened: 1, manual: false, mergedInto: null, firing: 2, signals: 3, suspect: null, recovery: null, active: [], ended: [], suspects: [], suspectsNote: "Nothing changed in the hour before.",
  remedies: [{ kind: "rollback", title: "Roll back prod to R-211", facts: [], enabled: false, why: "R-211 is in quarantine", plan: null, reason: "x", recommended: true }], runbooks: [],
  timeline: [{ id: 1, at, recordedAt: at, late: true, kind: "signal", title: "HighErrorRatio", detail: null, by: null, link: null }], timelineNext: null, evidence: [],
});
const summary = incidentSummarySchema.parse(incident);
const asked: { method: string; url: string; body: string }[] = [];
const answers: Record<string, unknown> = {
  "GET /api/v1/incidents?status=open&limit=25": { incidents: [summary], next: null },
  "GET /api/v1/incidents?status=all&limit=5&environment=prod&severity=critical": { incidents: [{ ...summary, status: "resolved", resolved: { at, by: "Rita" } }], next: 12 },
  "GET /api/v1/incidents/12": incident,
  "POST /api/v1/incidents/12/acknowledge": { ...summary, status: "acknowledged", acknowledged: { by: { id: "r", name: "Rita" }, at } },
  "POST /api/v1/incidents/12/resolve": { ...summary, status: "resolved", resolved: { at, by: "Rita" } },
  "GET /api/v1/incidents/numbers?days=90": { environment: null, bigPod: null, days: 90, from: at, to: at, numbers: [{ name: "time-to-resolve", title: "Time to resolve", definition: "x", unit: "seconds", n: 6, value: 1500, p95: 7200, note: "Median of 6 resolved incidents" }, { name: "change-failure-rate", title: "Change failure rate", definition: "x", unit: "share", n: 2, value: null, p95: null, note: "Only 2 promotions: shown from 5 on" }] },
};
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString()));
    request.on("end", () => {
      asked.push({ method: request.method ?? "", url: request.url ?? "", body });
      const answer = answers[`${request.method} ${request.url}`];
      response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" }).end(JSON.stringify(answer ?? { error: { code: "not-found", message: "There is no incident 13.", detail: null, reference: "" } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

async function vigie(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await runCommandLine(words, { environment: { VIGIE_URL: url, VIGIE_TOKEN: "vgt_x" }, stdout: { write: (text: string) => (out += text) }, stderr: { write: (text: string) => (err += text) }, signal: new AbortController().signal });
  return { code, out, err };
}

describe("incidents on the command line", () => {
  test("open ones as a table, without what would move the cursor; --check ends with 1", async () => {
    const listed = await vigie("incidents", "--check");
    expect(listed.code).toBe(1);
    expect(listed.out).toMatch(/^NUMBER.*\nINC-12 +open +critical +2026-11-21T14:00:00.000Z +experience in prod +nobody +panorama keeps exiting\ufffd\[31m {2}\[flapping\]\n$/);
    expect((await vigie("incidents", "--all", "-e", "prod", "--severity", "critical", "--limit", "5", "--check")).code).toBe(0);
  });

  test("one of them: suspects, what can be done and why not, timeline", async () => {
    const { code, out } = await vigie("incident", "INC-12");
    expect(code).toBe(0);
    expect(out).toContain("since 2026-11-21T14:00:00.000Z, 2 of 3 signals fire; on it: nobody");
    expect(out).toContain("Nothing changed in the hour before.");
    expect(out).toContain("not possible: Roll back prod to R-211 (R-211 is in quarantine)");
    expect(out).toContain("signal (late)  HighErrorRatio");
    expect(JSON.parse((await vigie("incident", "12", "--json")).out)).toEqual(incident);
  });

  test("acknowledging and resolving say what became of it", async () => {
    expect((await vigie("ack", "#12")).out).toMatch(/^Acknowledged by Rita: INC-12/);
    expect((await vigie("resolve", "12", "--note", "rolled back")).out).toMatch(/^Resolved, though 2 signals fire: INC-12/);
    expect(asked.at(-1)).toEqual({ method: "POST", url: "/api/v1/incidents/12/resolve", body: '{"note":"rolled back"}' });
  });

  test("numbers: what there is too little of is a dash with the reason", async () => {
    expect((await vigie("incident-numbers")).out).toMatch(/Time to resolve +25 min 0 s +2 h 0 min +Median of 6 resolved incidents\nChange failure rate +- +- +Only 2 promotions: shown from 5 on\n/);
  });

  test.each([[["ack", "x"]], [["incident", "0"]], [["resolve", "12"]], [["incident", "13"]]])("%j is refused with a sentence", async (words) => {
    const { code, out, err } = await vigie(...words);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/number of an incident is wanted|required option|There is no incident 13/);
  });
});
