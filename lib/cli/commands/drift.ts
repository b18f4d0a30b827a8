import { adoptedSchema, driftsResponseSchema } from "#lib/contracts/drift.ts";
import { CommandEnd, exitCodes } from "#lib/cli/exit.ts";
import { inert, table, writeJson } from "#lib/cli/output.ts";
import type { Session } from "#lib/cli/session.ts";

/** What runs other than Vigie applied it. With `check`, ends with 1 when there is any. */
export async function showDrift({ client, output }: Session, options: { environment?: string; check?: boolean }): Promise<number> {
  const query = new URLSearchParams(options.environment === undefined ? {} : { environment: options.environment });
  const found = await client.get(`api/v1/drift?${query}`, driftsResponseSchema);
  if (output.json) writeJson(output, found);
  else if (found.drifts.length === 0) output.note("Everything that Vigie applied runs as it applied it.\n");
  else output.write(table([["ENVIRONMENT", "BIG POD", "SINCE", "BY", "DIFFERS"], ...found.drifts.map((drift) => [drift.environment, drift.bigPod, drift.since, inert(drift.by), inert(drift.differences.join("; "))])]));
  return options.check === true && found.drifts.length > 0 ? exitCodes.failed : exitCodes.done;
}

/** Says that what runs now is what is wanted: what is adopted is what this very call was shown. */
export async function adoptDrift({ client, output }: Session, options: { environment: string; bigPod: string; reason: string }): Promise<number> {
  const { environment, bigPod, reason } = options;
  const { drifts } = await client.get(`api/v1/drift?${new URLSearchParams({ environment })}`, driftsResponseSchema);
  const drift = drifts.find((one) => one.bigPod === bigPod);
  if (drift === undefined) throw new CommandEnd(exitCodes.refused, "not-found", `${bigPod} in ${environment} runs what Vigie applied last, or was never applied by it: there is nothing to adopt.`);
  const adopted = await client.post("api/v1/drift/adopt", { environment, bigPod, mark: drift.mark, reason }, adoptedSchema);
  if (output.json) writeJson(output, adopted);
  else output.write(`What ${bigPod} runs in ${environment} is wanted from now on: ${inert(adopted.differences.join("; "))}.\n`);
  return exitCodes.done;
}
