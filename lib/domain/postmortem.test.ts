import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import Markdown from "react-markdown";
import remarkGfm from "remark-gfm";
import { expect, test } from "vitest";
import type { IncidentSummary, Suspect } from "#lib/contracts/incident.ts";
import { postmortem } from "#lib/domain/postmortem.ts";
import type { PostmortemInput } from "#lib/domain/postmortem.ts";

const incident: IncidentSummary = {
  id: "i", number: 12, environment: "prod", bigPod: "experience", about: "trouble", title: "Voyage answers one request in four with an error", severity: "critical", status: "resolved",
  onsetAt: "2026-11-21T03:12:00.000Z", openedAt: "2026-11-21T03:13:05.000Z", acknowledged: { by: { id: "u", name: "Rafael" }, at: "2026-11-21T03:15:10.000Z" }, assignee: { id: "u", name: "Rafael" },
  resolved: { at: "2026-11-21T03:24:00.000Z", by: "Vigie" }, flapping: false, reopened: 0, manual: false, mergedInto: null, firing: 0, signals: 2,
  suspect: { changeId: "c", summary: "Experience v2.2.1 → v2.3.0", release: 214, verdict: "worse" },
  recovery: { state: "recovered", operationId: "o", sentence: "rolled back to R-213, digests run, services up, alerts quiet for 2 min", checks: [], since: "2026-11-21T03:18:00.000Z", until: "2026-11-21T03:22:00.000Z" },
};
const suspect: Suspect = {
  change: { id: "c", environment: "prod", bigPod: "experience", kind: "rollout", at: "2026-11-21T03:09:00.000Z", summary: "Experience v2.2.1 → v2.3.0", by: "Rafael (promotion)", operationId: "o", release: 214 },
  rank: 1, score: 0.9, reasons: ["It changed the failing service 3 min before it began."],
  comparison: {
    at: "2026-11-21T03:09:00.000Z", windowSeconds: 900, errors: { before: { requests: 480, errors: 2 }, after: { requests: 480, errors: 115 }, p: 1e-30, verdict: "worse", sentence: "" },
    latency: { unit: "seconds", before: { n: 40, median: 0.12 }, after: { n: 38, median: 0.34 }, p: 0.00042, effect: 0.9, verdict: "worse", sentence: "" }, memory: null, restarts: { before: 0, after: 3 },
    control: null, verdict: "worse", sentence: "Errors rose from 0.42 % to 24 %.", queries: [], warnings: [], measuredAt: "2026-11-21T03:16:00.000Z",
  },
  release: { number: 214, by: "Rafael", operationId: "o", images: [{ bigPod: "experience", container: "experience", from: "sha256:aaaa", to: "sha256:bbbb" }], commits: [{ repository: "dreamscape-ai/experience-pod", from: "a", to: "b", url: null, messages: ["Cache voyages in the process"] }] },
};
const input: PostmortemInput = {
  platform: "DreamScape", link: "https://vigie.example.org/incidents/12", at: "2026-11-21T09:00:00.000Z", incident,
  signals: [{ title: "HighErrorRatio", severity: "critical", service: "voyage", onsetAt: incident.onsetAt, endedAt: "2026-11-21T03:20:00.000Z" }],
  timeline: [
    { at: "2026-11-21T03:09:00.000Z", late: true, kind: "change", title: "Experience v2.2.1 → v2.3.0", detail: null, by: "Rafael" },
    { at: "2026-11-21T03:13:05.000Z", late: false, kind: "opened", title: "HighErrorRatio fires", detail: "24 % of the requests fail", by: null },
    { at: "2026-11-21T03:15:10.000Z", late: false, kind: "acknowledged", title: "Rafael looks at it", detail: null, by: "Rafael" },
    { at: "2026-11-21T03:18:00.000Z", late: false, kind: "operation", title: "Roll back prod to R-213", detail: null, by: "Rafael" },
  ],
  timelineLeft: 0, suspects: [suspect], suspectsNote: null,
  impact: { requests: 5_760, failed: 1_290, worstRatio: { value: 0.26, at: "2026-11-21T03:14:00.000Z" }, worstLatency: { value: 0.34, at: "2026-11-21T03:15:00.000Z" }, measured: 1 },
  charts: [{ title: "Failed requests of experience in prod", url: "https://vigie.example.org/api/v1/incidents/12/postmortem/charts/errors.svg" }],
};
const render = (markdown: string): string => renderToStaticMarkup(createElement(Markdown, { remarkPlugins: [remarkGfm] }, markdown));

test("reads as a colleague would have begun it", () => {
  const text = postmortem(input);
  for (const words of [
    "# Postmortem: Voyage answers one request in four with an error",
    "Experience in prod was not well from 2026-11-21 03:12:00 UTC to 2026-11-21 03:24:00 UTC (12 min): Voyage answers one request in four with an error. Rafael took it up 3 min 10 s after it began. First suspect: Experience v2.2.1 → v2.3.0, 3 min before it began (before and after: worse). Recovery: rolled back to R-213, digests run, services up, alerts quiet for 2 min. It was called resolved by Vigie.",
    "| Found after | 1 min 5 s |", "| Acknowledged after | 3 min 10 s |", "| Lasted | 12 min |", "| Requests | about 5,760 |", "| Failed requests | about 1,290 (22.4 %) |", "| Highest share of failures | 26 % at 03:14:00 |", "| Slowest, 95th percentile | 340 ms at 03:15:00 |",
    "| Failed requests | 2 of 480 (0.42 %) | 115 of 480 (24 %) | below 0.0001 | worse |", "| Latency, median | 120 ms (n = 40) | 340 ms (n = 38) | 0.00042 | worse |", "| Restarts | 0 | 3 |",
    "| experience | experience | sha256:aaaa | sha256:bbbb |", "- Cache voyages in the process", "- 03:18:00 (+6 min): Roll back prod to R-213, Rafael",
    "| 2026-11-21 03:09:00 | −3 min | change | Experience v2.2.1 → v2.3.0 (recorded later) | Rafael |",
    "![Failed requests of experience in prod](https://vigie.example.org/api/v1/incidents/12/postmortem/charts/errors.svg)",
  ]) expect(text).toContain(words);
  const html = render(text);
  expect(html.match(/<h2>([^<]+)/g)?.map((found) => found.slice(4))).toEqual(["Summary", "Impact", "What is suspected", "What was done", "What went well", "What went badly", "Where we were lucky", "What will be done", "Timeline"]);
  expect(html.match(/<table>/g)).toHaveLength(5);
  expect(text.match(/_To be filled in\._/g)?.length).toBeGreaterThanOrEqual(7);
});

test("what is not known is said, not shown as nothing", () => {
  const text = postmortem({ ...input, suspects: [], suspectsNote: "No change is known in the hour before it.", impact: { unknown: "Prometheus cannot be reached." }, charts: [], timeline: [], timelineLeft: 7, signals: [], incident: { ...incident, status: "open", resolved: null, acknowledged: null, recovery: null, bigPod: null } });
  for (const words of ["It is not over", "| Requests | not known: Prometheus cannot be reached. |", "No change is known in the hour before it.", "Nothing that Vigie knows of.", "7 more entries stand in Vigie.", "| Acknowledged after | not acknowledged |", "Prod was not well from 2026-11-21 03:12:00 UTC on", "Nobody said that they were looking at it."]) expect(text).toContain(words);
});

test("no label makes markup, and no secret gets in, wherever it stands", () => {
  const evil = "| <img src=x> [a](javascript:b) **c** https://evil.example @channel password=hunter2 ghp_0123456789abcdefghij0123";
  const everywhere = JSON.parse(JSON.stringify({ ...input, link: "LINK", charts: [] }), (_key, value: unknown) => (typeof value === "string" && /[a-z]{3} |^[A-Z][a-z]+|Ratio|sha256|dreamscape|experience/.test(value) && !/^\d{4}/.test(value) ? evil : value)) as PostmortemInput;
  const text = postmortem({ ...everywhere, link: input.link, timelineLeft: 0 });
  expect(text).not.toMatch(/hunter2|ghp_/);
  const html = render(text);
  expect(html).not.toMatch(/<img|<strong>c|javascript:b"|<script/);
  expect(html.match(/<a href="([^"]+)"/g)).toEqual(['<a href="https://vigie.example.org/incidents/12"']);
  expect(html.match(/<table>/g)).toHaveLength(5);
});
