import type { Actor } from "#lib/contracts/actor.ts";
import { adoptRequestSchema } from "#lib/contracts/drift.ts";
import type { Adopted, AdoptRequest } from "#lib/contracts/drift.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import { findDrift, removeDrift, saveApplied } from "#lib/db/repositories/drift.ts";
import { lockEnvironment } from "#lib/db/repositories/operation-queue.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/**
 * Says that what runs is what is wanted from now on. Nothing is written to a cluster. Only the very thing that was looked at is adopted: `mark` names it.
 * Throws VigieError "denied", "invalid", "not-found" (names), "conflict" (it is over, runs something else by now, or an operation is at work there).
 */
export async function adoptDrift(context: ServiceContext, actor: Actor, request: AdoptRequest): Promise<Adopted> {
  const parsed = adoptRequestSchema.safeParse(request);
  if (!parsed.success) throw new VigieError("invalid", "Adopting takes an environment, a Big Pod, the mark of the drift and a reason of 3 to 500 characters.", { detail: { path: parsed.error.issues[0]?.path.join(".") ?? "" } });
  const { environment, bigPod, mark, reason } = parsed.data;
  const { config } = context;
  await authorise(context, actor, "drift.adopt", environment, `adopt what runs of ${bigPod} in ${environment}`);
  if (!config.environments.some(({ name }) => name === environment) || !config.bigPods.some(({ name }) => name === bigPod)) throw new VigieError("not-found", `There is no Big Pod ${bigPod} in ${environment}.`);
  const by = { kind: actor.kind, id: actor.id, name: actor.name };
  return context.db.$transaction(async (tx) => {
    await lockEnvironment(tx, environment);
    const running = await tx.operationRow.findFirst({ where: { environment, status: "running" }, select: { title: true } });
    if (running !== null) throw new VigieError("conflict", `“${running.title}” is at work in ${environment}: what runs there is about to change. Look again when it has ended.`, { detail: { environment } });
    const drift = await findDrift(tx, environment, bigPod);
    if (drift === null) throw new VigieError("conflict", `${bigPod} in ${environment} runs what Vigie applied last: there is nothing to adopt.`, { detail: { environment, bigPod } });
    if (drift.mark !== mark) throw new VigieError("conflict", `${bigPod} in ${environment} runs something else by now than you looked at: ${drift.differences.join("; ")}. Look at it again.`, { detail: { environment, bigPod, differences: drift.differences } });
    const wanted = await tx.appliedStateRow.findUniqueOrThrow({ where: { environment_bigPod: { environment, bigPod } }, select: { content: true, replicas: true } });
    const at = await databaseNow(tx);
    const { content, replicas } = drift.observed;
    // Where only the number of pods was ever applied, only that is adopted.
    await saveApplied(tx, environment, { bigPod, content: wanted.content === null ? undefined : content, replicas: replicas ?? wanted.replicas, at, by: actor.name, operationId: null, adopted: true });
    await removeDrift(tx, environment, bigPod);
    await appendAudit(tx, {
      action: "drift.adopt", outcome: "succeeded", actor: by, environment, bigPods: [bigPod], operationId: null,
      summary: `${actor.name} adopted what runs of ${bigPod} in ${environment}, written by ${drift.by}: ${drift.differences.join("; ")}`.slice(0, 2000),
      reason, before: { since: drift.since.toISOString(), by: drift.by }, after: { mark, differences: drift.differences },
    });
    return { environment, bigPod, by: actor.name, at: at.toISOString(), differences: drift.differences };
  });
}
