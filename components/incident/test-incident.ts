import type { Comparison, Incident, Remedy, Runbook, Signal, Suspect, TimelineEntry } from "#lib/contracts/incident.ts";
import { fixtureIncident, fixtureNow } from "#components/query/fixtures.ts";

/** An incident with everything that its page can show, for component tests; at `fixtureNow`. */

const minutesBefore = (minutes: number): string => new Date(Date.parse(fixtureNow) - minutes * 60_000).toISOString();

export function fixtureSignal(overrides: Partial<Signal> = {}): Signal {
  return {
    id: "s1",
    kind: "alert",
    title: "HighErrorRatio",
    detail: "11.8 % of the requests to experience fail",
    environment: "prod",
    bigPod: "experience",
    service: "panorama",
    severity: "critical",
    state: "firing",
    onsetAt: minutesBefore(5),
    receivedAt: minutesBefore(4),
    endedAt: null,
    labels: { alertname: "HighErrorRatio", namespace: "dreamscape-prod", severity: "critical" },
    annotations: { summary: "11.8 % of the requests to experience fail" },
    ways: ["webhook", "prometheus"],
    silence: null,
    link: "http://prometheus.example:9090/graph?g0.expr=x",
    ...overrides,
  };
}

export function fixtureComparison(overrides: Partial<Comparison> = {}): Comparison {
  return {
    at: minutesBefore(8),
    windowSeconds: 900,
    errors: { before: { requests: 7204, errors: 29 }, after: { requests: 3912, errors: 462 }, p: 1e-12, verdict: "worse", sentence: "0.4 % of 7,204 requests failed before, 11.8 % of 3,912 after" },
    latency: { unit: "seconds", before: { n: 60, median: 0.21 }, after: { n: 32, median: 1.34 }, p: 0.0004, effect: 0.93, verdict: "worse", sentence: "latency went from 210 ms to 1.34 s" },
    memory: { unit: "bytes", before: { n: 2, median: 430_000_000 }, after: { n: 2, median: 530_000_000 }, p: null, effect: null, verdict: "insufficient-data", sentence: "too few samples of memory" },
    restarts: { before: 0, after: 6 },
    control: { errors: { before: { requests: 7000, errors: 30 }, after: { requests: 4000, errors: 20 }, p: 0.4, verdict: "no-difference", sentence: "no difference" }, sentence: "the same hours a week before: no difference" },
    verdict: "worse",
    sentence: "more errors since: 0.4 % before, 11.8 % after",
    queries: [{ name: "errors", query: 'sum(increase(http_requests_total{namespace="dreamscape-prod",code=~"5.."}[15m]))' }],
    warnings: [],
    measuredAt: fixtureNow,
    ...overrides,
  };
}

export function fixtureSuspect(overrides: Partial<Suspect> = {}): Suspect {
  return {
    change: { id: "c1", environment: "prod", bigPod: "experience", kind: "rollout", at: minutesBefore(8), summary: "Experience v2.2.1 → v2.3.0", by: "Rafael (promotion)", operationId: "op-0", release: 213 },
    rank: 1,
    score: 0.9,
    reasons: ["the same Big Pod", "3 min before it began", "the failing process is built from a changed image"],
    comparison: fixtureComparison(),
    release: {
      number: 213,
      by: "Rafael",
      operationId: "op-0",
      images: [{ bigPod: "experience", container: "experience", from: `ghcr.io/dreamscape-ai/experience:v2.2.1@sha256:${"a1".repeat(32)}`, to: `ghcr.io/dreamscape-ai/experience:v2.3.0@sha256:${"b2".repeat(32)}` }],
      commits: [{ repository: "dreamscape-ai/panorama", from: "1f2e3d4", to: "9a8b7c6", url: "https://github.example/dreamscape-ai/panorama/compare/1f2e3d4...9a8b7c6", messages: ["Load whole tilesets at once", "Bump three.js"] }],
    },
    ...overrides,
  };
}

export function fixtureRemedy(overrides: Partial<Remedy> = {}): Remedy {
  return {
    kind: "rollback",
    title: "Roll back prod to R-212",
    facts: ["Experience v2.3.0 → v2.2.1 (sha256:a1a1a1a1a1a1)", "last healthy here 8 min ago, for 9 d", "proven 2 d ago, in 41 s", "takes about 40 s"],
    enabled: true,
    why: null,
    plan: { kind: "rollback", environment: "prod", release: 212 },
    reason: "Incident 12: panorama out of memory since R-213",
    recommended: true,
    ...overrides,
  };
}

export function fixtureEntry(id: number, overrides: Partial<TimelineEntry> = {}): TimelineEntry {
  return { id, at: minutesBefore(10 - id), recordedAt: minutesBefore(10 - id), late: false, kind: "signal", title: `HighErrorRatio fires (${id})`, detail: null, by: null, link: null, ...overrides };
}

export function fixtureRunbook(overrides: Partial<Runbook> = {}): Runbook {
  return {
    name: "high-error-ratio",
    title: "Too many errors",
    markdown: "Look at [the dashboard](https://grafana.example/d/1).\n\n- [ ] Is one pod worse than the others?\n- [ ] Roll back\n\n<script>alert(1)</script>\n",
    url: null,
    steps: [
      { index: 0, text: "Is one pod worse than the others?", ticked: { by: "Rafael", at: minutesBefore(1) } },
      { index: 1, text: "Roll back", ticked: null },
    ],
    trouble: null,
    ...overrides,
  };
}

export function fixtureFullIncident(overrides: Partial<Incident> = {}): Incident {
  return {
    ...fixtureIncident(),
    active: [fixtureSignal(), fixtureSignal({ id: "s2", kind: "health", title: "panorama is down in 1 pod", detail: null, labels: {}, annotations: {}, ways: ["health"], link: null, severity: "warning" })],
    ended: [fixtureSignal({ id: "s3", title: "PodCrashLooping", state: "ended", endedAt: minutesBefore(1) })],
    suspects: [fixtureSuspect(), fixtureSuspect({ rank: 2, score: 0.1, comparison: null, release: null, reasons: ["another environment"], change: { id: "c2", environment: "staging", bigPod: "core", kind: "config", at: minutesBefore(166), summary: "core-config: LOG_LEVEL changed", by: "kubectl-edit, not through Vigie", operationId: null, release: null } })],
    suspectsNote: null,
    remedies: [fixtureRemedy(), fixtureRemedy({ kind: "restart", title: "Restart Experience in prod", facts: ["takes about 30 s"], plan: { kind: "restart", environment: "prod", bigPods: ["experience"] }, recommended: false }), fixtureRemedy({ kind: "isolate", title: "Isolate Experience in prod", facts: [], enabled: false, why: "No NetworkPolicy may be written there.", plan: null, recommended: false })],
    runbooks: [fixtureRunbook()],
    timeline: [fixtureEntry(4, { kind: "note", title: "Tiles are slow in Paris", by: "Rafael" }), fixtureEntry(3, { kind: "operation", title: "Roll back prod to R-212", link: "/operations/op-9" }), fixtureEntry(2, { late: true, recordedAt: minutesBefore(2) }), fixtureEntry(1, { kind: "opened", title: "Opened: HighErrorRatio" })],
    timelineNext: null,
    evidence: [{ id: "e1", name: "experience-7d9f-x2.log", kind: "logs", bytes: 20_480, at: minutesBefore(3) }],
    ...overrides,
  };
}
