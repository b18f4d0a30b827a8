import { checkpointsResponseSchema } from "#lib/contracts/checkpoint.ts";
import { CommandEnd, exitCodes } from "#lib/cli/exit.ts";
import { inert, table, toned, writeJson } from "#lib/cli/output.ts";
import type { Session } from "#lib/cli/session.ts";

/** How the signed checkpoints stand. Ends with 1 when one is missing, late or not delivered. */
export async function showCheckpoints({ client, output }: Session): Promise<number> {
  const state = await client.get("api/v1/audit/checkpoints", checkpointsResponseSchema);
  if (output.json) writeJson(output, state);
  else {
    const { newest, warnings, places, uncovered, origin } = state;
    output.write(newest === null ? `${origin}: no checkpoint yet.\n` : `${origin}: ${newest.checkpoint.size} entries at ${newest.checkpoint.time}, head ${newest.checkpoint.head}; ${uncovered} entries since.\n`);
    output.write(table([["PLACE", "KIND", "DELIVERED", "WAITING", "WHERE"], ...places.map((place) => [place.name, place.kind, place.deliveredSize === null ? "-" : String(place.deliveredSize), String(place.waiting), inert(place.error === null ? place.place : `${place.place}: ${place.error}`)])]));
    for (const { kind, sentence } of warnings) output.write(`${toned(output, kind === "refused" ? "bad" : "warn", kind)}: ${inert(sentence)}\n`);
  }
  return state.warnings.length === 0 ? exitCodes.done : exitCodes.failed;
}

/** The portal's public keys in PEM, newest first. What you verify with, you should have noted when the key was made: who forges a log also forges this answer. */
export async function showPublicKeys({ client, output }: Session): Promise<number> {
  const { keys } = await client.get("api/v1/audit/checkpoints", checkpointsResponseSchema);
  if (keys.length === 0) throw new CommandEnd(exitCodes.refused, "not-found", "No checkpoint key is known yet: the worker tells it when it starts.");
  if (output.json) writeJson(output, keys);
  else output.write(keys.map(({ publicKey }) => publicKey).join(""));
  return exitCodes.done;
}
