import type { GateResult } from "#lib/contracts/operation.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { imagesPresent, neededPlatforms } from "#lib/domain/gate-images.ts";
import type { ImageQuestion, Inspection } from "#lib/domain/gate-images.ts";
import type { PlanDraft } from "#lib/domain/plan-draft.ts";
import { currentReference } from "#lib/domain/plan-facts.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Asks the registry, by digest, for every image a promotion would write. */
export async function inspectImages(context: ServiceContext, draft: PlanDraft, target: EnvironmentFacts): Promise<GateResult> {
  const questions = draft.targets.flatMap((planned) =>
    planned.write.effect !== "images"
      ? []
      : Object.entries(planned.write.images).map(async ([container, reference]): Promise<ImageQuestion> => {
          const now = target.states.get(planned.bigPod)?.images.find((image) => image.container === container);
          const template = target.recorded.get(planned.bigPod)?.template ?? null;
          const answer = await inspect(context, reference);
          const fromTemplate = neededPlatforms(template, null);
          // The running image is only asked for when the template does not tell.
          const needed = fromTemplate.from !== "the default" || now === undefined ? fromTemplate : neededPlatforms(template, await inspect(context, currentReference(now)));
          return { bigPod: planned.bigPod, reference, platforms: needed.platforms, platformsFrom: needed.from, answer };
        }),
  );
  return imagesPresent(await Promise.all(questions), target.now);
}

async function inspect(context: ServiceContext, reference: string): Promise<Inspection> {
  const parsed = /^(?<repository>[^@]+?)(?::[\w][\w.-]*)?@(?<digest>sha256:[0-9a-f]{64})$/.exec(reference)?.groups;
  if (parsed?.repository === undefined || parsed.digest === undefined) return { kind: "unasked", sentence: "its digest is not known" };
  try {
    const image = await context.registry.inspect({ repository: parsed.repository, digest: parsed.digest });
    return image === null ? { kind: "missing" } : { kind: "found", platforms: image.platforms };
  } catch (error) {
    if (!isVigieError(error)) throw error;
    return { kind: "unasked", sentence: error.message };
  }
}
