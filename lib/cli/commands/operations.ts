import { operationAcceptedSchema, operationsResponseSchema } from "#lib/contracts/api.ts";
import { operationSchema } from "#lib/contracts/operation.ts";
import { operationPresentation } from "#lib/domain/status.ts";
import { exitCodes } from "#lib/cli/exit.ts";
import { followOperation, outcome } from "#lib/cli/follow.ts";
import { inert, table, toned, writeJson } from "#lib/cli/output.ts";
import type { Session } from "#lib/cli/session.ts";

export async function listOperations({ client, output }: Session, options: { environment?: string; status?: string; limit: number }): Promise<number> {
  const query = new URLSearchParams({ limit: String(options.limit), ...(options.environment === undefined ? {} : { environment: options.environment }), ...(options.status === undefined ? {} : { status: options.status }) });
  const page = await client.get(`api/v1/operations?${query}`, operationsResponseSchema);
  if (output.json) writeJson(output, page);
  else if (page.operations.length === 0) output.note("No operations.\n");
  else {
    const rows = page.operations.map((one) => [one.id, toned(output, operationPresentation[one.status].tone, operationPresentation[one.status].word), one.requestedAt, inert(one.actor), `${inert(one.title)}${one.breakGlass ? "  [break-glass]" : ""}${one.automatic ? "  [by itself]" : ""}`]);
    output.write(table([["ID", "STATUS", "ASKED", "BY", "WHAT"], ...rows]));
  }
  return exitCodes.done;
}

/** One operation with its steps; with `follow` until it has ended. */
export async function showOperation(session: Session, id: string, options: { follow?: boolean; timeout: number }): Promise<number> {
  const { client, output } = session;
  if (options.follow === true) {
    const ended = await followOperation(session, id, options.timeout);
    if (output.json) writeJson(output, ended);
    return outcome(session, ended);
  }
  const operation = await client.get(`api/v1/operations/${encodeURIComponent(id)}`, operationSchema);
  if (output.json) {
    writeJson(output, operation);
    return exitCodes.done;
  }
  const { word, tone } = operationPresentation[operation.status];
  output.write(`${inert(operation.title)}: ${toned(output, tone, word)}\nasked by ${inert(operation.actor)} at ${operation.requestedAt}: ${inert(operation.reason)}\n`);
  if (operation.waits !== null) output.write(`${inert(operation.waits.sentence)}\n`);
  if (operation.approvals.required > 0) output.write(`approvals: ${operation.approvals.given.length} of ${operation.approvals.required}${operation.approvals.given.length > 0 ? ` (${operation.approvals.given.map((one) => inert(one.by)).join(", ")})` : ""}; plan ${operation.plan.hash}\n`);
  output.write(table(operation.steps.map((step) => [`  ${step.status}`, inert(step.title), inert(step.evidence.at(-1)?.text ?? "")])));
  if (operation.note !== null) output.write(`${inert(operation.note)}\n`);
  return exitCodes.done;
}

/** Approves the plan as it stands now, or the one whose hash (or its first twelve letters) is named: an approval is for what was looked at. */
export async function approveOperation({ client, output }: Session, id: string, options: { plan?: string; note?: string }): Promise<number> {
  const operation = await client.get(`api/v1/operations/${encodeURIComponent(id)}`, operationSchema);
  const named = options.plan ?? operation.plan.hash;
  const planHash = named.length >= 12 && operation.plan.hash.startsWith(named) ? operation.plan.hash : named;
  const accepted = await client.post(`api/v1/operations/${encodeURIComponent(id)}/approve`, { planHash, ...(options.note === undefined ? {} : { note: options.note }) }, operationAcceptedSchema);
  if (output.json) writeJson(output, accepted);
  else output.write(`Approved: ${inert(operation.title)} (${accepted.status}).\n`);
  return exitCodes.done;
}

export async function abortOperation(session: Session, id: string, options: { wait: boolean; timeout: number }): Promise<number> {
  const { client, output } = session;
  const accepted = await client.post(`api/v1/operations/${encodeURIComponent(id)}/abort`, undefined, operationAcceptedSchema);
  if (!options.wait) {
    if (output.json) writeJson(output, accepted);
    else output.write(`Asked to abort ${id} (${accepted.status}).\n`);
    return exitCodes.done;
  }
  const operation = await followOperation(session, id, options.timeout);
  if (output.json) writeJson(output, operation);
  outcome(session, operation);
  return operation.status === "aborted" ? exitCodes.done : exitCodes.failed;
}
