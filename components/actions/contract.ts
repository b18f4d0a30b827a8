import type { Adopted, AdoptRequest } from "#lib/contracts/drift.ts";
import type { ApprovalRequest, BreakGlass, BreakGlassRequest, OperationRequest, Plan, PlanRequest } from "#lib/contracts/operation.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import type { AnswerCode } from "#lib/domain/error.ts";
import type { Severity } from "#lib/domain/incident-status.ts";

/** What a server action answers: a value, or a sentence a person can act on. Nothing is thrown across. */
export type ActionResult<Value> = { ok: true; value: Value } | { ok: false; error: ActionError };

export interface ActionError {
  /** `internal`: not foreseen; the reference leads to it in the log. */
  code: AnswerCode;
  message: string;
  detail: Readonly<Record<string, unknown>> | null;
  reference: string | null;
}

export interface ConfirmInput extends OperationRequest {
  /** Made when the dialog opened, so that a second click or a retry is the same operation. */
  idempotencyKey: string;
}

/** The server actions any screen may call; handed down by the portal's layout. */
export interface PortalActions {
  /** `incident`: number of the incident it is made from. */
  plan(request: PlanRequest, incident?: number | null): Promise<ActionResult<Plan>>;
  confirm(input: ConfirmInput): Promise<ActionResult<{ id: string }>>;
  abort(operationId: string): Promise<ActionResult<{ id: string }>>;
  approve(operationId: string, input: ApprovalRequest): Promise<ActionResult<{ id: string }>>;
  openBreakGlass(input: BreakGlassRequest): Promise<ActionResult<Pick<BreakGlass, "id" | "expiresAt">>>;
  reviewBreakGlass(id: string, input: { note: string }): Promise<ActionResult<{ id: string }>>;
  liftQuarantine(id: string, input: { reason: string }): Promise<ActionResult<{ id: string }>>;
  adoptDrift(input: AdoptRequest): Promise<ActionResult<Adopted>>;
  signOut(): Promise<ActionResult<null>>;
  incident: IncidentActions;
}

/** What people do with incidents. The answer is the incident as it is then. */
export interface IncidentActions {
  open(input: IncidentOpening): Promise<ActionResult<IncidentSummary>>;
  acknowledge(number: number): Promise<ActionResult<IncidentSummary>>;
  /** `to`: a person's id, "me", or null for nobody. */
  assign(number: number, input: { to: string | null }): Promise<ActionResult<IncidentSummary>>;
  resolve(number: number, input: { note: string }): Promise<ActionResult<IncidentSummary>>;
  merge(number: number, input: { into: number; reason: string }): Promise<ActionResult<IncidentSummary>>;
  note(number: number, input: { text: string }): Promise<ActionResult<IncidentSummary>>;
  tickRunbook(number: number, input: { runbook: string; index: number; ticked: boolean }): Promise<ActionResult<unknown>>;
  /** A silence of Alertmanager: mutes notifications, and leaves the incident as it is. */
  silence(input: { environment: string; signalId: string; minutes: number; comment: string }): Promise<ActionResult<unknown>>;
  endSilence(environment: string, id: string): Promise<ActionResult<unknown>>;
}

export interface IncidentOpening {
  environment: string;
  bigPod: string | null;
  title: string;
  severity: Severity;
}
