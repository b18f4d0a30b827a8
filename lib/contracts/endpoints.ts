import { z } from "zod";
import {
  apiStateSchema, auditExportLineSchema, auditExportQuerySchema, auditListQuerySchema, auditListResponseSchema, auditVerifyLineSchema, auditVerifyQuerySchema, auditVerifyResponseSchema,
  breakGlassResponseSchema, environmentQuerySchema, healthResponseSchema, operationApprovedSchema, quarantineResponseSchema,
  operationAcceptedSchema, operationsQuerySchema, operationsResponseSchema, readinessResponseSchema, releaseQuerySchema, releaseResponseSchema, releasesQuerySchema, releasesResponseSchema,
} from "#lib/contracts/api.ts";
import { auditCsvQuerySchema, auditReportQuerySchema, auditReportSchema } from "#lib/contracts/audit-review.ts";
import { alertmanagerWebhookSchema, webhookQuerySchema, webhookReceivedSchema } from "#lib/contracts/alertmanager-webhook.ts";
import { checkpointsResponseSchema } from "#lib/contracts/checkpoint.ts";
import { silenceRequestSchema } from "#lib/contracts/incident.ts";
import { signalQuerySchema, signalsResponseSchema, silenceCreatedSchema, silenceQuerySchema } from "#lib/contracts/signal.ts";
import { adoptedSchema, adoptRequestSchema, driftsResponseSchema } from "#lib/contracts/drift.ts";
import { eventQuerySchema, eventsSchema, historyQuerySchema, historySchema, stripQuerySchema, stripSchema } from "#lib/contracts/history.ts";
import { notificationRetriedSchema, notificationsResponseSchema, notificationTestedSchema } from "#lib/contracts/notification.ts";
import { panelsQuerySchema, panelsSchema } from "#lib/contracts/grafana.ts";
import { goldenQuerySchema, goldenSchema } from "#lib/contracts/metrics.ts";
import {
  incidentAssignSchema, incidentListSchema, incidentMergeSchema, incidentNoteSchema, incidentNumbersQuerySchema, incidentNumbersSchema, incidentOpenSchema, incidentQuerySchema, incidentResolveSchema, incidentSchema,
  incidentSummarySchema, runbookTickSchema, timelinePageSchema, timelineQuerySchema,
} from "#lib/contracts/incident.ts";
import { approvalRequestSchema, breakGlassRequestSchema, breakGlassReviewSchema, breakGlassSchema, operationRequestSchema, operationSchema, planRequestSchema, planSchema, quarantineLiftSchema, quarantineSchema } from "#lib/contracts/operation.ts";
import { sessionsResponseSchema } from "#lib/contracts/session.ts";
import { tokenCreatedSchema, tokenRequestSchema, tokensResponseSchema } from "#lib/contracts/token.ts";
import type { AnswerCode, ErrorCode } from "#lib/domain/error.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One route of the HTTP API: the handler parses by it and the OpenAPI document is made from it, so that the two cannot differ. */
export interface Endpoint<Query extends z.ZodType = z.ZodType, Body extends z.ZodType = z.ZodType> {
  id: string;
  method: Method;
  path: string;
  summary: string;
  description?: string;
  /** public: nobody is asked. read: a token, or the session of a person. write: a token only, because browsers add cookies by themselves. */
  access: "public" | "read" | "write";
  query: Query;
  /** Null: takes no body. */
  body: Body | null;
  idempotencyKey: boolean;
  success: { status: number; description: string; schema: z.ZodType | null; contentType: string; lines: z.ZodType | null };
  errors: readonly AnswerCode[];
}

type Given<Query extends z.ZodType, Body extends z.ZodType> = Pick<Endpoint, "id" | "method" | "path" | "summary" | "description" | "access"> & {
  query?: Query;
  body?: Body;
  idempotencyKey?: true;
  /** `lines`: what a line is for those who accept application/x-ndjson. */
  success: { status?: number; description: string; schema?: z.ZodType; contentType?: string; lines?: z.ZodType };
  errors?: readonly ErrorCode[];
};

const noQuery = z.strictObject({});

function endpoint<Query extends z.ZodType = typeof noQuery, Body extends z.ZodType = z.ZodUndefined>(given: Given<Query, Body>): Endpoint<Query, Body> {
  const always: AnswerCode[] = given.access === "public" ? ["internal"] : ["invalid", "unauthenticated", "denied", "limited", "unavailable", "internal"];
  return {
    ...given,
    // noQuery stands in exactly when Query is its type: no query was given.
    query: given.query ?? (noQuery as unknown as Query),
    body: given.body ?? null,
    idempotencyKey: given.idempotencyKey ?? false,
    success: { status: given.success.status ?? 200, description: given.success.description, schema: given.success.schema ?? null, contentType: given.success.contentType ?? "application/json", lines: given.success.lines ?? null },
    errors: [...new Set([...always, ...(given.errors ?? [])])],
  };
}

export const endpoints = {
  readState: endpoint({
    id: "readState", method: "GET", path: "/api/v1/state", access: "read", summary: "What runs where, and how it is",
    description: "Environments in order, each with its Big Pods and the sources behind them. A status is never greener than its sources are fresh.",
    success: { description: "The environments you may see", schema: apiStateSchema },
  }),
  readHistory: endpoint({
    id: "readHistory", method: "GET", path: "/api/v1/history", access: "read", summary: "The overview as it was at a moment",
    description: "States, releases, changes and operations of that moment. A Big Pod of which nothing was known yet is left out; `from` is the earliest moment that is kept.",
    query: historyQuerySchema, success: { description: "The environments you may see", schema: historySchema },
  }),
  readStrips: endpoint({
    id: "readStrips", method: "GET", path: "/api/v1/history/strips", access: "read", summary: "The status of each Big Pod over a time",
    description: "At most 92 days. What is shorter than a bucket shows as the worst in it.",
    query: stripQuerySchema, success: { description: "Spans in order, by environment and Big Pod", schema: stripSchema },
  }),
  listEvents: endpoint({
    id: "listEvents", method: "GET", path: "/api/v1/events", access: "read", summary: "The cluster's events about a Big Pod, newest first",
    description: "Also those that the API server has forgotten. `next` goes into `before` for the page after.",
    query: eventQuerySchema, success: { description: "A page", schema: eventsSchema }, errors: ["not-found"],
  }),
  readGolden: endpoint({
    id: "readGolden", method: "GET", path: "/api/v1/metrics/golden", access: "read", summary: "Golden signals of a Big Pod over a time, for charts",
    description: "Asked of the environment's Prometheus, at most 7 days and 300 points. Where nothing was measured there is null, never 0; `state` and `sentence` say why a signal has no data.",
    query: goldenQuerySchema, success: { description: "Request rate, error ratio, latency, memory and saturation with their PromQL", schema: goldenSchema }, errors: ["not-found"],
  }),
  listPanels: endpoint({
    id: "listPanels", method: "GET", path: "/api/v1/grafana/panels", access: "read", summary: "Grafana's panels for a Big Pod, and whether they can be shown in the portal",
    description: "Add from, to (milliseconds, or now-1h and now) and theme (light or dark) to `src`.",
    query: panelsQuerySchema, success: { description: "The panels of the configuration; none without a Grafana", schema: panelsSchema }, errors: ["not-found"],
  }),
  createPlan: endpoint({
    id: "createPlan", method: "POST", path: "/api/v1/plans", access: "write", summary: "Plan a promotion, rollback, restart or scaling",
    description: "Changes nothing. What the plan shows is exactly what runs when its hash is confirmed in time.",
    body: planRequestSchema, success: { description: "The plan", schema: planSchema }, errors: ["not-found", "conflict", "upstream"],
  }),
  requestOperation: endpoint({
    id: "requestOperation", method: "POST", path: "/api/v1/operations", access: "write", summary: "Confirm a plan",
    description: "The same key from the same caller is the same operation, however often it is sent. A plan that waits (approvals, its turn, a window with schedule: next-window) is accepted and begins by itself; a rollback has what runs aborted. 409 with the difference when the world has moved since the plan was made.",
    body: operationRequestSchema, idempotencyKey: true, success: { status: 202, description: "Accepted: it runs, or waits; `waits` says for what", schema: operationAcceptedSchema }, errors: ["not-found", "conflict", "upstream"],
  }),
  listOperations: endpoint({ id: "listOperations", method: "GET", path: "/api/v1/operations", access: "read", summary: "Operations, newest first", query: operationsQuerySchema, success: { description: "A page", schema: operationsResponseSchema } }),
  readOperation: endpoint({ id: "readOperation", method: "GET", path: "/api/v1/operations/{id}", access: "read", summary: "One operation with its plan and steps", success: { description: "The operation", schema: operationSchema }, errors: ["not-found"] }),
  abortOperation: endpoint({ id: "abortOperation", method: "POST", path: "/api/v1/operations/{id}/abort", access: "write", summary: "Stop an operation and take back what it changed", description: "One that waits ends at once; one that runs is returned by the worker.", success: { status: 202, description: "The worker was asked; asking again changes nothing", schema: operationAcceptedSchema }, errors: ["not-found", "conflict"] }),
  approveOperation: endpoint({
    id: "approveOperation", method: "POST", path: "/api/v1/operations/{id}/approve", access: "write", summary: "Approve an operation that waits",
    description: "For the plan whose hash is sent, and never by whoever asked for it. It holds for as long as the environment's policy says. Sending it again changes nothing.",
    body: approvalRequestSchema, success: { description: "The approvals it has now", schema: operationApprovedSchema }, errors: ["not-found", "conflict"],
  }),
  openBreakGlass: endpoint({
    id: "openBreakGlass", method: "POST", path: "/api/v1/break-glass", access: "write", summary: "Overrule an environment's policy gates for a quarter of an hour",
    description: "For plans that the caller makes and confirms in that environment. It stays open for review by somebody else.",
    body: breakGlassRequestSchema, success: { status: 201, description: "It is open; the same one when it was already", schema: breakGlassSchema }, errors: ["not-found"],
  }),
  listBreakGlass: endpoint({ id: "listBreakGlass", method: "GET", path: "/api/v1/break-glass", access: "read", summary: "Uses of break-glass, unreviewed ones first", query: environmentQuerySchema, success: { description: "Those of the environments you may see", schema: breakGlassResponseSchema } }),
  reviewBreakGlass: endpoint({ id: "reviewBreakGlass", method: "POST", path: "/api/v1/break-glass/{id}/review", access: "write", summary: "Close the review of a use of break-glass", body: breakGlassReviewSchema, success: { description: "The use with its review", schema: breakGlassSchema }, errors: ["not-found", "conflict"] }),
  listQuarantine: endpoint({ id: "listQuarantine", method: "GET", path: "/api/v1/quarantine", access: "read", summary: "Releases that nobody promotes until it is lifted", query: environmentQuerySchema, success: { description: "Those of the environments you may see, lifted ones last", schema: quarantineResponseSchema } }),
  liftQuarantine: endpoint({ id: "liftQuarantine", method: "POST", path: "/api/v1/quarantine/{id}/lift", access: "write", summary: "Let a release be promoted again", body: quarantineLiftSchema, success: { description: "The quarantine, lifted", schema: quarantineSchema }, errors: ["not-found", "conflict"] }),
  listIncidents: endpoint({
    id: "listIncidents", method: "GET", path: "/api/v1/incidents", access: "read", summary: "Incidents, newest first",
    description: "Open ones unless `status` says otherwise. `next` goes into `before` for the page after.",
    query: incidentQuerySchema, success: { description: "A page of those of the environments you may see", schema: incidentListSchema },
  }),
  openIncident: endpoint({
    id: "openIncident", method: "POST", path: "/api/v1/incidents", access: "write", summary: "Open an incident by hand",
    description: "It ends when a person resolves it. Signals of its place join it as long as Vigie has opened none of its own there.",
    body: incidentOpenSchema, success: { status: 201, description: "It is open", schema: incidentSummarySchema }, errors: ["not-found"],
  }),
  readIncidentNumbers: endpoint({
    id: "readIncidentNumbers", method: "GET", path: "/api/v1/incidents/numbers", access: "read", summary: "Time to acknowledge, to resolve, failed-deployment recovery time, change failure rate",
    description: "Of the last `days`, each with its definition and what it rests on. A number made of fewer than five is null, and its note says so.",
    query: incidentNumbersQuerySchema, success: { description: "The numbers", schema: incidentNumbersSchema },
  }),
  readIncident: endpoint({
    id: "readIncident", method: "GET", path: "/api/v1/incidents/{number}", access: "read", summary: "One incident with signals, suspects, remedies and the newest of its timeline",
    description: "At most 100 signals that fire and 50 that ended; `firing` and `signals` count them all.",
    success: { description: "The incident", schema: incidentSchema }, errors: ["not-found"],
  }),
  readTimeline: endpoint({ id: "readTimeline", method: "GET", path: "/api/v1/incidents/{number}/timeline", access: "read", summary: "The timeline of an incident, newest first", query: timelineQuerySchema, success: { description: "A page", schema: timelinePageSchema }, errors: ["not-found"] }),
  acknowledgeIncident: endpoint({
    id: "acknowledgeIncident", method: "POST", path: "/api/v1/incidents/{number}/acknowledge", access: "write", summary: "Say that you look at an incident",
    description: "It silences nothing. Sending it again, or after somebody else, changes nothing.",
    success: { description: "The incident", schema: incidentSummarySchema }, errors: ["not-found", "conflict"],
  }),
  assignIncident: endpoint({
    id: "assignIncident", method: "POST", path: "/api/v1/incidents/{number}/assign", access: "write", summary: "Say who is on an incident",
    description: "`to`: me, the id or e-mail address of a person who has signed in before, or null for nobody.",
    body: incidentAssignSchema, success: { description: "The incident", schema: incidentSummarySchema }, errors: ["not-found", "conflict"],
  }),
  noteIncident: endpoint({ id: "noteIncident", method: "POST", path: "/api/v1/incidents/{number}/note", access: "write", summary: "Add a note to the timeline", body: incidentNoteSchema, success: { description: "The incident", schema: incidentSummarySchema }, errors: ["not-found"] }),
  resolveIncident: endpoint({
    id: "resolveIncident", method: "POST", path: "/api/v1/incidents/{number}/resolve", access: "write", summary: "Call an incident resolved",
    description: "Signals that still fire do not open it again until they have ended and fire anew.",
    body: incidentResolveSchema, success: { description: "The incident", schema: incidentSummarySchema }, errors: ["not-found", "conflict"],
  }),
  mergeIncident: endpoint({
    id: "mergeIncident", method: "POST", path: "/api/v1/incidents/{number}/merge", access: "write", summary: "Say that an incident is part of another one",
    description: "Of the same environment. Its signals, and later ones of its place, go there.",
    body: incidentMergeSchema, success: { description: "The merged incident, which says where it went", schema: incidentSummarySchema }, errors: ["not-found", "conflict"],
  }),
  listDrift: endpoint({
    id: "listDrift", method: "GET", path: "/api/v1/drift", access: "read", summary: "What runs other than Vigie applied it",
    description: "Big Pods whose images, template, ConfigMaps or number of pods are not what the last operation applied or somebody adopted since, with who wrote it. What Vigie never applied cannot drift.",
    query: environmentQuerySchema, success: { description: "Those of the environments you may see", schema: driftsResponseSchema }, errors: ["not-found"],
  }),
  adoptDrift: endpoint({
    id: "adoptDrift", method: "POST", path: "/api/v1/drift/adopt", access: "write", summary: "Say that what runs is what is wanted",
    description: "Writes nothing to a cluster. `mark` is that of the drift that was looked at: 409 when something else runs by now.",
    body: adoptRequestSchema, success: { description: "What was adopted", schema: adoptedSchema }, errors: ["not-found", "conflict"],
  }),
  listReleases: endpoint({ id: "listReleases", method: "GET", path: "/api/v1/releases", access: "read", summary: "Releases an environment ran, newest first", query: releasesQuerySchema, success: { description: "A page", schema: releasesResponseSchema }, errors: ["not-found"] }),
  readRelease: endpoint({ id: "readRelease", method: "GET", path: "/api/v1/releases/{number}", access: "read", summary: "One release in one environment", query: releaseQuerySchema, success: { description: "The release; of ConfigMaps the names of their keys only", schema: releaseResponseSchema }, errors: ["not-found"] }),
  readEvidence: endpoint({
    id: "readEvidence", method: "GET", path: "/api/v1/evidence/{id}", access: "read", summary: "One file that was saved before a Big Pod was isolated",
    description: "Logs, pods, events or the workload, as text to be saved. Values of environment variables are not in it.",
    success: { description: "The file", contentType: "text/plain; charset=utf-8" }, errors: ["not-found"],
  }),
  receiveAlerts: endpoint({
    id: "receiveAlerts", method: "POST", path: "/api/webhooks/alertmanager", access: "public", summary: "Take messages of Alertmanager's webhook",
    description: "Format version 4, at most 1 MiB. Shows the secret that alerting.webhookSecret names as bearer token, or X-Vigie-Signature: t=<unix seconds>,v1=<HMAC-SHA256 of t, a dot and the body>, within five minutes and once. What is known already changes nothing.",
    query: webhookQuerySchema, body: alertmanagerWebhookSchema, success: { description: "It was recorded", schema: webhookReceivedSchema }, errors: ["invalid", "unauthenticated", "not-found", "conflict", "limited", "unavailable"],
  }),
  listSignals: endpoint({ id: "listSignals", method: "GET", path: "/api/v1/signals", access: "read", summary: "Alerts, broken Big Pods, failed operations and blind monitoring, newest first", description: "`next` goes into `before` for the page after.", query: signalQuerySchema, success: { description: "A page of those of the environments you may see", schema: signalsResponseSchema } }),
  silenceAlert: endpoint({
    id: "silenceAlert", method: "POST", path: "/api/v1/silences", access: "write", summary: "Silence an alert in Alertmanager",
    description: "A silence of Alertmanager's own with all of the alert's labels, an end and a comment. It is not an acknowledgement: the incident stays as it is.",
    body: silenceRequestSchema, success: { status: 201, description: "The silence", schema: silenceCreatedSchema }, errors: ["not-found", "conflict", "upstream"],
  }),
  endSilence: endpoint({ id: "endSilence", method: "DELETE", path: "/api/v1/silences/{id}", access: "write", summary: "End a silence now", query: silenceQuerySchema, success: { status: 204, description: "It is over" }, errors: ["not-found", "upstream"] }),
  listAudit: endpoint({ id: "listAudit", method: "GET", path: "/api/v1/audit", access: "read", summary: "The audit log, newest first", query: auditListQuerySchema, success: { description: "A page of the entries you may see", schema: auditListResponseSchema } }),
  verifyAudit: endpoint({
    id: "verifyAudit", method: "GET", path: "/api/v1/audit/verify", access: "read", summary: "Recompute the audit log's hash chain",
    description: "Names the first entry that is not what was written. Hand over a position noted earlier to see a cut end or a chain that was hashed anew. With `Accept: application/x-ndjson` it tells how far it is, a JSON text a line; the last line is the result, or an error.",
    query: auditVerifyQuerySchema, success: { description: "Whether the chain holds", schema: auditVerifyResponseSchema, lines: auditVerifyLineSchema }, errors: ["not-found"],
  }),
  exportAudit: endpoint({ id: "exportAudit", method: "GET", path: "/api/v1/audit/export", access: "read", summary: "The audit log as JSON Lines, to be verified offline", query: auditExportQuerySchema, success: { description: "One entry a line, with the exact bytes that were hashed", schema: auditExportLineSchema, contentType: "application/jsonl" } }),
  listCheckpoints: endpoint({
    id: "listCheckpoints", method: "GET", path: "/api/v1/audit/checkpoints", access: "read", summary: "Signed checkpoints of the audit log, and where they are kept",
    description: "The newest one, the public keys, each place outside the database, and warnings when a checkpoint is missing, late or undelivered.", success: { description: "How the checkpoints stand", schema: checkpointsResponseSchema },
  }),
  exportAuditCsv: endpoint({
    id: "exportAuditCsv", method: "GET", path: "/api/v1/audit/export/csv", access: "read", summary: "Entries of the audit log for a spreadsheet",
    description: "The filters of the list. A text that a spreadsheet would run as a formula gets an apostrophe in front. For proof there is the export as JSON Lines.",
    query: auditCsvQuerySchema, success: { description: "CSV (RFC 4180), oldest entry first", contentType: "text/csv" },
  }),
  readAuditReport: endpoint({ id: "readAuditReport", method: "GET", path: "/api/v1/audit/report", access: "read", summary: "What happened in a month", description: "Promotions, rollbacks, break-glass, denials and approvals of the environments you may see, 500 lines each at most.", query: auditReportQuerySchema, success: { description: "The report", schema: auditReportSchema } }),
  readAuditReportCsv: endpoint({ id: "readAuditReportCsv", method: "GET", path: "/api/v1/audit/report/csv", access: "read", summary: "The monthly report as CSV", query: auditReportQuerySchema, success: { description: "CSV (RFC 4180)", contentType: "text/csv" } }),
  readAuditReportMarkdown: endpoint({ id: "readAuditReportMarkdown", method: "GET", path: "/api/v1/audit/report/markdown", access: "read", summary: "The monthly report as Markdown", query: auditReportQuerySchema, success: { description: "Markdown (GitHub Flavored)", contentType: "text/markdown" } }),
  tickRunbook: endpoint({ id: "tickRunbook", method: "POST", path: "/api/v1/incidents/{number}/runbook", access: "write", summary: "Tick or untick a step of a runbook", description: "It goes into the incident's timeline. Ticking what is ticked changes nothing.", body: runbookTickSchema, success: { description: "Whether anything changed", schema: z.object({ changed: z.boolean() }) }, errors: ["not-found"] }),
  readPostmortem: endpoint({
    id: "readPostmortem", method: "GET", path: "/api/v1/incidents/{number}/postmortem", access: "read", summary: "The postmortem of an incident, begun for people to finish",
    description: "Summary, impact, timeline, suspects and actions as Markdown, without secrets; blanks for what only people know.",
    success: { description: "Markdown (GitHub Flavored)", contentType: "text/markdown" }, errors: ["not-found"],
  }),
  readPostmortemChart: endpoint({
    id: "readPostmortemChart", method: "GET", path: "/api/v1/incidents/{number}/postmortem/charts/{name}", access: "read", summary: "One chart of a postmortem",
    description: "`name` is requests.svg, errors.svg, latency.svg or memory.svg: the time of the incident, and as long before it.",
    success: { description: "SVG", contentType: "image/svg+xml" }, errors: ["not-found", "upstream"],
  }),
  listNotifications: endpoint({ id: "listNotifications", method: "GET", path: "/api/v1/notifications", access: "read", summary: "The channels of notifications, and what could not be told", success: { description: "Channels, and dead letters newest first", schema: notificationsResponseSchema } }),
  retryNotification: endpoint({ id: "retryNotification", method: "POST", path: "/api/v1/notifications/{id}/retry", access: "write", summary: "Send a dead letter again", success: { status: 202, description: "It is in the outbox again", schema: notificationRetriedSchema }, errors: ["not-found", "conflict"] }),
  testChannel: endpoint({ id: "testChannel", method: "POST", path: "/api/v1/notifications/channels/{channel}/test", access: "write", summary: "Send a test by a channel", success: { status: 202, description: "It is in the outbox", schema: notificationTestedSchema }, errors: ["not-found"] }),
  listTokens: endpoint({ id: "listTokens", method: "GET", path: "/api/v1/tokens", access: "read", summary: "API tokens, newest first", success: { description: "All tokens, without their secrets", schema: tokensResponseSchema } }),
  createToken: endpoint({ id: "createToken", method: "POST", path: "/api/v1/tokens", access: "write", summary: "Make an API token", body: tokenRequestSchema, success: { status: 201, description: "The token; its secret is never shown again", schema: tokenCreatedSchema } }),
  listSessions: endpoint({
    id: "listSessions", method: "GET", path: "/api/v1/sessions", access: "read", summary: "Who is signed in, used last first",
    description: "With the session of a person: their own. With an admin's token: everybody's.",
    success: { description: "Sessions that are not over, without their tokens", schema: sessionsResponseSchema },
  }),
  revokeSession: endpoint({ id: "revokeSession", method: "DELETE", path: "/api/v1/sessions/{id}", access: "write", summary: "Sign somebody out of one browser, at once", success: { status: 204, description: "It is over" }, errors: ["not-found"] }),
  revokeToken: endpoint({ id: "revokeToken", method: "DELETE", path: "/api/v1/tokens/{id}", access: "write", summary: "End an API token at once", success: { status: 204, description: "It is over" }, errors: ["not-found"] }),
  openapi: endpoint({ id: "openapi", method: "GET", path: "/api/openapi.json", access: "public", summary: "This description", success: { description: "OpenAPI 3.1", schema: z.record(z.string(), z.unknown()) } }),
  healthz: endpoint({ id: "healthz", method: "GET", path: "/api/healthz", access: "public", summary: "Whether the web process answers", success: { description: "It does", schema: healthResponseSchema } }),
  readyz: endpoint({ id: "readyz", method: "GET", path: "/api/readyz", access: "public", summary: "Whether database and worker are there", description: "503 with the reasons when they are not.", success: { description: "Both are", schema: readinessResponseSchema } }),
  metrics: endpoint({
    id: "metrics", method: "GET", path: "/api/metrics", access: "public", summary: "Vigie's own metrics for Prometheus",
    description: "Without a token only where the portal listens on loopback and the call comes from there; elsewhere with a token of any role.",
    success: { description: "Prometheus text format", contentType: "text/plain; version=0.0.4" }, errors: ["unauthenticated", "denied"],
  }),
} as const;

/** Routes that are described, but whose protocol is not request and JSON: the screen's own. */
export const streamEndpoint = endpoint({
  id: "stream", method: "GET", path: "/api/stream", access: "read", summary: "What moves, as server-sent events",
  description: "Events as in lib/contracts/stream.ts: a snapshot, a ready mark, then deltas whose ids are positions to resume from by Last-Event-ID.",
  success: { description: "A stream that stays open", contentType: "text/event-stream" },
});
