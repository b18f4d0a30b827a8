import type { Adopted, AdoptRequest } from "#lib/contracts/drift.ts";
import type { ApprovalRequest, BreakGlass, BreakGlassRequest, OperationRequest, Plan, PlanRequest } from "#lib/contracts/operation.ts";
import type { AnswerCode } from "#lib/domain/error.ts";

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
  plan(request: PlanRequest): Promise<ActionResult<Plan>>;
  confirm(input: ConfirmInput): Promise<ActionResult<{ id: string }>>;
  abort(operationId: string): Promise<ActionResult<{ id: string }>>;
  approve(operationId: string, input: ApprovalRequest): Promise<ActionResult<{ id: string }>>;
  openBreakGlass(input: BreakGlassRequest): Promise<ActionResult<Pick<BreakGlass, "id" | "expiresAt">>>;
  reviewBreakGlass(id: string, input: { note: string }): Promise<ActionResult<{ id: string }>>;
  liftQuarantine(id: string, input: { reason: string }): Promise<ActionResult<{ id: string }>>;
  adoptDrift(input: AdoptRequest): Promise<ActionResult<Adopted>>;
  signOut(): Promise<ActionResult<null>>;
}
