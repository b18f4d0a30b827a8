import type { Config } from "#lib/contracts/config.ts";
import type { Operation } from "#lib/contracts/operation.ts";
import { appendAudit } from "#lib/db/audit.ts";
import type { Transaction } from "#lib/db/client.ts";
import { addQuarantine, releaseImages } from "#lib/db/repositories/quarantine.ts";

/**
 * Puts the release of a promotion that had to be returned into quarantine, in its target and in every later environment, in the transaction that ends it.
 * Does nothing where the source ran no recorded release, or where it is in quarantine already.
 */
export async function quarantineRelease(tx: Transaction, { config, operation, worker, reason }: { config: Config; operation: Operation; worker: string; reason: string }): Promise<void> {
  const release = operation.plan.release === null ? null : await releaseImages(tx, operation.plan.release);
  if (release === null) return;
  const names = config.environments.map((environment) => environment.name);
  const environments = names.slice(names.indexOf(operation.environment));
  const text = reason.slice(0, 1000);
  const added = await addQuarantine(tx, { environments, release: release.number, imagesHash: release.imagesHash, reason: text, operationId: operation.id });
  if (added.length === 0) return;
  await appendAudit(tx, {
    action: "quarantine.add",
    outcome: "succeeded",
    actor: { kind: "system", id: worker, name: "Vigie" },
    environment: operation.environment,
    bigPods: operation.plan.changes.filter((change) => change.effect !== "unchanged").map((change) => change.bigPod),
    operationId: operation.id,
    summary: `R-${release.number} is in quarantine in ${added.join(", ")}: ${text}`.slice(0, 2000),
    reason: text,
    before: null,
    after: { release: release.number, imagesHash: release.imagesHash, environments: added },
  });
}
