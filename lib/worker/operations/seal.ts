import type { Config } from "#lib/contracts/config.ts";
import type { Operation } from "#lib/contracts/operation.ts";
import { releaseContentSchema } from "#lib/contracts/release.ts";
import type { ReleaseContent } from "#lib/contracts/release.ts";
import type { Transaction } from "#lib/db/client.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { writeState } from "#lib/db/repositories/state.ts";
import type { EnvironmentView } from "#lib/ports/environment-view.ts";
import { recordSettled } from "#lib/worker/watchers/record-settled.ts";
import { contentOf } from "#lib/worker/watchers/release-recorder.ts";

/**
 * Writes the states of an environment as its operation's worker sees them, in the transaction that ends it: the observer's rows may be behind, and a plan
 * made in the next moment must not take that for an edit.
 */
export async function tellStates(tx: Transaction, { config, view, environment }: { config: Config; view: EnvironmentView; environment: string }): Promise<void> {
  if (!view.fresh()) return;
  const position = await nextPosition(tx);
  for (const bigPod of config.bigPods) {
    const state = view.state(bigPod.name);
    if (state === undefined) continue;
    await writeState(tx, state, position);
    await publish(tx, "state", `${environment}/${bigPod.name}`, position);
  }
}

/**
 * Seals what an operation brought (or brought back), in the transaction that ends it: a change by somebody else in the next moment must not take away the way back to it.
 * Does nothing when the environment is not settled as a whole (another Big Pod is rolling out) or its ConfigMaps cannot be read; then the observer
 * records it once it can.
 */
export async function sealOutcome(tx: Transaction, parts: { config: Config; view: EnvironmentView; operation: Operation; actor: string; brought: boolean; at: Date }): Promise<void> {
  const { config, view, operation, actor, brought, at } = parts;
  const states = config.bigPods.flatMap((bigPod) => view.state(bigPod.name) ?? []);
  if (states.length < config.bigPods.length || !view.fresh() || !view.configMapsKnown()) return;
  const content = contentOf(operation.environment, view, states);
  if (content === null) return;
  await addSources(tx, content);
  const healthy = states.every((state) => state.status === "healthy" || state.workload === null);
  await recordSettled(tx, { content, author: `${actor} (${operation.kind})`, operationId: operation.id, preferredNumber: brought ? operation.plan.release : null, healthy, at });
}

/** Commits and repositories of the images, from records that already know them. */
async function addSources(tx: Transaction, content: ReleaseContent): Promise<void> {
  const images = Object.values(content.bigPods).flatMap((sealed) => sealed.images);
  const rows = await tx.releaseRecord.findMany({ orderBy: { seenAt: "desc" }, take: 20, select: { content: true } });
  const known = new Map(
    rows.flatMap((row) => Object.values(releaseContentSchema.parse(row.content).bigPods).flatMap((sealed) => sealed.images)).flatMap((image) => (image.revision === null ? [] : [[image.digest, image] as const])),
  );
  for (const image of images) {
    const found = known.get(image.digest);
    image.revision = found?.revision ?? null;
    image.source = found?.source ?? null;
  }
}
