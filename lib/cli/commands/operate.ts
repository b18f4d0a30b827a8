import { randomUUID } from "node:crypto";
import { operationAcceptedSchema } from "#lib/contracts/api.ts";
import { planSchema } from "#lib/contracts/operation.ts";
import type { Plan, PlanRequest } from "#lib/contracts/operation.ts";
import { CommandEnd, exitCodes } from "#lib/cli/exit.ts";
import { followOperation, outcome } from "#lib/cli/follow.ts";
import { inert, writeJson } from "#lib/cli/output.ts";
import { planText } from "#lib/cli/plan-text.ts";
import type { Session } from "#lib/cli/session.ts";

export interface OperateOptions {
  reason?: string;
  dryRun?: boolean;
  /** Begin when the next window opens. */
  schedule?: boolean;
  wait: boolean;
  /** Seconds to wait for the end. */
  timeout: number;
  /** One key for one intent: a pipeline that runs again with the same key gets the same operation. */
  key?: string;
  /** Number of the incident it is asked for from. */
  incident?: number;
}

/** POST plans, shown. 0 when confirming it would run or wait, 2 when a gate refuses it. */
export async function showPlan({ client, output }: Session, request: PlanRequest): Promise<number> {
  const plan = await client.post("api/v1/plans", request, planSchema);
  if (output.json) writeJson(output, plan);
  else output.write(planText(output, plan));
  return plan.start.how === "refused" ? exitCodes.refused : exitCodes.done;
}

/** Plans, confirms and follows to the end. The plan that is confirmed is the one that was just shown. */
export async function operate(session: Session, request: PlanRequest, options: OperateOptions): Promise<number> {
  if (options.dryRun === true) return showPlan(session, request);
  const { client, output } = session;
  const plan = await client.post("api/v1/plans", request, planSchema);
  output.note(planText(output, plan));
  refuseUnready(plan, options);
  const body = { planHash: plan.hash, reason: options.reason ?? plan.suggestedReason, ...(options.schedule === true && plan.start.how === "waits" ? { schedule: "next-window" } : {}), ...(options.incident === undefined ? {} : { incident: options.incident }) };
  const accepted = await client.post("api/v1/operations", body, operationAcceptedSchema, options.key ?? randomUUID());
  output.note(`Accepted as ${accepted.id}: ${accepted.status}.\n`);
  if (!options.wait) {
    if (output.json) writeJson(output, accepted);
    else output.write(`${accepted.id}\n`);
    return exitCodes.done;
  }
  const operation = await followOperation(session, accepted.id, options.timeout);
  if (output.json) writeJson(output, operation);
  return outcome(session, operation);
}

function refuseUnready(plan: Plan, options: OperateOptions): void {
  const failing = plan.gates.filter((gate) => gate.verdict !== "pass" && !gate.overruled);
  if (plan.start.how === "refused") {
    throw new CommandEnd(exitCodes.refused, "gates", `Nothing was done: ${failing.map((gate) => inert(`${gate.title}: ${gate.evidence}`)).join("; ") || "there is nothing to change"}.`, { detail: { gates: failing } });
  }
  const window = plan.start.waits.find((wait) => wait.for === "window");
  if (window !== undefined && options.schedule !== true) {
    throw new CommandEnd(exitCodes.refused, "window", `Nothing was done: ${inert(window.sentence)}. Add --schedule to let it begin by itself then.`, { detail: { window } });
  }
}
