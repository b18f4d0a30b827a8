import { auditListResponseSchema, auditVerifyResponseSchema } from "#lib/contracts/api.ts";
import { exitCodes } from "#lib/cli/exit.ts";
import { inert, table, toned, writeJson } from "#lib/cli/output.ts";
import type { Output } from "#lib/cli/output.ts";
import type { Session } from "#lib/cli/session.ts";

export interface AuditFilters {
  environment?: string;
  actor?: string;
  action?: string;
  operation?: string;
  from?: string;
  to?: string;
  text?: string;
  limit: number;
}

export async function listAudit({ client, output }: Session, filters: AuditFilters): Promise<number> {
  const query = new URLSearchParams(Object.entries(filters).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])));
  const page = await client.get(`api/v1/audit?${query}`, auditListResponseSchema);
  if (output.json) writeJson(output, page);
  else if (page.entries.length === 0) output.note("No entries.\n");
  else output.write(table([["#", "TIME", "BY", "OUTCOME", "WHAT"], ...page.entries.map((entry) => [String(entry.sequence), entry.at, inert(entry.actor.name), toned(output, outcomeTone(entry.outcome), entry.outcome), inert(entry.summary)])]));
  return exitCodes.done;
}

function outcomeTone(outcome: string): "ok" | "bad" | "hold" | "busy" {
  if (outcome === "succeeded") return "ok";
  if (outcome === "failed") return "bad";
  return outcome === "denied" ? "hold" : "busy";
}

/** Has the portal recompute the chain. Ends with 1 when it does not hold. */
export async function verifyAudit({ client, output }: Session, known: { sequence?: number; hash?: string }): Promise<number> {
  const query = new URLSearchParams(known.sequence === undefined || known.hash === undefined ? {} : { knownSequence: String(known.sequence), knownHash: known.hash });
  const result = await client.get(`api/v1/audit/verify?${query}`, auditVerifyResponseSchema);
  if (output.json) writeJson(output, result);
  else if (result.valid) output.write(`${toned(output, "ok", "The chain holds")}: ${result.entries} entries, up to ${result.head.sequence} (${result.head.hash})${result.checkpoints?.newest ? `, and ${result.checkpoints.checked} signed checkpoints` : ""}.\n`);
  else output.write(badSentence(output, result.firstBad ?? null, result.checkpoints?.firstBad?.evidence));
  return result.valid ? exitCodes.done : exitCodes.failed;
}

function badSentence(output: Output, bad: { sequence: number; evidence: string } | null, checkpoint: string | undefined): string {
  if (bad === null && checkpoint !== undefined) return `${toned(output, "bad", "A checkpoint cannot be believed")}: ${inert(checkpoint)}\n`;
  return `${toned(output, "bad", "The chain is broken")}${bad === null ? "" : ` at entry ${bad.sequence}: ${inert(bad.evidence)}`}\n`;
}

/** JSON Lines as they come, to be kept and verified elsewhere. */
export async function exportAudit({ client, output, signal }: Session): Promise<number> {
  const body = await client.open("api/v1/audit/export", "application/jsonl", signal);
  const decoder = new TextDecoder();
  for await (const chunk of body) output.write(decoder.decode(chunk, { stream: true }));
  output.write(decoder.decode());
  return exitCodes.done;
}
