import { allEndpoints } from "#lib/contracts/openapi.ts";
import type { Endpoint } from "#lib/contracts/endpoints.ts";

/** What exists in prod, for those who may not see it. */
export interface Foreign {
  planHash: string;
  operation: string;
  incident: number;
}

const reason = "because a test asks for it";
const nothing = "0".repeat(64);
const noSuchId = "11111111-1111-4111-8111-111111111111";
const times = "from=2026-11-20T00:00:00Z&to=2026-11-20T12:00:00Z";

/** Arguments of each server action that its schema takes, about things in prod. A new action needs a line here, or the suite fails. */
export function actionCalls({ planHash, operation, incident }: Foreign): Readonly<Record<string, unknown[]>> {
  return {
    plan: [{ kind: "restart", environment: "prod", bigPods: ["core"] }, null],
    confirm: [{ planHash, reason, idempotencyKey: "abuse-key-1" }],
    abort: [operation],
    approve: [operation, { planHash }],
    openBreakGlass: [{ environment: "prod", reason }],
    reviewBreakGlass: ["none", { note: reason }],
    liftQuarantine: ["none", { reason }],
    adoptDrift: [{ environment: "prod", bigPod: "core", mark: "0123456789", reason }],
    openIncident: [{ environment: "prod", bigPod: null, title: "abuse", severity: "warning" }],
    acknowledgeIncident: [incident],
    assignIncident: [incident, { to: "me" }],
    noteIncident: [incident, { text: reason }],
    resolveIncident: [incident, { note: reason }],
    mergeIncident: [incident, { into: incident + 1, reason }],
    tickRunbook: [incident, { runbook: "none", index: 0, ticked: true }],
    silenceSignal: [{ environment: "prod", signalId: "none", minutes: 10, comment: reason }],
    endSilence: ["prod", "none"],
    sendChannelTest: ["slack"],
    sendNotificationAgain: ["none"],
    createToken: [{ name: "abuse", role: "admin", environments: "*", expiresInDays: 1 }],
    revokeToken: ["none"],
    saveAuditView: [{ name: "abuse", query: { environment: "prod" } }],
    removeAuditView: [noSuchId],
    revokeSession: [noSuchId],
    revokeOtherSessions: [],
    signOut: [],
  };
}

/** A page that has the action: Next answers nothing for one that a page does not know. */
export const pageOf = (action: string): string => (action.endsWith("AuditView") ? "/audit" : "/settings");

/** What a viewer may do all the same. */
export const viewersMay: readonly string[] = ["plan", "signOut", "saveAuditView", "revokeSession", "revokeOtherSessions"];

/** Bodies of each endpoint that changes something; a new one needs a line here. */
export function bodies({ planHash, incident }: Foreign): Readonly<Record<string, unknown>> {
  return {
    createPlan: { kind: "restart", environment: "prod", bigPods: ["core"] },
    requestOperation: { planHash, reason },
    abortOperation: undefined,
    approveOperation: { planHash: nothing },
    openBreakGlass: { environment: "prod", reason },
    reviewBreakGlass: { note: reason },
    liftQuarantine: { reason },
    openIncident: { environment: "prod", bigPod: null, title: "abuse", severity: "warning" },
    acknowledgeIncident: undefined,
    assignIncident: { to: "me" },
    noteIncident: { text: reason },
    resolveIncident: { note: reason },
    mergeIncident: { into: incident + 1, reason },
    adoptDrift: { environment: "prod", bigPod: "core", mark: "0123456789", reason },
    silenceAlert: { environment: "prod", signalId: "none", minutes: 10, comment: reason },
    endSilence: undefined,
    tickRunbook: { runbook: "none", index: 0, ticked: true },
    retryNotification: undefined,
    testChannel: undefined,
    createToken: { name: "abuse", role: "admin", environments: "*", expiresInDays: 1 },
    revokeToken: undefined,
    revokeSession: undefined,
    receiveAlerts: { version: "4", groupKey: "g", status: "firing", receiver: "r", groupLabels: {}, commonLabels: {}, commonAnnotations: {}, externalURL: "", truncatedAlerts: 0, alerts: [] },
  };
}

const queries: Readonly<Record<string, string>> = {
  readHistory: "at=2026-11-20T12:00:00Z",
  readStrips: `${times}&environment=prod`,
  listEvents: "environment=prod&bigPod=core",
  readGolden: `environment=prod&bigPod=core&${times}`,
  listPanels: "environment=prod&bigPod=core",
  listReleases: "environment=prod",
  readRelease: "environment=prod",
  endSilence: "environment=prod",
  readAuditReport: "month=2026-11",
  readAuditReportCsv: "month=2026-11",
  readAuditReportMarkdown: "month=2026-11",
};

/** Address of an endpoint with everything that it needs filled in, about prod. */
export function addressOf({ id, path }: Pick<Endpoint, "id" | "path">, { operation, incident }: Foreign): string {
  const filled = path.replace("/operations/{id}", `/operations/${operation}`).replace("{number}", path.includes("/releases/") ? "R-1" : String(incident)).replace("{channel}", "slack").replace("{name}", "errors.svg").replace("{id}", "none");
  return queries[id] === undefined ? filled : `${filled}?${queries[id]}`;
}

export const calledEndpoints: readonly Endpoint[] = allEndpoints;
