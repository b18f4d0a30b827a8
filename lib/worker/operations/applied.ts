import type { Transaction } from "#lib/db/client.ts";
import { readApplied, removeDrift, saveApplied } from "#lib/db/repositories/drift.ts";
import { intendedTemplate, seenOf } from "#lib/domain/drift.ts";
import type { Run } from "#lib/worker/operations/parts.ts";

/**
 * Keeps what an operation that succeeded has applied, in the transaction that ends it: from here on anything else that runs is a drift. What a rolling update wrote is
 * known from its plan; a colour, and ConfigMaps, are taken as they are at this moment. A restart, a drill and the end of a kept colour apply nothing new.
 */
export async function recordApplied(tx: Transaction, run: Run, at: Date): Promise<void> {
  const { journal, view, environment } = run;
  const { operation, actor } = journal;
  const told = { at, by: `${actor.name} (${operation.kind})`, operationId: operation.id, adopted: false };
  const before = await readApplied(tx, environment.name, journal.targets().map((target) => target.bigPod));
  for (const target of journal.targets()) {
    const { bigPod } = target;
    if (operation.kind === "scale" && target.write.effect === "scale") {
      await saveApplied(tx, environment.name, { ...told, bigPod, content: undefined, replicas: target.write.replicas });
    } else if (operation.kind === "promotion" || operation.kind === "rollback") {
      const [workload, state] = [view.recordable(bigPod), view.state(bigPod)];
      if (workload === undefined || state === undefined) continue;
      const { content } = seenOf(workload, state, (name) => view.configMap(name), null);
      const template = intendedTemplate(target) ?? content.template;
      // How many pods there are is no part of a release: what was wanted of them is wanted still.
      const replicas = before.find((one) => one.bigPod === bigPod)?.replicas ?? null;
      await saveApplied(tx, environment.name, { ...told, bigPod, content: { ...content, template }, replicas: replicas ?? (target.before.replicas > 0 ? target.before.replicas : null) });
    } else continue;
    await removeDrift(tx, environment.name, bigPod);
  }
}
