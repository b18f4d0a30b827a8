import type { ReleaseContent } from "#lib/contracts/release.ts";
import type { Transaction } from "#lib/db/client.ts";
import { publish } from "#lib/db/publish.ts";
import { addChange } from "#lib/db/repositories/change.ts";
import { markHealthy, readEnvironmentReleases, recordRelease, setEnvironmentRelease } from "#lib/db/repositories/release.ts";
import { contentHash, imagesHash } from "#lib/domain/release.ts";

export interface Settled {
  content: ReleaseContent;
  /** Who brought it, for people: "Rafael (promotion)". */
  author: string;
  operationId: string | null;
  preferredNumber: number | null;
  healthy: boolean;
  at: Date;
}

/** Seals what an environment runs (or finds the record it is back at), says so to listeners, and lists the change. Returns the release's number. */
export async function recordSettled(tx: Transaction, { content, author, operationId, preferredNumber, healthy, at }: Settled): Promise<number> {
  const { environment } = content;
  const hash = contentHash(content);
  const [before] = await readEnvironmentReleases(tx, { environment });
  const { number } = await recordRelease(tx, { content, contentHash: hash, imagesHash: imagesHash(content), seenAt: at, by: operationId ?? author, operationId, preferredNumber });
  if (healthy) await markHealthy(tx, environment, hash, at);
  const position = await setEnvironmentRelease(tx, { environment, number, contentHash: hash, since: at, settled: true });
  if (position === null) return number;
  await publish(tx, "release", environment, position);
  if (before && before.release.release !== number) {
    const id = `${environment}/release/${number}/${position}`;
    const summary = `${environment} runs R-${number} (before: R-${before.release.release})`;
    await addChange(tx, { id, environment, bigPod: null, kind: "release", at: at.toISOString(), summary, by: author, operationId, release: number }, position);
    await publish(tx, "change", id, position);
  }
  return number;
}
