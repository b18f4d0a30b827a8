import { apiStateSchema } from "#lib/contracts/api.ts";
import { healthPresentation } from "#lib/domain/status.ts";
import { CommandEnd, exitCodes } from "#lib/cli/exit.ts";
import { inert, table, toned, writeJson } from "#lib/cli/output.ts";
import type { Session } from "#lib/cli/session.ts";

/** What runs where and how it is. With `check`, ends with 1 unless every Big Pod shown is healthy. */
export async function showState({ client, output }: Session, options: { environment?: string; check?: boolean }): Promise<number> {
  const state = await client.get("api/v1/state", apiStateSchema);
  const environments = state.environments.filter((one) => options.environment === undefined || one.name === options.environment);
  if (environments.length === 0) throw new CommandEnd(exitCodes.refused, "not-found", options.environment === undefined ? "This token may see no environment." : `There is no environment ${options.environment} for this token: ${state.environments.map((one) => one.name).join(", ")}.`);
  if (output.json) writeJson(output, { ...state, environments });
  else {
    const rows = environments.flatMap((environment) =>
      environment.bigPods.map((bigPod) => {
        const { word, tone } = healthPresentation[bigPod.status];
        const ready = bigPod.replicas === null ? "–" : `${bigPod.replicas.ready}/${bigPod.replicas.desired}`;
        return [environment.name, bigPod.name, toned(output, tone, word), ready, bigPod.version ?? "–", bigPod.release ?? "–", inert(bigPod.cause ?? "")];
      }),
    );
    output.write(table([["ENVIRONMENT", "BIG POD", "STATUS", "READY", "VERSION", "RELEASE", "CAUSE"], ...rows]));
    for (const environment of environments) if (environment.source.state !== "live") output.note(`${environment.name} cannot be seen as it is now: ${environment.source.state}${environment.source.reason === null ? "" : `, ${inert(environment.source.reason)}`}.\n`);
  }
  const well = environments.every((environment) => environment.source.state === "live" && environment.bigPods.every((bigPod) => bigPod.status === "healthy"));
  return options.check === true && !well ? exitCodes.failed : exitCodes.done;
}
