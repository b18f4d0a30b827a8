import { appendAudit } from "#lib/db/audit.ts";
import { newestEntryOf } from "#lib/db/repositories/audit.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/**
 * Writes down with which configuration a worker starts: the file's name and SHA-256, what it is about, and the hash that the one before it had.
 * No contents: a configuration holds only references to secrets, but addresses and people are nobody's business either.
 */
export async function recordConfigLoaded({ db, config }: Pick<ServiceContext, "db" | "config">, { file, sha256, holder }: { file: string; sha256: string; holder: string }): Promise<void> {
  await db.$transaction(async (tx) => {
    const earlier = await newestEntryOf(tx, "config.loaded");
    const known = earlier?.after?.sha256;
    const changed = known !== undefined && known !== sha256;
    await appendAudit(tx, {
      action: "config.loaded",
      outcome: "succeeded",
      actor: { kind: "system", id: holder, name: "Vigie" },
      environment: null,
      bigPods: [],
      operationId: null,
      summary: `A worker started with the configuration ${file}${changed ? ", which has changed since the last start" : ""}`,
      reason: null,
      before: typeof known === "string" ? { sha256: known } : null,
      after: { sha256, file, platform: config.platform.name, environments: config.environments.map((environment) => environment.name), bigPods: config.bigPods.map((bigPod) => bigPod.name) },
    });
  });
}
